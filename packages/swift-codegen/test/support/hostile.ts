import fc from "fast-check";
import { HARMLESS, type ModelTexts } from "./input.ts";

/** Texts that end strings, comments, blocks and lines of the languages that are generated. */
const ATTACKS = [
  '"',
  '"""',
  '#"',
  "\\",
  "\\(",
  "\\(fatalError())",
  '")\nimport Darwin\nlet x = system("rm -rf ~',
  "*/",
  "/*",
  "//",
  "\n",
  "\r",
  "\r\nfatalError()\n//",
  "\u2028let y = 1",
  "\u0085",
  "\0",
  "\u202e",
  "\u2066",
  "`",
  "```\n",
  "</string><key>x</key>",
  "]]>",
  "<!--",
  "&amp;",
  "&",
  "$(HOME)",
  "};",
  "' ; rm",
  "../../etc/passwd",
  "..",
  "/",
  "|",
  "[x](javascript:alert(1))",
  "<script>",
  "#endif",
  "#if",
  "\ud800",
  "\udfff",
  "e\u0301",
  "👩‍🚀",
  "in",
  "self",
  "init",
  "class",
  "Type",
  "_",
  "0",
  "featureNames",
  "using",
  "",
] as const;

/** Any text, often with what breaks generated code. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ unit: fc.nat({ max: 0xffff }).map((unit) => String.fromCharCode(unit)), maxLength: 20 }),
  fc
    .array(fc.oneof(fc.constantFrom(...ATTACKS), fc.string({ maxLength: 6 })), { minLength: 1, maxLength: 5 })
    .map((parts) => parts.join("")),
);

/** Hostile text in every place of a manifest that holds some. A package's name is a file's: it keeps to what files can be called. */
export const hostileTexts: fc.Arbitrary<ModelTexts> = fc.record({
  source: hostileText,
  revision: hostileText,
  license: hostileText,
  quantization: hostileText,
  backend: hostileText,
  features: fc.tuple(hostileText, hostileText, hostileText, hostileText),
  states: fc.tuple(hostileText, hostileText),
  functions: fc.tuple(hostileText, hostileText),
  file: hostileText.map(
    (text) =>
      text
        .toWellFormed()
        .replaceAll(/[/\\:\0]/g, "")
        .slice(0, 40) || HARMLESS.file,
  ),
});
