import type { Check, Diagnosis } from "@pippin/doctor";
import { expect, test } from "vitest";
import { reportLines } from "../src/doctor-report.ts";

const PLAIN = { strong: (text: string) => text, dim: (text: string) => text };

const XCODE: Check = {
  id: "xcode",
  title: "Xcode",
  group: "xcode",
  status: "tooOld",
  found: "15.4",
  needed: "16 or newer",
  prevents: "Stateful models and our Swift package do not build; stateless models do.",
  fix: "install Xcode 16 or newer from the App Store (https://apps.apple.com/app/xcode/id497799835)",
  for: ["xcode"],
  helps: [],
};
const DIAGNOSIS: Diagnosis = {
  checks: [
    { ...XCODE, id: "node", title: "Node.js", group: "system", status: "ok", found: "24.21.0" },
    XCODE,
    {
      ...XCODE,
      id: "signing",
      title: "Signing identity",
      status: "missing",
      found: "none",
      for: [],
      fix: "add an account",
    },
    { ...XCODE, id: "metal", title: "Metal compiler", group: "mlc", status: "notApplicable" },
  ],
  workflows: [
    { id: "convert", ready: true, lacks: [] },
    { id: "xcode", ready: false, lacks: ["xcode"] },
  ],
};

test("what can be done comes first, then what is there, then what mends the rest", () => {
  expect(
    reportLines(DIAGNOSIS, { ...PLAIN, columns: 100 }).join("\n"),
  ).toBe(`✓ convert, tokenizer, verify, chat: ready
✗ app in Xcode: lacks Xcode (--for xcode)

system
  ✓ ok  Node.js  24.21.0

Mac and Xcode
  ! too old  Xcode             15.4; needed: 16 or newer
    Stateful models and our Swift package do not build; stateless models do.
    → install Xcode 16 or newer from the App Store (https://apps.apple.com/app/xcode/id497799835)
  ✗ missing  Signing identity  none; needed (optional): 16 or newer
    Stateful models and our Swift package do not build; stateless models do.
    → add an account

MLC
  – not here: Metal compiler. These belong to the steps on a Mac.`);
});

test.each([30, 40, 60])(
  "on a terminal of %d columns lines are wrapped, but for what is pasted",
  (columns) => {
    const lines = reportLines(DIAGNOSIS, { ...PLAIN, columns });
    const long = lines.filter((line) => line.length > columns);
    expect(long).toEqual(lines.filter((line) => line.includes("→ ") && line.length > columns));
    for (const line of lines.filter((text) => /[✓✗!?] (?:ok|too old|missing)/.test(text)))
      expect(line).toMatch(/^ {2}\S/);
    expect(lines.join(" ").replaceAll(/\s+/g, " ")).toContain("needed: 16 or newer");
  },
);
