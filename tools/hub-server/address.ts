/** Addresses of the Hub, taken apart. */

export interface RepoAddress {
  readonly repo: string;
  /** The word behind the id: `tree`, `revision`, `resolve` …, or empty. */
  readonly action: string;
  /** Branch, tag or commit. */
  readonly revision: string;
  /** Path in the repository, or empty. */
  readonly path: string;
}

/** An id has one or two parts, so the word behind it tells where it ends. */
export function readAddress(
  segments: readonly string[],
  actions: readonly string[],
): RepoAddress | undefined {
  const at = [1, 2].find((index) => actions.includes(segments[index] ?? ""));
  if (at === undefined) {
    const isId = segments.length <= 2 && segments.every((segment) => segment !== "");
    return isId ? { repo: segments.join("/"), action: "", revision: "main", path: "" } : undefined;
  }
  const rest = segments.slice(at + 1);
  // Pull requests and conversions may come with their slashes not encoded.
  const isLong = rest[0] === "refs" && ["pr", "convert"].includes(rest[1] ?? "");
  const length = isLong ? 3 : 1;
  return {
    repo: segments.slice(0, at).join("/"),
    action: segments[at]!,
    revision: decodeURIComponent(rest.slice(0, length).join("/")),
    path: rest.slice(length).map(decodeURIComponent).join("/"),
  };
}
