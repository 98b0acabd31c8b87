import type { Check, Diagnosis, Group, Status, Workflow, WorkflowState } from "@pippin/doctor";
import { formatTable, wrapText } from "./terminal/format.ts";
import type { Io } from "./terminal/io.ts";

interface Style extends Pick<Io, "strong" | "dim"> {
  /** The width of the terminal. */
  readonly columns: number;
}

const WORDS: Readonly<Record<Status, string>> = {
  ok: "✓ ok",
  tooOld: "! too old",
  missing: "✗ missing",
  broken: "✗ broken",
  unknown: "? unknown",
  notApplicable: "– not here",
};

const WORKFLOW_NAMES: Readonly<Record<Workflow, string>> = {
  convert: "convert, tokenizer, verify, chat",
  coreml: "Core ML package",
  mlc: "MLC package by mlc_llm",
  xcode: "app in Xcode",
  python: "Python engine coremltools",
  hub: "models from the Hub",
};

const GROUP_NAMES: Readonly<Record<Group, string>> = {
  system: "system",
  xcode: "Mac and Xcode",
  python: "Python engine",
  mlc: "MLC",
  hub: "Hub",
};

const INDENT = " ".repeat(4);

/** A diagnosis for people: what can be done first, then each prerequisite, then what mends it. */
export function reportLines({ checks, workflows }: Diagnosis, style: Style): string[] {
  const groups = (Object.keys(GROUP_NAMES) as Group[]).map((group) =>
    groupLines(
      group,
      checks.filter((check) => check.group === group),
      style,
    ),
  );
  return [...workflows.flatMap((state) => workflowLines(state, checks, style)), ...groups.flat()];
}

function workflowLines(
  { id, ready, lacks }: WorkflowState,
  checks: readonly Check[],
  { strong, columns }: Style,
): string[] {
  const titles = checks.filter((check) => lacks.includes(check.id)).map(({ title }) => title);
  const flag = id === "convert" ? "" : ` (--for ${id})`;
  const text = `${WORKFLOW_NAMES[id]}: ${ready ? "ready" : `lacks ${titles.join(", ")}`}${flag}`;
  const lines = wrapText(`${ready ? "✓" : "✗"} ${text}`, columns - 2).map((line, index) =>
    index === 0 ? line : `  ${line}`,
  );
  return id === "convert" ? lines.map(strong) : lines;
}

function groupLines(group: Group, checks: readonly Check[], style: Style): string[] {
  if (checks.length === 0) return [];
  const here = checks.filter(({ status }) => status !== "notApplicable");
  const rows = tableLines(here, style.columns);
  return [
    "",
    style.strong(GROUP_NAMES[group]),
    ...here.flatMap((check, index) => [...rows[index]!, ...detailLines(check, style)]),
    ...elsewhereLines(
      checks.filter(({ status }) => status === "notApplicable"),
      style,
    ),
  ];
}

/** A line for each check in columns; on a narrow terminal wrapped text in their place. */
function tableLines(checks: readonly Check[], columns: number): string[][] {
  const cells = checks.map((check) => [WORDS[check.status], check.title, shown(check)]);
  return formatTable(cells).map((line, index) =>
    line.length + 2 <= columns ? [`  ${line}`] : indented(cells[index]!.join(" "), { columns, first: "  " }),
  );
}

function shown({ status, found = "", needed, for: needs }: Check): string {
  if (status === "ok" || status === "unknown") return found;
  const want = `needed${needs.length === 0 ? " (optional)" : ""}: ${needed}`;
  return found === "" ? want : `${found}; ${want}`;
}

/** What a lack prevents, and the step that mends it: on a line of its own and never broken, to be pasted. */
function detailLines({ status, prevents, fix }: Check, { dim, columns }: Style): string[] {
  if (status === "ok") return [];
  const why = indented(prevents, { columns, first: INDENT }).map(dim);
  return fix === undefined ? why : [...why, `${INDENT}→ ${fix}`];
}

/** What means nothing on this system: one sentence for all of it. */
function elsewhereLines(checks: readonly Check[], { dim, columns }: Style): string[] {
  if (checks.length === 0) return [];
  const titles = checks.map(({ title }) => title).join(", ");
  const why = checks.find(({ id }) => id === "macos")?.prevents ?? "These belong to the steps on a Mac.";
  return indented(`${WORDS.notApplicable}: ${titles}. ${why}`, { columns, first: "  " }).map(dim);
}

function indented(
  text: string,
  { columns, first }: { readonly columns: number; readonly first: string },
): string[] {
  const width = Math.max(columns - INDENT.length, 16);
  return wrapText(text, width).map((line, index) => (index === 0 ? first : INDENT) + line);
}
