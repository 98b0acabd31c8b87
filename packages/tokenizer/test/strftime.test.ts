import { expect, test } from "vitest";
import { strftime } from "../src/strftime.ts";

test.each([
  ["%d %b %Y", "03 Feb 2025"],
  ["%Y-%m-%d %H:%M:%S", "2025-02-03 16:05:06"],
  ["%F %T", "2025-02-03 16:05:06"],
  ["%A, %B %-d; %a %y", "Monday, February 3; Mon 25"],
  ["%I:%M %p, 100%%", "04:05 PM, 100%"],
  ["%Q stays", "%Q stays"],
])("%s is written as Python's C locale does", (format, text) => {
  expect(strftime(new Date("2025-02-03T16:05:06"), format)).toBe(text);
});
