/**
 * Reads comma-separated values as RFC 4180 writes them: quoted fields may hold commas, line ends and doubled quotes.
 *
 * @returns one record for each line after the first, keyed by the first line's names.
 * @throws Error when a line has more or fewer fields than the first, or a quote stays open.
 */
export function parseCsv(text: string): Record<string, string>[] {
  const [header, ...lines] = splitFields(text.replace(/^\uFEFF/, ""));
  if (header === undefined) return [];
  return lines.map((fields, index) => {
    if (fields.length !== header.length) {
      throw new Error(`record ${index + 1} has ${fields.length} fields, the header ${header.length}`);
    }
    return Object.fromEntries(header.map((name, at) => [name, fields[at] as string]));
  });
}

/** A field and what ends it; a quoted field is tried first. */
const FIELD = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;

function splitFields(text: string): string[][] {
  const records: string[][] = [];
  let fields: string[] = [];
  FIELD.lastIndex = 0;
  while (FIELD.lastIndex < text.length) {
    const at = FIELD.lastIndex;
    const match = FIELD.exec(text);
    if (match === null) throw new Error(`a quote is open or stands inside a field, at character ${at}`);
    const [, quoted, plain, end] = match;
    fields.push(quoted?.replaceAll('""', '"') ?? plain ?? "");
    if (end === ",") {
      if (FIELD.lastIndex === text.length) fields.push("");
      else continue;
    }
    records.push(fields);
    fields = [];
  }
  return records.filter((record) => record.length > 1 || record[0] !== "");
}
