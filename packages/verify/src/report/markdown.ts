import { escapeMarkdown, fenced } from "./escape.ts";
import { LAYER_COLUMNS, layerRows, summaryRows, THRESHOLD_COLUMNS, thresholdRows } from "./figures.ts";
import type { VerifyReport } from "./model.ts";

/** The report as GitHub-flavored Markdown: tables, no pictures. */
export function renderMarkdown(report: VerifyReport): string {
  const { answers, conditions, warnings } = report;
  const layers = layerRows(report);
  const parts = [
    `# ${escapeMarkdown(report.package)} beside ${escapeMarkdown(report.original)}`,
    `**${report.passed ? "Passed" : "Failed"}**, executed in ${escapeMarkdown(report.precision)}.`,
    table(["figure", "result"], summaryRows(report)),
  ];
  if (conditions.length > 0) {
    parts.push("## Thresholds", table(THRESHOLD_COLUMNS, thresholdRows(report)));
  }
  if (warnings.length > 0)
    parts.push("## Warnings", warnings.map(({ message }) => `- ${escapeMarkdown(message)}`).join("\n"));
  if (layers.length > 0) parts.push("## Layers", table(LAYER_COLUMNS, layers));
  if (answers.length > 0) parts.push("## Answers");
  for (const answer of answers) {
    const { prompt, divergesAt } = answer;
    parts.push(`### ${escapeMarkdown(prompt)}`);
    if (divergesAt === null) parts.push("Both say:", fenced(answer.original));
    else
      parts.push(
        `They differ from token ${divergesAt + 1} on. The original:`,
        fenced(answer.original),
        "The package:",
        fenced(answer.package),
      );
  }
  return `${parts.join("\n\n")}\n`;
}

/** Cells hold text, no markup. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeMarkdown).join(" | ")} |`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}
