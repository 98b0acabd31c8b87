import { expect, test } from "vitest";
import { licenseOf, readLicense } from "../src/license.ts";

test.each([
  ["---\nlicense: apache-2.0\n---\n# Model", { id: "apache-2.0" }],
  ["\ufeff---\r\nlanguage: en\r\nlicense: MIT # ours\r\n---\r\n", { id: "mit" }],
  ['---\nlicense: "cc-by-4.0"\n---', { id: "cc-by-4.0" }],
  ["---\nlicense:\n- mit\n- other\ntags: [a]\n---\n", { id: "mit, other" }],
  ["---\nlicense: [mit, apache-2.0]\n---\n", { id: "mit, apache-2.0" }],
  [
    "---\nlicense: other\nlicense_name: qwen-research\nlicense_link: https://host/LICENSE\n---\n",
    { id: "other", name: "qwen-research", url: "https://host/LICENSE" },
  ],
])("a card says its license: %j", (card, license) => {
  expect(readLicense(card)).toEqual(license);
});

test.each([
  "",
  "# No front matter\nlicense: mit\n",
  "---\ntags: [a]\n---\n",
  "---\nlicense:\n---\n",
  "---\nlicense: mit\n",
])("the card %j says none", (card) => {
  expect(readLicense(card)).toBeUndefined();
});

test("a relative link needs the page that it is relative to, and no link is code", () => {
  const card = "---\nlicense: other\nlicense_link: LICENSE\n---\n";
  expect(readLicense(card)).toEqual({ id: "other" });
  expect(readLicense(card, "https://host/a/b/blob/main/")?.url).toBe("https://host/a/b/blob/main/LICENSE");
  expect(licenseOf({ license: "other", license_link: "javascript:alert(1)" })?.url).toBeUndefined();
});

test("what is not text is no license", () => {
  expect(licenseOf({ license: 1 })).toBeUndefined();
  expect(licenseOf({ license: ["mit", null] })).toEqual({ id: "mit" });
});

test("a name with control characters, or one too long for a name, is none", () => {
  expect(readLicense("---\nlicense: \u001b]0;owned\u0007\n---\n")).toBeUndefined();
  expect(readLicense(`---\nlicense: ${"x".repeat(501)}\n---\n`)).toBeUndefined();
});
