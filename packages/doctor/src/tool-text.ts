import { stripVTControlCharacters } from "node:util";

/** The longest piece of a tool's own words that a report repeats. */
export const MAX_SHOWN = 160;

/** What tools print, on one line and safe to show: without escape sequences and characters that steer, cut. */
export function cleanText(text: string): string {
  const plain = stripVTControlCharacters(text.slice(0, 4000))
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\ufffd]+/gu, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
  return plain.length > MAX_SHOWN ? `${plain.slice(0, MAX_SHOWN - 1).trimEnd()}…` : plain;
}

/** The line that says what went wrong: of a traceback the last, else the first that names an error, else the first. */
export function tellingLine(text: string): string {
  const lines = text
    .slice(0, 64_000)
    .split("\n")
    .map(cleanText)
    .filter((line) => line !== "");
  if (lines[0]?.startsWith("Traceback (most recent call last)")) return lines.at(-1)!;
  return lines.find((line) => /error|not agreed|not found/i.test(line)) ?? lines[0] ?? "";
}
