/** The metadata at the top of a model card, as the Hub's API gives it. */

/** Scalars and lists of scalars of the front matter; nested values are left out. */
export function readCardData(card: string): Record<string, string | string[]> | undefined {
  const [, front] = /^---\r?\n([\s\S]*?)\r?\n---/.exec(card) ?? [];
  if (front === undefined) return undefined;
  const data: Record<string, string | string[]> = {};
  let key = "";
  for (const line of front.split(/\r?\n/)) {
    const [, name, value] = /^([\w-]+):\s*(.*)$/.exec(line) ?? [];
    const [, item] = /^\s*-\s+([^:]+)$/.exec(line) ?? [];
    if (name !== undefined) key = name;
    if (name !== undefined && value) data[name] = unquoted(value);
    else if (item !== undefined) data[key] = [...[data[key] ?? []].flat(), unquoted(item)];
  }
  return data;
}

function unquoted(text: string): string {
  return text.trim().replace(/^(["'])(.*)\1$/, "$2");
}
