import { isPermissiveLicense } from "@pippin/core";

/** A sentence about the licence, for people. */
export function licenseSentence(license: string | undefined): string {
  if (license === undefined)
    return "The package names no licence: ask who published the model whether an app may carry it.";
  return isPermissiveLicense(license)
    ? "It lets an app carry the model; keep its notice."
    : "It is not one of the common permissive licences: read whether your app may carry the model.";
}
