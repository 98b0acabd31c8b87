import { UNICODE } from "../generated/unicode.ts";
import { either, pointsOf, unpack } from "../regex/set.ts";
import { UNCERTAIN } from "../run/normal-form.ts";
import { propertyOf, specialSet } from "./properties.ts";

export type NormalFormName = "NFC" | "NFD" | "NFKC" | "NFKD";

export interface NormalFormTables {
  /** Whole decompositions; Hangul's are computed. */
  readonly decompositions: ReadonlyMap<number, string>;
  /** Combining classes that are not 0, and `UNCERTAIN` for other characters that the form may change. */
  readonly combining: ReadonlyMap<number, number>;
  /** First, second and composite, sorted; absent for forms that do not compose. */
  readonly compositions?: Uint32Array;
}

const HANGUL = { first: 0xac00, last: 0xd7a3, vowels: [0x1161, 0x1175], trails: [0x11a8, 0x11c2] } as const;

/** Tables of the Unicode version that the reference has, which is far behind. */
export function normalFormTables(form: NormalFormName): NormalFormTables {
  const canonical = readMap(UNICODE.canonical);
  const decompositions = form.includes("K")
    ? new Map([...canonical, ...readMap(UNICODE.compatible)])
    : canonical;
  const combining = new Map<number, number>();
  const composes = form.endsWith("C");
  for (const point of decompositions.keys()) combining.set(point, UNCERTAIN);
  const compositions = readCompositions();
  if (composes) {
    for (let i = 0; i < compositions.length; i += 3) {
      // What composes to what it was is as the form has it, unless something before it changes that.
      if (decompositions.get(compositions[i + 2]!) === canonical.get(compositions[i + 2]!)) {
        combining.delete(compositions[i + 2]!);
      }
    }
    for (let i = 0; i < compositions.length; i += 3) combining.set(compositions[i + 1]!, UNCERTAIN);
    for (const [first, last] of [HANGUL.vowels, HANGUL.trails]) {
      for (let point: number = first; point <= last; point++) combining.set(point, UNCERTAIN);
    }
  } else {
    for (let point: number = HANGUL.first; point <= HANGUL.last; point++) combining.set(point, UNCERTAIN);
  }
  for (const [value, points] of Object.entries(UNICODE.combining)) {
    for (const point of pointsOf(unpack(points))) combining.set(point, Number(value));
  }
  return { decompositions, combining, ...(composes ? { compositions } : {}) };
}

function readCompositions(): Uint32Array {
  const triples = UNICODE.compositions.split(" ").map((triple) => {
    return triple.split(".").map((digits) => Number.parseInt(digits, 36));
  });
  return Uint32Array.from(triples.sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]!).flat());
}

/** Distances shared by sets of code points, and single ones. See tools/unicode.py. */
function readMap(packed: {
  readonly shifts: Readonly<Record<string, string>>;
  readonly texts: string;
}): Map<number, string> {
  const entries = new Map<number, string>();
  for (const [distance, points] of Object.entries(packed.shifts)) {
    for (const point of pointsOf(unpack(points)))
      entries.set(point, String.fromCodePoint(point + Number(distance)));
  }
  for (const entry of packed.texts.split(" ").filter((one) => one !== "")) {
    const [point = "", text = ""] = entry.split(":");
    const points = text === "" ? [] : text.split(".").map((digits) => Number.parseInt(digits, 36));
    entries.set(Number.parseInt(point, 36), String.fromCodePoint(...points));
  }
  return entries;
}

/** What normalizers do with single characters. */
export function characterMap(name: "lowercase" | "nmt" | "bertCleanText"): Map<number, string> {
  switch (name) {
    case "lowercase":
      return readMap(UNICODE.lowercase);
    case "nmt":
      return replacing(pointsOf(specialSet("nmtRemoved")), pointsOf(specialSet("nmtSpaces")));
    case "bertCleanText": {
      const removed = pointsOf(either(propertyOf("Cc")!, specialSet("bertRemoved")));
      return replacing(removed, pointsOf(specialSet("bertSpaces")));
    }
  }
}

/** What `BertNormalizer` puts between spaces. */
export function chineseCharacters(): readonly number[] {
  return pointsOf(specialSet("bertChinese"));
}

function replacing(removed: readonly number[], spaces: readonly number[]): Map<number, string> {
  return new Map([
    ...removed.map((point) => [point, ""] as const),
    ...spaces.map((point) => [point, " "] as const),
  ]);
}

/** The marks that `StripAccents` and `BertNormalizer` take away. */
export function removedAccents(by: "StripAccents" | "BertNormalizer"): Map<number, string> {
  const set =
    by === "StripAccents"
      ? either(propertyOf("M")!, specialSet("stripAccents"))
      : either(propertyOf("Mn")!, specialSet("bertAccents"));
  return replacing(pointsOf(set), []);
}
