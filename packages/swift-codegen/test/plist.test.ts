import { parse } from "@plist/parse";
import fc from "fast-check";
import { expect, test } from "vitest";
import { plistText } from "../src/plist.ts";
import { appPrivacyManifest, privacyManifest } from "../src/privacy.ts";
import { hostileText } from "./support/hostile.ts";

test("a list reads back as the same values", () => {
  fc.assert(
    fc.property(hostileText, hostileText, fc.boolean(), (key, text, flag) => {
      // XML has no place for these; the reader leaves out space at the ends, and does not know `&#13;`.
      const plain = (value: string) =>
        value.toWellFormed().replaceAll(/[^\t\n\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd");
      const value = { [`(${plain(key)})`]: `(${plain(text)})`, list: [flag, "a"], empty: {}, none: [] };
      expect(parse(plistText(value))).toEqual(value);
    }),
  );
});

test.each([
  [
    "package",
    privacyManifest(),
    [
      ["FileTimestamp", "C617.1"],
      ["DiskSpace", "E174.1"],
      ["SystemBootTime", "35F9.1"],
    ],
  ],
  ["app", appPrivacyManifest(), [["UserDefaults", "CA92.1"]]],
])(
  "the privacy manifest of the %s collects nothing, and names Apple's categories with their reasons",
  (_, text, used) => {
    expect(parse(text)).toEqual({
      NSPrivacyTracking: false,
      NSPrivacyTrackingDomains: [],
      NSPrivacyCollectedDataTypes: [],
      NSPrivacyAccessedAPITypes: used.map(([category, reason]) => ({
        NSPrivacyAccessedAPIType: `NSPrivacyAccessedAPICategory${category}`,
        NSPrivacyAccessedAPITypeReasons: [reason],
      })),
    });
  },
);
