/** The leading numbers of a version: `[3, 28, 3]`. */
export type Version = readonly number[];

/** Digits of one number of a version; a text with more of them is no version. */
const MAX_DIGITS = 6;

/** Reads `3.28.3`, `0.20.dev30`, `2.13.0+cpu`; nothing where the text does not begin like a version. */
export function parseVersion(text: string): Version | undefined {
  const numbers = /^(\d+)(?:\.(\d+))?(?:\.(\d+))?(?=$|[^\d])/.exec(text)?.slice(1);
  if (numbers === undefined) return undefined;
  const present = numbers.filter((number) => number !== undefined);
  if (present.some((number) => number.length > MAX_DIGITS)) return undefined;
  return present.map(Number);
}

/** Compares number by number; what is absent counts as 0. */
export function isAtLeast(version: Version, least: Version): boolean {
  for (const [index, number] of least.entries()) {
    const own = version[index] ?? 0;
    if (own !== number) return own > number;
  }
  return true;
}
