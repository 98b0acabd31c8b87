import { COMPARISON_COLUMNS, comparisonRows, frontSentence, measuredOn } from "./comparison.ts";
import { escapeMarkdown } from "./escape.ts";
import { THRESHOLD_COLUMNS, thresholdRows } from "./figures.ts";
import { table } from "./markdown.ts";
import type { ComparisonReport } from "./model.ts";

/** Several packages of one model as GitHub-flavored Markdown: tables, no pictures. */
export function renderComparisonMarkdown(report: ComparisonReport): string {
  const { packages, original, passed, warnings } = report;
  const parts = [
    `# ${packages.length} packages beside ${escapeMarkdown(original)}`,
    `**${passed ? "Passed" : "Failed"}**, ${escapeMarkdown(measuredOn(report))}.`,
    table(COMPARISON_COLUMNS, comparisonRows(report)),
    escapeMarkdown(frontSentence(report)),
  ];
  const thresholds = packages.flatMap((each) => thresholdRows(each).map((row) => [each.package, ...row]));
  if (thresholds.length > 0)
    parts.push("## Thresholds", table(["package", ...THRESHOLD_COLUMNS], thresholds));
  if (warnings.length > 0)
    parts.push("## Warnings", warnings.map(({ message }) => `- ${escapeMarkdown(message)}`).join("\n"));
  return `${parts.join("\n\n")}\n`;
}
