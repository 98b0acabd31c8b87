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

/** Whether an app may carry a model of this licence without more ado than its notice. */
export function isPermissive(license: string | undefined): boolean {
  return license !== undefined && PERMISSIVE.has(license.trim().toLowerCase());
}

/** A sentence about the licence, for people. */
export function licenseSentence(license: string | undefined): string {
  if (license === undefined)
    return "The package names no licence: ask who published the model whether an app may carry it.";
  return isPermissive(license)
    ? "It lets an app carry the model; keep its notice."
    : "It is not one of the common permissive licences: read whether your app may carry the model.";
}
