import { expect, test } from "vitest";
import { isPermissiveLicense } from "../src/license.ts";

test.each([
  ["Apache-2.0", true],
  ["mit", true],
  ["apache-2.0, mit", true],
  ["apache-2.0, llama3.2", false],
  ["apache-2.0,", false],
  ["llama3.2", false],
  ["other", false],
  ["cc-by-nc-4.0", false],
  [undefined, false],
])("%s is permissive: %s", (license, permissive) => {
  expect(isPermissiveLicense(license)).toBe(permissive);
});
