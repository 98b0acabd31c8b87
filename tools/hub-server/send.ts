/** Puts an answer on the wire: ranges, compression, and the faults of a connection. */
import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import type { Answer } from "./answer.ts";
import type { Fault, ServedRequest } from "./contract.ts";
import { spoiled, statusAnswer } from "./faults.ts";
import { readRange } from "./range.ts";

export interface Exchange {
  readonly request: ServedRequest;
  readonly response: ServerResponse;
  readonly fault: Fault | undefined;
  readonly compress: boolean;
}

const CHUNK_BYTES = 64 * 1024;

export async function send(right: Answer, exchange: Exchange): Promise<void> {
  const { request, response, fault } = exchange;
  response.on("error", () => {});
  if (fault?.kind === "refuse") return void response.destroy();
  const whole = fault?.kind === "status" ? statusAnswer(fault, request.host) : spoiled(right, fault);
  const { status, headers, body } = compressed(ranged(whole, exchange), exchange);
  request.status = status;
  response.writeHead(status, { "X-Request-Id": requestId(request), ...headers });
  if (request.method === "HEAD" || status === 304) return void response.end();
  if (fault?.kind === "stall") return void response.flushHeaders();
  if (fault?.kind === "cut") {
    await write(exchange, body.subarray(0, fault.afterBytes));
    return void response.destroy();
  }
  await write(exchange, body);
  response.end();
}

/** The part that was asked for, or that nothing has changed. */
function ranged(answer: Answer, { request, fault }: Exchange): Answer {
  if (!answer.isFile) return withLength(answer, answer.body);
  const { ETag: etag } = answer.headers;
  if (etag !== undefined && request.headers["if-none-match"] === etag) {
    return { ...answer, status: 304, body: Buffer.alloc(0) };
  }
  const size = answer.body.length;
  const isChanged = ![undefined, etag].includes(request.headers["if-range"] as string | undefined);
  const isIgnored = isChanged || fault?.kind === "ignore-range";
  const range = isIgnored ? undefined : readRange(request.range, size);
  if (range === "unsatisfiable") {
    const headers = { "Content-Type": "text/plain", "Content-Range": `bytes */${size}` };
    return withLength({ status: 416, headers, body: Buffer.alloc(0) }, Buffer.alloc(0));
  }
  const [first, last] = range ?? [0, size - 1];
  const end = fault?.kind === "short" ? first + Math.ceil((last + 1 - first) / 2) : last + 1;
  const part = withLength(answer, answer.body.subarray(first, end));
  if (range === undefined) return part;
  const headers = { ...part.headers, "Content-Range": `bytes ${first}-${end - 1}/${size}` };
  return { ...part, status: 206, headers };
}

function withLength(answer: Answer, body: Uint8Array): Answer {
  return { ...answer, body, headers: { ...answer.headers, "Content-Length": String(body.length) } };
}

/** As a CDN compresses on the way: no length is known, and the entity tag becomes a weak one. */
function compressed(answer: Answer, { request, compress }: Exchange): Answer {
  const accepted = String(request.headers["accept-encoding"] ?? "");
  if (!compress || !answer.isCompressible || answer.status !== 200 || !/\bgzip\b/.test(accepted))
    return answer;
  const { "Content-Length": _, ETag: etag, ...headers } = answer.headers;
  const changed = { "Content-Encoding": "gzip", Vary: "Accept-Encoding", ...(etag && { ETag: `W/${etag}` }) };
  return { ...answer, body: gzipSync(answer.body), headers: { ...headers, ...changed } };
}

/** In pieces, so that what is counted as sent is what the connection took. */
async function write({ request, response, fault }: Exchange, body: Uint8Array): Promise<void> {
  const trickle = fault?.kind === "trickle" ? fault : undefined;
  const step = trickle?.bytesPerChunk ?? CHUNK_BYTES;
  const gone = new AbortController();
  const closed = new Promise<void>((done) => response.once("close", done));
  closed.then(() => gone.abort());
  response.flushHeaders();
  for (let at = 0; at < body.length && !response.destroyed; at += step) {
    const part = body.subarray(at, at + step);
    const taken = new Promise<void>((done) => response.write(part, () => done()));
    request.bytesSent += part.length;
    await Promise.race([taken, closed]);
    if (trickle) await pause(trickle.pauseMs, undefined, { signal: gone.signal }).catch(() => {});
  }
}

function requestId({ path, method, range }: ServedRequest): string {
  const digest = createHash("sha1").update(`${method} ${path} ${range}`).digest("hex");
  return `Root=1-${digest.slice(0, 8)}-${digest.slice(8, 32)}`;
}
