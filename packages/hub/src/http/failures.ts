import { isPippinError, type PippinError } from "@pippin/core";
import { type HubErrorCode, hubError } from "../errors.ts";
import type { Reply } from "./connection.ts";

/** What a request was for, for messages. */
export interface Purpose {
  readonly endpoint: string;
  readonly repo: string;
  readonly revision: string;
  readonly hasToken: boolean;
}

const TEMPORARY: ReadonlySet<string> = new Set<HubErrorCode>([
  "HUB_UNREACHABLE",
  "HUB_RATE_LIMITED",
  "HUB_SERVER_ERROR",
  "HUB_RESPONSE_INVALID",
]);
/** Where trying again does not help, and what does. The first that fits counts. */
const PERMANENT: readonly (readonly [reason: RegExp, hint: string])[] = [
  // What OpenSSL says of an answer that is not TLS.
  [
    /ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST)/,
    "The host does not speak https at this port: check whether HF_ENDPOINT, or the proxy's address, begins with http:// or https://.",
  ],
  // Ports of other services, such as 25 for mail, which the standard of fetch forbids.
  [/^bad port$/, "Requests to this port are not allowed: check the port in HF_ENDPOINT."],
  [
    /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS|ERR_SSL/,
    "The host's certificate is not trusted. Behind a company's proxy, name its certificate in NODE_EXTRA_CA_CERTS.",
  ],
];

/** Whether another attempt may succeed. */
export function isTemporary(error: unknown): error is PippinError {
  return isPippinError(error) && TEMPORARY.has(error.code) && error.details?.permanent !== true;
}

/** The connection failed: `cause` is what fetch or a body's stream threw. */
export function unreachable(host: string, cause: unknown): PippinError {
  if (isPippinError(cause)) return cause;
  const reason = reasonOf(cause);
  const lasting = PERMANENT.find(([pattern]) => pattern.test(reason))?.[1];
  return hubError("HUB_UNREACHABLE", {
    message: `no answer from ${host}: ${reason}`,
    hint:
      lasting ??
      "Check the network. Behind a proxy set NODE_USE_ENV_PROXY=1 and HTTPS_PROXY; where the Hub is out of reach set HF_ENDPOINT to a mirror.",
    details: { host, reason, ...(lasting === undefined ? {} : { permanent: true }) },
    cause,
  });
}

/** Whether there was no way to the host at all, which rarely changes within seconds. */
export function isNoRoute(error: PippinError): boolean {
  return /ENOTFOUND|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN/.test(String(error.details?.reason));
}

function reasonOf(error: unknown): string {
  const seen: string[] = [];
  for (let at = error; at instanceof Error && seen.length < 4; at = at.cause) {
    const code = "code" in at && typeof at.code === "string" ? at.code : undefined;
    // OpenSSL's own text is of addresses and source files.
    if (code?.startsWith("ERR_SSL_")) seen.push(`the TLS handshake failed (${code})`);
    else seen.push(code === undefined || at.message.includes(code) ? at.message : `${at.message} (${code})`);
  }
  // The outermost is always "fetch failed".
  return (seen.at(-1) ?? String(error)).replaceAll(/\s+/g, " ").trim();
}

/**
 * The error that an answer of the Hub means. Its kinds are told apart by `X-Error-Code`, as the Hub's Python client does
 * (`hf_raise_for_status`).
 */
export function statusError({ response, host }: Reply, purpose: Purpose): PippinError {
  const { status, headers } = response;
  const code = headers.get("x-error-code");
  const says = headers.get("x-error-message");
  const details = { status, host, repo: purpose.repo };
  if (status === 429) return rateLimited(details, waitOf(headers));
  if (status >= 500 || status === 408) return serverError(details, waitOf(headers));
  if (code === "GatedRepo") return gated(purpose, details);
  if (code === "RevisionNotFound") return revisionNotFound(purpose, details);
  if (code === "EntryNotFound") return unexpected(details, "does not have a file that its listing names");
  const isTokenRefused = status === 401 && code === null && purpose.hasToken;
  if (isTokenRefused || /invalid credentials/i.test(says ?? "")) return tokenRefused(purpose, details);
  if (code === "RepoNotFound" || status === 401 || status === 404) return repoNotFound(purpose, details);
  if (status === 403) return forbidden(purpose, details);
  return unexpected(details, `answered with status ${status}`);
}

/** An error of the host that stores the files: an expired signature, which a new one from the Hub replaces. */
export function storageError({ response, host }: Reply): PippinError {
  const details = { status: response.status, host };
  if (response.status === 429) return rateLimited(details, waitOf(response.headers));
  return serverError(details, waitOf(response.headers));
}

/** An answer that contradicts what the Hub announced; nothing of it was used. */
export function contradiction(host: string, problem: string): PippinError {
  return unexpected({ host }, problem);
}

type Details = Readonly<Record<string, unknown>> & { readonly host: string };

function pageOf({ endpoint, repo }: Purpose): string {
  return `${endpoint}/${repo}`;
}

function setToken({ hasToken }: Purpose): string {
  return hasToken
    ? "use the token of an account that has access"
    : "set HF_TOKEN to an access token of that account";
}

function gated(purpose: Purpose, details: Details) {
  const account = purpose.hasToken
    ? "the token's account has not been granted access"
    : "no access token was given";
  return hubError("HUB_GATED", {
    message: `${purpose.repo} is given to those who accepted its conditions, and ${account}`,
    hint: `Visit ${pageOf(purpose)}, accept the conditions while logged in, and ${setToken(purpose)}.`,
    details: { ...details, page: pageOf(purpose), hasToken: purpose.hasToken },
  });
}

function repoNotFound(purpose: Purpose, details: Details) {
  const unless = purpose.hasToken ? "or the token has no access to it" : "or it is private";
  return hubError("HUB_REPO_NOT_FOUND", {
    message: `there is no model ${purpose.repo} on ${purpose.endpoint}, ${unless}`,
    hint: `Check the name on ${pageOf(purpose)}. If it is private, ${setToken(purpose)}.`,
    details: { ...details, page: pageOf(purpose), hasToken: purpose.hasToken },
  });
}

function revisionNotFound(purpose: Purpose, details: Details) {
  return hubError("HUB_REVISION_NOT_FOUND", {
    message: `${purpose.repo} has no branch, tag or commit ${purpose.revision}`,
    hint: `See the branches and commits on ${pageOf(purpose)}/tree/main.`,
    details: { ...details, revision: purpose.revision },
  });
}

function tokenRefused(purpose: Purpose, details: Details) {
  return hubError("HUB_UNAUTHORIZED", {
    message: `${purpose.endpoint} does not accept the access token`,
    hint: "Make a new token in your account's settings and set HF_TOKEN to it, or unset HF_TOKEN for public models.",
    details,
  });
}

function forbidden(purpose: Purpose, details: Details) {
  return hubError("HUB_UNAUTHORIZED", {
    message: `access to ${purpose.repo} is not allowed`,
    hint: `Look at ${pageOf(purpose)}: it may be disabled, or the token lacks the permission to read it.`,
    details: { ...details, page: pageOf(purpose), hasToken: purpose.hasToken },
  });
}

function rateLimited(details: Details, waitMs: number | undefined) {
  const when = waitMs === undefined ? "" : ` for ${Math.ceil(waitMs / 1000)} s`;
  return hubError("HUB_RATE_LIMITED", {
    message: `${details.host} takes no more requests${when}`,
    hint: "Run the command again later; what was fetched stays. With an access token in HF_TOKEN the limits are higher.",
    details: { ...details, ...(waitMs === undefined ? {} : { waitMs }) },
  });
}

function serverError(details: Details, waitMs: number | undefined) {
  return hubError("HUB_SERVER_ERROR", {
    message: `${details.host} answered with status ${details.status}`,
    hint: "Run the command again later; what was fetched stays. https://status.huggingface.co tells of outages.",
    details: { ...details, ...(waitMs === undefined ? {} : { waitMs }) },
  });
}

function unexpected(details: Details, problem: string) {
  return hubError("HUB_RESPONSE_INVALID", {
    message: `${details.host} ${problem}`,
    hint: "Run the command again. If it stays so, check HF_ENDPOINT and proxies on the way.",
    details,
  });
}

/** `Retry-After` in seconds or as a date; else the seconds of the Hub's `RateLimit` header when nothing is left. */
export function waitOf(headers: Headers, now: number = Date.now()): number | undefined {
  const after = headers.get("retry-after")?.trim();
  if (after !== undefined && /^\d+$/.test(after)) return Number(after) * 1000;
  const date = after === undefined ? Number.NaN : Date.parse(after);
  if (!Number.isNaN(date)) return Math.max(0, date - now);
  const reset = /;\s*r=0\s*;\s*t=(\d+)/.exec(headers.get("ratelimit") ?? "")?.[1];
  return reset === undefined ? undefined : Number(reset) * 1000;
}
