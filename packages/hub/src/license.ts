/** A model's license, as its publisher names it. */
export interface License {
  /** The Hub's identifier in lower case: `apache-2.0`, `llama3.2`, `other`; several are joined by `, `. */
  readonly id: string;
  /** The name that goes with `other`. */
  readonly name?: string;
  readonly url?: string;
}

/** Longer than any name of a license, and than its address. */
const MAX_NAME = 500;

/** Enough for any front matter: the longest lists hundreds of data sets. */
const MAX_FRONT_MATTER = 200_000;

/**
 * Reads `license`, `license_name` and `license_link` of a model card's front matter (README.md), the keys of
 * https://huggingface.co/docs/hub/repositories-licenses. Of YAML it knows plain and quoted scalars and lists of them,
 * which is what these keys hold.
 *
 * @param base - the address that a relative link belongs to; without it such a link is left out.
 */
export function readLicense(card: string, base?: string): License | undefined {
  const front = /^\ufeff?\s*---[ \t]*\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/.exec(
    card.slice(0, MAX_FRONT_MATTER),
  );
  const lines = front?.[1]?.split(/\r?\n/) ?? [];
  return licenseOf(
    {
      license: valuesOf(lines, "license"),
      license_name: valuesOf(lines, "license_name")[0],
      license_link: valuesOf(lines, "license_link")[0],
    },
    base,
  );
}

/** The same from the keys as JSON: `cardData` in the Hub's answer about a model. */
export function licenseOf(card: Readonly<Record<string, unknown>>, base?: string): License | undefined {
  const listed = Array.isArray(card.license) ? card.license : [card.license];
  const ids = listed.map(text).filter((id) => id !== undefined);
  if (ids.length === 0) return undefined;
  const name = text(card.license_name);
  const url = linkOf(text(card.license_link), base);
  return {
    id: ids.join(", ").toLowerCase(),
    ...(name === undefined ? {} : { name }),
    ...(url === undefined ? {} : { url }),
  };
}

/** A name with control characters is no name. */
function text(value: unknown): string | undefined {
  const name = typeof value === "string" ? value.trim() : "";
  return name === "" || name.length > MAX_NAME || /\p{Cc}/u.test(name) ? undefined : name;
}

function linkOf(link: string | undefined, base: string | undefined): string | undefined {
  if (link === undefined || !URL.canParse(link, base)) return undefined;
  const url = new URL(link, base);
  return url.protocol === "https:" || url.protocol === "http:" ? url.href : undefined;
}

function valuesOf(lines: readonly string[], key: string): string[] {
  const at = lines.findIndex((line) => line.startsWith(`${key}:`));
  if (at === -1) return [];
  const inline = withoutComment(lines[at]!.slice(key.length + 1)).trim();
  if (inline.startsWith("["))
    return inline
      .replace(/^\[|\]$/g, "")
      .split(",")
      .map(scalar);
  if (inline !== "") return [scalar(inline)];
  const items: string[] = [];
  for (const line of lines.slice(at + 1)) {
    const item = /^\s*-\s+(.*)$/.exec(line)?.[1];
    if (item === undefined) break;
    items.push(scalar(withoutComment(item)));
  }
  return items;
}

function withoutComment(value: string): string {
  return /^\s*["']/.test(value) ? value : value.replace(/(^|\s)#.*$/, "");
}

function scalar(value: string): string {
  const trimmed = value.trim();
  return (
    /^"(.*?)"|^'(.*?)'/
      .exec(trimmed)
      ?.slice(1)
      .find((inner) => inner !== undefined) ?? trimmed
  );
}
