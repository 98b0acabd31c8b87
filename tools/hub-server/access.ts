/** Who may read what. */
import type { HubServerOptions } from "./contract.ts";
import { disabled, gated, type HubError, invalidToken, repoNotFound } from "./errors.ts";
import type { Repository } from "./repository.ts";

export type Visitor = "anonymous" | "stranger" | "member" | "invalid";

export function visitorOf(
  authorization: string | undefined,
  { tokens = [], strangers = [] }: HubServerOptions,
): Visitor {
  if (authorization === undefined) return "anonymous";
  const token = authorization.replace(/^Bearer /, "");
  if (tokens.includes(token)) return "member";
  return strangers.includes(token) ? "stranger" : "invalid";
}

/** Why a repository cannot be seen; its listing can be seen while its files are gated. */
export function whyHidden(repository: Repository | undefined, visitor: Visitor): HubError | undefined {
  if (visitor === "invalid") return invalidToken();
  const isHidden = repository === undefined || (repository.served.private && visitor !== "member");
  if (isHidden) return repoNotFound(visitor !== "anonymous");
  return repository.served.disabled ? disabled() : undefined;
}

/** Why the files of a repository that can be seen cannot be read. */
export function whyClosed({ served }: Repository, visitor: Visitor): HubError | undefined {
  return served.gated && visitor !== "member" ? gated(served.id, visitor !== "anonymous") : undefined;
}
