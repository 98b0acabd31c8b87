/** Faults by chance, the same for the same seed and requests. */
import { createHash } from "node:crypto";
import { type Answer, json } from "./answer.ts";
import type { Fault, FaultPlan, ServedRequest } from "./contract.ts";
import { storageError } from "./errors.ts";

export interface RandomFaults {
  readonly seed: number;
  /** Share of requests that have a fault, 0 to 1. */
  readonly rate: number;
  readonly faults: readonly Fault[];
  /** Which requests may have one. Default: all. */
  readonly match?: (request: ServedRequest) => boolean;
  /** So many faults at most for requests of the same method, address and range. Default: without end. */
  readonly most?: number;
}

/**
 * A plan that chooses by a hash of the seed, the request and how often it came before.
 *
 * The order in which different requests arrive does not matter, so that a client that sends several at once meets
 * the same faults each time. Signatures and ports are not part of the hash. A `cut` comes anywhere up to its `afterBytes`.
 */
export function randomFaults({ seed, rate, faults, match = () => true, most }: RandomFaults): FaultPlan {
  const seen = new Map<string, { came: number; failed: number }>();
  return (request) => {
    if (!match(request)) return undefined;
    const [path] = request.path.split("?");
    const name = `${request.host} ${request.method} ${path} ${request.range ?? ""}`;
    const times = seen.get(name) ?? { came: 0, failed: 0 };
    seen.set(name, times);
    const digest = createHash("sha256")
      .update(`${seed} ${name} ${times.came++}`)
      .digest();
    const isFaulty = digest.readUInt32LE(0) / 2 ** 32 < rate && times.failed < (most ?? Infinity);
    if (!isFaulty) return undefined;
    times.failed += 1;
    const fault = faults[digest.readUInt32LE(4) % faults.length];
    return fault?.kind === "cut"
      ? { ...fault, afterBytes: digest.readUInt32LE(8) % (fault.afterBytes + 1) }
      : fault;
  };
}

/** The answer in place of the right one, for the fault `status`. */
export function statusAnswer(fault: Fault & { kind: "status" }, host: ServedRequest["host"]): Answer {
  const after = fault.retryAfter !== undefined && { "Retry-After": fault.retryAfter };
  if (host === "cdn") {
    const answer = storageError(fault.status, "SlowDown", "Please reduce your request rate.");
    return { ...answer, headers: { ...answer.headers, ...after } };
  }
  const limit = fault.resetSeconds !== undefined && rateLimit("resolvers", 0, fault.resetSeconds);
  const error =
    fault.status === 429 ? "We had to rate limit your IP." : "Internal Error - We're working hard on it";
  return json({ error }, { "X-Error-Message": error, ...after, ...limit }, fault.status);
}

/** As in draft-ietf-httpapi-ratelimit-headers-09. */
export function rateLimit(what: "api" | "resolvers", left: number, seconds: number): Record<string, string> {
  return {
    RateLimit: `"${what}";r=${left};t=${seconds}`,
    "RateLimit-Policy": `"fixed window";"${what}";q=3000;w=300`,
  };
}

/** An answer with the fault that is in its content or headers. */
export function spoiled(answer: Answer, fault: Fault | undefined): Answer {
  if (fault?.kind === "wrong-bytes" && answer.body.length > 0) {
    const body = Buffer.from(answer.body);
    const middle = body.length >> 1;
    body[middle] = body[middle]! ^ 1;
    return { ...answer, body };
  }
  if (fault?.kind !== "wrong-etag") return answer;
  const headers = Object.entries(answer.headers).map(([name, value]) =>
    /^(X-Linked-)?ETag$/i.test(name) ? [name, otherEtag(value)] : [name, value],
  );
  return { ...answer, headers: Object.fromEntries(headers) };
}

function otherEtag(etag: string): string {
  const other = createHash("sha256").update(etag).digest("hex");
  return etag.replace(/[0-9a-f]{32,64}/, (found) => other.slice(0, found.length));
}
