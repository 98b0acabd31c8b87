/** Errors as the Hub and its storage word them; clients tell them apart by `X-Error-Code`. */
import { type Answer, json, text } from "./answer.ts";

export interface HubError {
  readonly status: number;
  readonly message: string;
  readonly code?: "RepoNotFound" | "RevisionNotFound" | "EntryNotFound" | "GatedRepo";
  readonly headers?: Readonly<Record<string, string>>;
}

const WWW_AUTHENTICATE = 'Bearer realm="Authentication required", charset="UTF-8"';

/** Who is not logged in cannot know whether a repository is missing or private. */
export function repoNotFound(isLoggedIn: boolean): HubError {
  if (isLoggedIn) return { status: 404, code: "RepoNotFound", message: "Repository not found" };
  const headers = { "WWW-Authenticate": WWW_AUTHENTICATE };
  return { status: 401, code: "RepoNotFound", message: "Invalid username or password.", headers };
}

export function invalidToken(): HubError {
  const headers = { "WWW-Authenticate": WWW_AUTHENTICATE };
  return { status: 401, message: "Invalid credentials in Authorization header", headers };
}

export function gated(id: string, isLoggedIn: boolean): HubError {
  const ask = `and you are not in the authorized list. Visit https://huggingface.co/${id} to ask for access.`;
  const logIn = ". You must have access to it and be authenticated to access it. Please log in.";
  return {
    status: isLoggedIn ? 403 : 401,
    code: "GatedRepo",
    message: `Access to model ${id} is restricted${isLoggedIn ? ` ${ask}` : logIn}`,
  };
}

export function disabled(): HubError {
  return { status: 403, message: "Access to this resource is disabled." };
}

export function revisionNotFound(revision: string): HubError {
  return { status: 404, code: "RevisionNotFound", message: `Invalid rev id: ${revision}` };
}

export function entryNotFound(commit: string): HubError {
  const headers = { "X-Repo-Commit": commit };
  return { status: 404, code: "EntryNotFound", message: "Entry not found", headers };
}

/** The API answers in JSON, the rest of the Hub in text. */
export function errorAnswer({ status, message, code, headers }: HubError, isApi: boolean): Answer {
  const all = { ...(code && { "X-Error-Code": code }), "X-Error-Message": message, ...headers };
  return isApi ? json({ error: message }, all, status) : text(message, all, status);
}

/** An error of S3 or CloudFront. */
export function storageError(status: number, code: string, message: string): Answer {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  return { status, headers: { "Content-Type": "application/xml" }, body: Buffer.from(body) };
}
