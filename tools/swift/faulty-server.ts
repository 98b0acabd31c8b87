/**
 * Serves a folder badly: what a download of a model may meet, on this machine and on request.
 *
 *     node tools/swift/faulty-server.ts FOLDER
 *
 * prints `{"url":…,"other":…}`, the addresses of two hosts with the same files, and ends with its standard input.
 *
 * GET  /run/NAME/PATH   a file, as the plan NAME says; without a plan, as it is
 * POST /plan/NAME       a plan: `{"seed":7,"rate":0.3,"faults":["drop",…]}` or `{"faults":[…],"match":"weight","times":2}`
 * GET  /log/NAME        what was asked for: `[{"path","range","status","sent","fault","host","headers"},…]`
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join, normalize } from "node:path";

/** What can go wrong; each is one request's fate. */
const FAULTS = [
  /** The connection breaks in the middle of the body. */
  "drop",
  /** The connection breaks before the answer. */
  "refuse",
  /** Content-Length says less than the file has, and no more comes. */
  "truncate",
  /** A bit of the body is another. */
  "flip",
  ...(["429", "429-date", "500", "503", "404", "403", "401"] as const),
  /** A few bytes at a time. */
  "trickle",
  /** 200 with the whole file. */
  "no-range",
  /** 206 with another range than was asked for: in the header, or the right header and other bytes' count. */
  ...(["wrong-range", "short-range"] as const),
  /** To the second host, to the same host, round and round. */
  ...(["redirect", "redirect-here", "redirect-loop"] as const),
  /** More bytes than there are, without a length, until the client has enough. */
  "endless",
] as const;
type Fault = (typeof FAULTS)[number];

interface Plan {
  readonly faults: readonly Fault[];
  /** Only for paths that contain it. */
  readonly match?: string;
  /** For so many requests; without it, for all. */
  readonly times?: number;
  /** With `rate`: whether a request has a fault, and which, comes from a random generator. */
  readonly seed?: number;
  readonly rate?: number;
  /** What `Retry-After` says. */
  readonly retryAfter?: number;
}

interface Entry {
  readonly path: string;
  readonly host: "first" | "second";
  readonly range?: string;
  readonly fault?: Fault;
  readonly headers: IncomingMessage["headers"];
  status: number;
  /** Bytes of the body that were handed to the connection. */
  sent: number;
}

interface Run {
  plan?: Plan;
  random: () => number;
  left: number;
  readonly log: Entry[];
}

/** Mulberry32. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const folder = process.argv[2];
if (folder === undefined) throw new Error("usage: faulty-server.ts FOLDER");
const runs = new Map<string, Run>();
const first = createServer((request, response) => answer("first", request, response));
const second = createServer((request, response) => answer("second", request, response));

for (const server of [first, second]) await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
const [url, other] = [first, second].map(
  (server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
);
console.log(JSON.stringify({ url, other }));
process.stdin.resume().on("end", () => process.exit(0));

function runNamed(name: string): Run {
  const run = runs.get(name) ?? { random: generator(1), left: 0, log: [] };
  runs.set(name, run);
  return run;
}

async function answer(host: Entry["host"], request: IncomingMessage, response: ServerResponse) {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://local");
  const [, action = "", name = "", ...rest] = pathname.split("/");
  const run = runNamed(decodeURIComponent(name));
  if (action === "plan" && request.method === "POST") {
    const plan = JSON.parse(await text(request)) as Plan;
    const unknown = plan.faults.find((fault) => !FAULTS.includes(fault));
    if (unknown !== undefined) return response.writeHead(400).end(`there is no fault ${unknown}\n`);
    Object.assign(run, {
      plan,
      random: generator(plan.seed ?? 1),
      left: plan.times ?? Number.POSITIVE_INFINITY,
    });
    return response.end();
  }
  if (action === "log") return response.end(JSON.stringify(run.log));
  if (action !== "run") return response.writeHead(404).end();
  const path = normalize(rest.map(decodeURIComponent).join("/"));
  if (path.startsWith("..")) return response.writeHead(404).end();
  // Who was redirected gets the file: one fault is enough.
  const fault = host === "first" && !searchParams.has("plain") ? faultFor(run, path) : undefined;
  const { range } = request.headers;
  const entry: Entry = {
    path,
    host,
    headers: request.headers,
    status: 0,
    sent: 0,
    ...(range && { range }),
    ...(fault && { fault }),
  };
  run.log.push(entry);
  serve({ request, response, entry, run, file: join(folder!, path) });
}

function faultFor(run: Run, path: string): Fault | undefined {
  const { plan } = run;
  if (plan === undefined || run.left <= 0 || (plan.match !== undefined && !path.includes(plan.match)))
    return undefined;
  if (plan.rate !== undefined && run.random() >= plan.rate) return undefined;
  run.left -= 1;
  return plan.faults[Math.floor(run.random() * plan.faults.length)];
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly entry: Entry;
  readonly run: Run;
  readonly file: string;
}

function serve(exchange: Exchange) {
  const { entry, response, request, run } = exchange;
  const status = (code: number, headers: Record<string, string> = {}) => {
    entry.status = code;
    response.writeHead(code, headers).end(`status ${code}\n`);
  };
  const retryAfter = run.plan?.retryAfter ?? 0;
  const here = request.url ?? "/";
  switch (entry.fault) {
    case "refuse":
      return void response.destroy();
    case "429":
      return status(429, { "Retry-After": String(retryAfter) });
    case "429-date":
      return status(429, { "Retry-After": new Date(Date.now() + retryAfter * 1000).toUTCString() });
    case "500":
      return status(500);
    case "503":
      return status(503, { "Retry-After": String(retryAfter) });
    case "404":
      return status(404);
    case "403":
      return status(403);
    case "401":
      return status(401, { "WWW-Authenticate": 'Basic realm="models"' });
    case "redirect":
      return status(302, { Location: `${other}${here}` });
    case "redirect-here":
      return status(307, { Location: `${here}?plain` });
    case "redirect-loop":
      return status(301, { Location: here });
    default:
      return void body(exchange);
  }
}

async function body({ response, entry, run, file }: Exchange) {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch {
    entry.status = 404;
    return response.writeHead(404).end("no such file\n");
  }
  const size = fstatSync(descriptor).size;
  const found = entry.fault === "no-range" ? null : /^bytes=(\d+)-(\d+)$/.exec(entry.range ?? "");
  const [begin, end] = found ? [Number(found[1]), Math.min(Number(found[2]), size - 1)] : [0, size - 1];
  if (found && begin >= size) {
    closeSync(descriptor);
    entry.status = 416;
    return response.writeHead(416, { "Content-Range": `bytes */${size}` }).end();
  }
  let bytes: Buffer = Buffer.alloc(end - begin + 1);
  readSync(descriptor, bytes, 0, bytes.length, begin);
  closeSync(descriptor);
  if (entry.fault === "flip" && bytes.length > 0) {
    const at = Math.floor(run.random() * bytes.length);
    bytes[at] = bytes[at]! ^ (1 << Math.floor(run.random() * 8));
  }
  if (entry.fault === "truncate" || entry.fault === "short-range") {
    bytes = bytes.subarray(0, Math.floor(bytes.length * run.random()));
  }
  const shift = entry.fault === "wrong-range" ? 1 : 0;
  entry.status = found ? 206 : 200;
  response.on("error", () => {});
  response.writeHead(entry.status, {
    ...(entry.fault !== "endless" && { "Content-Length": bytes.length }),
    ...(found && { "Content-Range": `bytes ${begin + shift}-${end + shift}/${size}` }),
  });
  if (entry.fault === "endless") return endless(response, entry);
  if (entry.fault === "drop") {
    const part = bytes.subarray(0, Math.floor(bytes.length * run.random()));
    entry.sent = part.length;
    return response.write(part, () => response.destroy());
  }
  if (entry.fault === "trickle") return trickle(response, entry, bytes);
  entry.sent = bytes.length;
  response.end(bytes);
}

async function trickle(response: ServerResponse, entry: Entry, bytes: Buffer) {
  const step = Math.max(1, Math.ceil(bytes.length / 20));
  for (let at = 0; at < bytes.length && !response.destroyed; at += step) {
    const part = bytes.subarray(at, at + step);
    response.write(part);
    entry.sent += part.length;
    await new Promise((done) => setTimeout(done, 20));
  }
  response.end();
}

async function endless(response: ServerResponse, entry: Entry) {
  const zeros = Buffer.alloc(64 * 1024);
  while (!response.destroyed && entry.sent < 2 ** 28) {
    entry.sent += zeros.length;
    if (!response.write(zeros)) await new Promise((done) => response.once("drain", done).once("close", done));
  }
  response.end();
}

async function text(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}
