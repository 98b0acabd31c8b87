import { hubError } from "../errors.ts";
import { endpointOf, type HubSettings, tokenOf } from "../settings.ts";
import { contradiction, unreachable } from "./failures.ts";
import { DEFAULT_NETWORK, type Network } from "./network.ts";
import { cancelled, type StallGuard, watch } from "./stall.ts";

/** The Hub as one call of this package talks to it. */
export interface Connection {
  readonly endpoint: string;
  readonly network: Network;
  /** Bytes of all bodies that were read. */
  transferredBytes: number;
  /** In a closure, so that nothing that prints a connection prints the token. */
  readonly authorization: () => string | undefined;
}

export interface RequestOptions {
  readonly method?: "GET" | "HEAD";
  readonly range?: string;
  /** SHA-256 of the content that is wanted: an answer that announces another one is refused before it is followed. */
  readonly sha256?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The last answer of a chain of redirects. */
export interface Reply {
  readonly response: Response;
  /** Host that answered, for messages: addresses hold signatures. */
  readonly host: string;
  /** The address that answered; a signed one is valid for about an hour. */
  readonly url: string;
  /** The body, piece by piece; a silence of `stallMs` ends it with `HUB_UNREACHABLE`. */
  chunks(): AsyncGenerator<Uint8Array>;
  /** Closes the connection when the body is of no use. */
  discard(): void;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** The Hub needs two at most: to the repository's present name, and to the storage. */
const MAX_REDIRECTS = 8;

/** @throws PippinError `HUB_ENDPOINT_INVALID`, `HUB_TOKEN_INVALID`. */
export function openConnection(settings: HubSettings): Connection {
  const token = tokenOf(settings);
  return {
    endpoint: endpointOf(settings),
    network: { ...DEFAULT_NETWORK, ...settings.network },
    transferredBytes: 0,
    authorization: () => (token === undefined ? undefined : `Bearer ${token}`),
  };
}

/**
 * One request, once. Redirects are followed by hand: the token goes to the endpoint's own origin only, and not any more
 * once a redirect has left it.
 *
 * @throws PippinError `HUB_UNREACHABLE`, `HUB_RESPONSE_INVALID`, `CORE_CANCELLED`; an answer of any status returns.
 */
export async function send(connection: Connection, url: string, options: RequestOptions): Promise<Reply> {
  const guard = watch(connection.network.stallMs, options.signal);
  let current = new URL(url);
  try {
    let trusted = true;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      trusted &&= current.origin === new URL(connection.endpoint).origin;
      guard.alive();
      const response = await connection.network.fetch(current, {
        method: options.method ?? "GET",
        redirect: "manual",
        headers: headersOf(connection, options, trusted),
        signal: guard.signal,
      });
      if (trusted && isOther(response, options.sha256)) {
        drop(response);
        throw contradiction(current.host, "announces another content than its listing");
      }
      const location = response.headers.get("location");
      if (!REDIRECTS.has(response.status) || location === null) {
        return replyOf(connection, { response, url: current, guard });
      }
      drop(response);
      current = nextAddress(location, current);
    }
    throw badRedirect(current.host, "leads from redirect to redirect");
  } catch (cause) {
    guard.end();
    if (options.signal?.aborted) throw cancelled(options.signal);
    throw unreachable(current.host, cause);
  }
}

interface Answered {
  readonly response: Response;
  readonly url: URL;
  readonly guard: StallGuard;
}

function replyOf(connection: Connection, { response, url, guard }: Answered): Reply {
  return {
    response,
    host: url.host,
    url: url.href,
    async *chunks() {
      try {
        for await (const chunk of response.body ?? []) {
          guard.alive();
          connection.transferredBytes += chunk.length;
          yield chunk;
          // The time that the reader takes is not the connection's.
          guard.alive();
        }
      } catch (cause) {
        if (guard.caller?.aborted) throw cancelled(guard.caller);
        throw unreachable(url.host, cause);
      } finally {
        guard.end();
      }
    },
    discard() {
      guard.end();
      drop(response);
    },
  };
}

/** Nobody waits for the end of what nobody wants. */
function drop(response: Response): void {
  response.body?.cancel().catch(() => undefined);
}

function headersOf(connection: Connection, { range }: RequestOptions, trusted: boolean) {
  const authorization = trusted ? connection.authorization() : undefined;
  return {
    // Compressed bodies have no known length and no ranges.
    "Accept-Encoding": "identity",
    "User-Agent": "pippin",
    ...(range === undefined ? {} : { Range: range }),
    ...(authorization === undefined ? {} : { Authorization: authorization }),
  };
}

/** The Hub's own answers name the content that its storage will send; mirrors may have other tags. */
function isOther(response: Response, sha256: string | undefined): boolean {
  const linked = /[0-9a-f]{64}/.exec(response.headers.get("x-linked-etag") ?? "")?.[0];
  return sha256 !== undefined && linked !== undefined && linked !== sha256;
}

function nextAddress(location: string, current: URL): URL {
  const next = URL.canParse(location, current) ? new URL(location, current) : undefined;
  if (next === undefined || !/^https?:$/.test(next.protocol) || next.username + next.password !== "") {
    throw badRedirect(current.host, "redirects to what is no address");
  }
  return next;
}

function badRedirect(host: string, problem: string) {
  return hubError("HUB_RESPONSE_INVALID", {
    message: `the answer of ${host} ${problem}`,
    hint: "Check the endpoint in HF_ENDPOINT; a company's proxy may also ask for a login.",
    details: { host },
  });
}
