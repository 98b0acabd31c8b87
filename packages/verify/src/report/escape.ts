import { visibleControls } from "@pippin/core/html";

/** Text for a cell or a line of Markdown: nothing in it is markup. */
export function escapeMarkdown(text: string): string {
  return visibleControls(text)
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[\\`*_{}[\]()#+!|<>~&-]/g, (character) => `\\${character}`);
}

/** A block of text as it is: the fence is longer than any run of backticks in it. */
export function fenced(text: string): string {
  const runs = text.match(/`+/g) ?? [];
  const fence = "`".repeat(Math.max(3, ...runs.map((run) => run.length + 1)));
  return `${fence}text\n${visibleControls(text)}\n${fence}`;
}
