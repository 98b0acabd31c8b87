import { stripVTControlCharacters } from "node:util";

/** 1,500,000 → `1.5 MB`: decimal units, as disks and Apple's systems count. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : Number(value.toPrecision(3))} ${units[unit]}`;
}

/** `1 file`, `2 files`. */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}

export function formatSeconds(seconds: number): string {
  if (seconds < 0.95) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/**
 * Columns of text, each as wide as its widest cell; the last one is not padded. A row with fewer cells than others ends in
 * one that reaches over the rest and widens nothing.
 */
export function formatTable(rows: readonly (readonly string[])[]): string[] {
  const columns = rows.reduce((most, row) => Math.max(most, row.length), 0);
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of (row.length < columns ? row.slice(0, -1) : row).entries())
      widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
  }
  return rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : padded(cell, widths[column]!)))
      .join("  ")
      .trimEnd(),
  );
}

function padded(cell: string, width: number): string {
  return cell + " ".repeat(width - widthOf(cell));
}

/** Without what makes it bold. */
function widthOf(cell: string): number {
  return stripVTControlCharacters(cell).length;
}

/** Breaks text at spaces into lines of at most `width` characters; a longer word stays whole. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && longer.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}

/**
 * Text from a model's files, safe to print: no control characters that would steer the terminal, and no overrides of
 * direction, which would show other words than are there.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (character) => {
    if (character === "\n" || character === "\t") return character;
    const code = character.charCodeAt(0).toString(16).padStart(2, "0");
    return code.length > 2 ? `\\u${code}` : `\\x${code}`;
  });
}

/** The same on one line, for cells and titles. */
export function printableLine(text: string): string {
  return printable(text.replaceAll(/\s*[\n\t]\s*/g, " "));
}

/** JSON that is also safe to print: `JSON.stringify` lets DEL and the C1 control characters through. */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replaceAll(
    /[\u007f-\u009f]/g,
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  );
}

/** A path as it can be pasted into a shell: quoted when it holds spaces or anything else that shells read. */
export function shellWord(text: string, platform: NodeJS.Platform = process.platform): string {
  if (/^[\w./:@%+,=~\\-]+$/.test(text)) return text;
  const clean = printableLine(text);
  return platform === "win32" ? `"${clean}"` : `'${clean.replaceAll("'", "'\\''")}'`;
}
