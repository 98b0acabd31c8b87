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

/** Bidirectional overrides too: they could show an answer in another order than it was given. */
export function visibleControls(text: string): string {
  return text.replaceAll(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (character) =>
    character === "\n" || character === "\t"
      ? character
      : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
