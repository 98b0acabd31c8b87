/** Licences that let an app carry a model along with its notice, by their SPDX names as the Hub spells them. */
const PERMISSIVE: ReadonlySet<string> = new Set([
  "apache-2.0",
  "mit",
  "bsd-2-clause",
  "bsd-3-clause",
  "isc",
  "unlicense",
  "cc0-1.0",
  "cc-by-4.0",
  "zlib",
  "bsl-1.0",
]);

/** Whether an app may carry a model of this licence without more ado than its notice; of several, joined by commas, of each. */
export function isPermissiveLicense(license: string | undefined): boolean {
  return license?.split(",").every((name) => PERMISSIVE.has(name.trim().toLowerCase())) ?? false;
}
