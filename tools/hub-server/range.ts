/** Byte ranges of RFC 9110. */

/** First and last byte. */
export type ByteRange = readonly [first: number, last: number];

/** One satisfiable range; `unsatisfiable`; or undefined where the header is to be ignored. */
export function readRange(
  header: string | undefined,
  byteLength: number,
): ByteRange | "unsatisfiable" | undefined {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? "") ?? [];
  if (from === undefined || to === undefined || (from === "" && to === "")) return undefined;
  const first = from === "" ? Math.max(0, byteLength - Number(to)) : Number(from);
  const last = from === "" || to === "" ? byteLength - 1 : Math.min(Number(to), byteLength - 1);
  if (from !== "" && to !== "" && Number(to) < Number(from)) return undefined;
  return first > last ? "unsatisfiable" : [first, last];
}
