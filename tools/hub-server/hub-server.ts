/**
 * A server on this machine that behaves like the Hugging Face Hub and the storage behind it, also when these behave badly.
 *
 * What clients see was taken from the sources and tests of `@huggingface/hub` 2.17.5 and Python's `huggingface_hub`
 * 2.4.0. Left out: uploads, data sets and Spaces, the Xet protocol (clients without it follow the redirect), TLS.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "./answer.ts";
import { openCdn } from "./cdn.ts";
import type { HubServer, HubServerOptions, ServedRequest } from "./contract.ts";
import { answerHub, type Hub } from "./hub.ts";
import { type Repository, readRepository } from "./repository.ts";
import { send } from "./send.ts";

export type {
  Fault,
  FaultPlan,
  Files,
  HubServer,
  HubServerOptions,
  ServedRepo,
  ServedRequest,
  Storage,
} from "./contract.ts";
export { type RandomFaults, randomFaults } from "./faults.ts";
export { blobId, sha256 } from "./repository.ts";

export async function startHubServer(options: HubServerOptions): Promise<HubServer> {
  const requests: ServedRequest[] = [];
  const commits: Record<string, string> = {};
  const repositories = new Map<string, Repository>();
  let plan = options.fault;
  const serve: HubServer["serve"] = (repo) => {
    const repository = readRepository(repo);
    repositories.set(repo.id, repository);
    commits[repo.id] = repository.head.id;
  };
  options.repos.forEach(serve);

  const cdnServer = createServer((incoming, response) => exchange("cdn", incoming, response));
  const hubServer = createServer((incoming, response) => exchange("hub", incoming, response));
  const [cdnPort, hubPort] = [await listen(cdnServer), await listen(hubServer)];
  const origins = { cdn: `http://localhost:${cdnPort}`, hub: `http://127.0.0.1:${hubPort}` };
  const cdn = openCdn(() => origins.cdn, options.signatureUses);
  const hub: Hub = { options, repositories, endpoint: origins.hub, sign: cdn.sign };

  async function exchange(host: ServedRequest["host"], incoming: IncomingMessage, response: ServerResponse) {
    const request = record(host, incoming);
    const n = requests.push(request) - 1;
    const body = await bytesOf(incoming);
    if (body === undefined) return;
    const answer = answerTo(request, body);
    const fault = plan?.(request, n);
    if (fault !== undefined) request.fault = fault.kind;
    const { compress = true } = options;
    await send(answer, { request, response, fault, compress });
  }

  function answerTo(request: ServedRequest, body: Buffer) {
    try {
      const url = new URL(request.path, origins[request.host]);
      if (request.host === "hub") return answerHub(hub, { request, url, body });
      const file = cdn.find(url)?.path;
      if (file !== undefined) request.file = file;
      return cdn.answer(url, request.authorization);
    } catch (error) {
      // An address or a body that cannot be read.
      return json({ error: String(error) }, {}, 400);
    }
  }

  return {
    endpoint: origins.hub,
    cdn: origins.cdn,
    requests,
    commits,
    serve,
    plan: (next) => {
      plan = next;
    },
    close: async () => void (await Promise.all([cdnServer, hubServer].map(close))),
  };
}

function record(host: ServedRequest["host"], { method = "GET", url = "/", headers }: IncomingMessage) {
  const { range, authorization } = headers;
  const request: ServedRequest = {
    host,
    method,
    path: url,
    headers,
    ...(range !== undefined && { range }),
    ...(authorization !== undefined && { authorization }),
    bytesSent: 0,
    status: 0,
  };
  return request;
}

/** The body of a request; undefined when the client went away before its end. */
async function bytesOf(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  try {
    for await (const part of incoming) parts.push(part as Buffer);
  } catch {
    return undefined;
  }
  return Buffer.concat(parts);
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
