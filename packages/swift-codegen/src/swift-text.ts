/** First line of each generated Swift file. */
export function header(what: string): string {
  return `// Written by \`pippin swift\`: ${what}\n`;
}

/** Lines moved to the right by two spaces a level; empty ones stay empty. */
export function indented(text: string, levels = 1): string {
  return text.replaceAll(/^(?=[^\n])/gm, "  ".repeat(levels));
}

/** Declarations with an empty line between them. */
export function declarations(parts: readonly (string | undefined)[]): string {
  return parts
    .filter((part) => part !== undefined)
    .map((part) => part.trim())
    .join("\n\n");
}

/** A whole file that is compiled only where a module exists. */
export function onlyWith(module: string, imports: readonly string[], body: string): string {
  const lines = imports.map((name) => `import ${name}`).join("\n");
  return `#if canImport(${module})\n${indented(`${lines}\n\n${body.trim()}`)}\n#endif\n`;
}

/** Longest line, as the shipped `.swift-format` has it. */
const LINE = 132;

/**
 * `before` and a list in parentheses, then `after`: on one line where it fits, else the list on a line of its own, as swift-format
 * lays it out.
 *
 * @param indent - levels at which it will stand in its file.
 */
export function call(before: string, items: readonly string[], after: string, indent: number): string {
  const line = `${before}(${items.join(", ")})${after}`;
  if (line.length + 2 * indent <= LINE) return line;
  const inner: string[] = [];
  for (const item of items) {
    const last = inner.at(-1);
    const room = LINE - 2 * indent - 2;
    if (last !== undefined && `${last}, ${item},`.length <= room)
      inner[inner.length - 1] = `${last}, ${item}`;
    else inner.push(item);
  }
  return `${before}(\n${indented(inner.join(",\n"))}\n)${after}`;
}
