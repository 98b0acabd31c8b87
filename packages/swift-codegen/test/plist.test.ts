import { parse } from "@plist/parse";
import fc from "fast-check";
import { expect, test } from "vitest";
import { plistText } from "../src/plist.ts";
import { privacyManifest } from "../src/privacy.ts";
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

test("the privacy manifest collects nothing, and names Apple's categories with their reasons", () => {
  expect(parse(privacyManifest())).toEqual({
    NSPrivacyTracking: false,
    NSPrivacyTrackingDomains: [],
    NSPrivacyCollectedDataTypes: [],
    NSPrivacyAccessedAPITypes: [
      ["FileTimestamp", "C617.1"],
      ["DiskSpace", "E174.1"],
      ["SystemBootTime", "35F9.1"],
    ].map(([category, reason]) => ({
      NSPrivacyAccessedAPIType: `NSPrivacyAccessedAPICategory${category}`,
      NSPrivacyAccessedAPITypeReasons: [reason],
    })),
  });
});
