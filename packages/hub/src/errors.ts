import { PippinError, type PippinErrorOptions } from "@pippin/core";

/** Codes thrown by `@pippin/hub`. */
export type HubErrorCode =
  /** A repository id or revision has a form that the Hub does not know. */
  | "HUB_ID_INVALID"
  /** The endpoint is not an http or https address. */
  | "HUB_ENDPOINT_INVALID"
  /** The access token holds characters that cannot be sent. */
  | "HUB_TOKEN_INVALID"
  /** The Hub has no such repository, or does not show it to this token. */
  | "HUB_REPO_NOT_FOUND"
  /** The repository has no such branch, tag or commit. */
  | "HUB_REVISION_NOT_FOUND"
  /** The publisher's conditions have to be accepted on the model's page first. */
  | "HUB_GATED"
  /** The Hub refused the access token, or the token may not read this repository. */
  | "HUB_UNAUTHORIZED"
  /** Offline, and the cache does not hold what was asked for. */
  | "HUB_OFFLINE"
  /** No answer from the Hub: no network, a name that does not resolve, a connection that keeps breaking. */
  | "HUB_UNREACHABLE"
  /** The Hub asks to come back later. */
  | "HUB_RATE_LIMITED"
  /** The Hub, or the host that stores its files, answered with an error of its own. */
  | "HUB_SERVER_ERROR"
  /** An answer that does not follow the Hub's interface. */
  | "HUB_RESPONSE_INVALID"
  /** A file's content did not have the hash that the Hub announced, twice. */
  | "HUB_FILE_CORRUPT"
  /** The disk has no room for the files. */
  | "HUB_DISK_FULL"
  /** The repository holds no weights that can be converted, or several and nothing says which. */
  | "HUB_NO_WEIGHTS"
  /** The patterns match no file of the repository. */
  | "HUB_NO_FILES"
  /** A file name of the repository must not become a path on this machine. */
  | "HUB_PATH_UNSAFE"
  /** Another process is at work on the same part of the cache. */
  | "HUB_CACHE_BUSY"
  /** The cache or the target folder cannot be written. */
  | "HUB_CACHE_UNWRITABLE"
  /** The cache does not hold the repository or revision that is to be removed. */
  | "HUB_NOT_CACHED";

/** Codes of the warnings that go to `StageContext.warn`. */
export type HubWarningCode =
  /** The Hub did not answer; the snapshot in the cache was taken. */
  | "HUB_USED_CACHE"
  /** Another process fetches the same file; this one waits for it. */
  | "HUB_WAITING";

export function hubError(code: HubErrorCode, options: PippinErrorOptions): PippinError<HubErrorCode> {
  return new PippinError(code, options);
}

/** A name that came from elsewhere, quoted and short enough for a message. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 120 ? `${name.slice(0, 117)}...` : name);
}

/** A number of bytes for people, in decimal units as the Hub's pages have them. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${units[unit]}`;
}
