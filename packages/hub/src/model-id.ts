import { hubError, quoted } from "./errors.ts";

/** A repository of the Hub, and the branch, tag or commit that was asked for. */
export interface ModelId {
  /** `ORG/NAME`, or `NAME` for the oldest models. */
  readonly repo: string;
  readonly revision?: string;
}

/** ASCII letters, digits, `_`, `.`, `-`; neither end is `.` or `-`; the Hub's bound is 96. */
const NAME = /^(?![.-])[\w.-]{1,96}(?<![.-])$/;
/** What git accepts in a name, without what needs quoting anywhere. */
const REVISION = /^[\w.+-]+(?:\/[\w.+-]+)*$/;

/**
 * Reads `ORG/NAME` or `ORG/NAME@revision`; the revision is a branch, tag, commit or `refs/pr/1`.
 *
 * @returns undefined for what cannot be one: paths, `a/b/c`, other characters. A folder can have such a name as well:
 *   callers look for it first.
 */
export function parseModelId(text: string): ModelId | undefined {
  const id = parseRepoId(text);
  return id?.repo.includes("/") ? id : undefined;
}

/** The same, and the oldest models too, which have a `NAME` alone: for who knows that no folder is meant. */
export function parseRepoId(text: string): ModelId | undefined {
  const at = text.indexOf("@");
  const repo = at === -1 ? text : text.slice(0, at);
  if (!isRepo(repo)) return undefined;
  if (at === -1) return { repo };
  const revision = text.slice(at + 1);
  return isRevision(revision) ? { repo, revision } : undefined;
}

/** The rules of the Hub for ids, as its Python client checks them: `ORG/NAME`, or `NAME` for the oldest models. */
export function isRepo(repo: string): boolean {
  const parts = repo.split("/");
  const named = parts.length <= 2 && parts.every((part) => NAME.test(part));
  return named && !repo.includes("--") && !repo.includes("..") && !repo.endsWith(".git");
}

/** Whether git could have a branch, tag or commit of this name; it becomes a path below `refs` in the cache. */
export function isRevision(revision: string): boolean {
  if (revision.length > 200 || !REVISION.test(revision) || revision.includes("..")) return false;
  return revision.split("/").every((part) => !/^[.-]|\.$|\.lock$/.test(part));
}

/** Whether the name is a full commit, which never comes to mean something else. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}

/** @throws PippinError `HUB_ID_INVALID`. */
export function checkId(repo: string, revision: string): void {
  if (!isRepo(repo)) {
    throw hubError("HUB_ID_INVALID", {
      message: `${quoted(repo)} cannot be a repository of the Hub`,
      hint: "An id has the form ORG/NAME, as in the address of the model's page.",
      details: { repo },
    });
  }
  if (!isRevision(revision)) {
    throw hubError("HUB_ID_INVALID", {
      message: `${quoted(revision)} cannot be a revision of ${repo}`,
      hint: "A revision is a branch, a tag or a commit, as the page Files and versions shows them.",
      details: { repo, revision },
    });
  }
}
