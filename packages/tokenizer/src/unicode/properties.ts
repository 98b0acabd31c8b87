import { UNICODE } from "../generated/unicode.ts";
import { type CodePointSet, EVERYTHING, either, negated, setOf, union, unpack } from "../regex/set.ts";

const CACHE = new Map<string, CodePointSet | undefined>();

const CATEGORIES: Readonly<Record<string, string>> = UNICODE.categories;
const SCRIPTS: Readonly<Record<string, string>> = UNICODE.scripts;
const SETS = UNICODE.sets;

/** Long names of general categories, as Oniguruma reads them: without case, spaces, hyphens and underscores. */
const LONG_NAMES: Readonly<Record<string, string>> = {
  letter: "L",
  uppercaseletter: "Lu",
  lowercaseletter: "Ll",
  titlecaseletter: "Lt",
  modifierletter: "Lm",
  otherletter: "Lo",
  mark: "M",
  nonspacingmark: "Mn",
  spacingmark: "Mc",
  enclosingmark: "Me",
  number: "N",
  decimalnumber: "Nd",
  letternumber: "Nl",
  othernumber: "No",
  punctuation: "P",
  connectorpunctuation: "Pc",
  dashpunctuation: "Pd",
  openpunctuation: "Ps",
  closepunctuation: "Pe",
  initialpunctuation: "Pi",
  finalpunctuation: "Pf",
  otherpunctuation: "Po",
  symbol: "S",
  mathsymbol: "Sm",
  currencysymbol: "Sc",
  modifiersymbol: "Sk",
  othersymbol: "So",
  separator: "Z",
  spaceseparator: "Zs",
  lineseparator: "Zl",
  paragraphseparator: "Zp",
  other: "C",
  control: "Cc",
  format: "Cf",
  privateuse: "Co",
  unassigned: "Cn",
};

/** The 25 code points of White_Space. */
export const WHITE_SPACE: CodePointSet = setOf([
  [9, 13],
  [0x20, 0x20],
  [0x85, 0x85],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
]);

/** What the reference adds to or takes from sets that are named otherwise. */
export function specialSet(name: keyof typeof SETS): CodePointSet {
  return unpack(SETS[name]);
}

/** The characters of a property by its name in a regular expression, or `undefined`. Unicode 16, whatever the platform has. */
export function propertyOf(name: string): CodePointSet | undefined {
  const key = name.toLowerCase().replace(/[\s_-]/g, "");
  if (!CACHE.has(key)) CACHE.set(key, find(key));
  return CACHE.get(key);
}

function find(key: string): CodePointSet | undefined {
  const category = LONG_NAMES[key] ?? key;
  const short = Object.keys(CATEGORIES).find((one) => one.toLowerCase() === category.toLowerCase());
  if (short !== undefined) return unpack(CATEGORIES[short]!);
  if (category.length === 1 && "lmnpszc".includes(category.toLowerCase()))
    return group(category.toUpperCase());
  const script = Object.keys(SCRIPTS).find((one) => one.toLowerCase() === key);
  if (script !== undefined) return unpack(SCRIPTS[script]!);
  switch (key) {
    case "cn":
    case "unassigned":
      return unassigned();
    case "any":
      return EVERYTHING;
    case "alpha":
    case "alphabetic":
      return union(group("L"), unpack(CATEGORIES.Nl!), specialSet("alphabetic"));
    case "upper":
    case "uppercase":
      return union(unpack(CATEGORIES.Lu!), specialSet("uppercase"));
    case "lower":
    case "lowercase":
      return union(unpack(CATEGORIES.Ll!), specialSet("lowercase"));
    case "alnum":
      return union(propertyOf("alphabetic")!, unpack(CATEGORIES.Nd!));
    case "digit":
      return unpack(CATEGORIES.Nd!);
    case "cntrl":
      return unpack(CATEGORIES.Cc!);
    case "punct":
      return either(group("P"), specialSet("posixPunctuation"));
    case "space":
    case "whitespace":
      return WHITE_SPACE;
    case "xdigit":
      return setOf([
        [0x30, 0x39],
        [0x41, 0x46],
        [0x61, 0x66],
      ]);
    case "word": {
      const named = ["alphabetic", "M", "Nd", "Pc"].map((one) => propertyOf(one)!);
      return either(union(...named), specialSet("word"));
    }
    default:
      return undefined;
  }
}

function group(letter: string): CodePointSet {
  const members = Object.keys(CATEGORIES).filter((name) => name.startsWith(letter));
  const sets = members.map((name) => unpack(CATEGORIES[name]!));
  return letter === "C" ? union(...sets, unassigned()) : union(...sets);
}

function unassigned(): CodePointSet {
  return negated(union(...Object.values(CATEGORIES).map(unpack)));
}
