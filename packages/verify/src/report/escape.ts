const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text of a model or a path, for element content and quoted attributes. Control characters become visible. */
export function escapeHtml(text: string): string {
  return visibleControls(text).replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);
}

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

/** Bidirectional overrides too: they could show an answer in another order than it was given. */
function visibleControls(text: string): string {
  return text.replaceAll(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (character) =>
    character === "\n" || character === "\t"
      ? character
      : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
