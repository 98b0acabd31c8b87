/**
 * The server as a program, for tests that are not JavaScript.
 *
 *     node tools/hub-server/serve.ts
 *
 * Each line of standard input is a JSON object with one of these keys, and each gets a line of JSON as its answer:
 *
 *     {"start":{"repos":[{"id":"org/name","folder":"…","storage":"lfs"}],"tokens":["…"],"resolveCache":true,…}}
 *     {"serve":{"id":"org/name","folder":"…"}}        another repository, or other files of the same one
 *     {"faults":[{"fault":{"kind":"cut","afterBytes":9},"match":"cdn GET model","times":2}]}   no faults: []
 *     {"requests":"keep"}                             all requests so far; "forget" to begin anew after them
 *
 * `start` and `serve` are answered with `{"endpoint","cdn","commits"}`. The end of the input ends the program.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { createInterface } from "node:readline";
import {
  type Fault,
  type FaultPlan,
  type HubServer,
  type HubServerOptions,
  type ServedRepo,
  type Storage,
  startHubServer,
} from "./hub-server.ts";
import { LARGE_NAMES } from "./repository.ts";

interface ServedFolder extends Omit<ServedRepo, "files" | "large" | "history"> {
  readonly folder: string;
  /** How what is large by its name is stored. */
  readonly storage?: Exclude<Storage, false>;
}

interface PlannedFault {
  readonly fault: Fault;
  /** Expression over `HOST METHOD FILE`, or the path where the request is for no file. */
  readonly match: string;
  readonly times?: number;
}

interface Command {
  readonly start?: Omit<HubServerOptions, "repos" | "fault"> & { readonly repos: readonly ServedFolder[] };
  readonly serve?: ServedFolder;
  readonly faults?: readonly PlannedFault[];
  readonly requests?: "keep" | "forget";
}

let server: HubServer | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(JSON.parse(line) as Command)));
}
await server?.close();

async function answer({ start, serve, faults, requests }: Command): Promise<unknown> {
  if (start !== undefined) server = await startHubServer({ ...start, repos: start.repos.map(readFolder) });
  if (server === undefined) return { error: "start comes first" };
  if (serve !== undefined) server.serve(readFolder(serve));
  if (faults !== undefined) server.plan(planOf(faults));
  if (requests !== undefined) {
    return requests === "forget" ? server.requests.splice(0) : server.requests;
  }
  return { endpoint: server.endpoint, cdn: server.cdn, commits: server.commits };
}

function readFolder({ folder, storage, ...repo }: ServedFolder): ServedRepo {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .map((path) => [relative(folder, path).split(sep).join("/"), readFileSync(path)] as const);
  return {
    ...repo,
    files: Object.fromEntries(files),
    ...(storage !== undefined && { large: (path: string) => LARGE_NAMES.test(path) && storage }),
  };
}

function planOf(faults: readonly PlannedFault[]): FaultPlan {
  const left = faults.map(({ times = Number.POSITIVE_INFINITY }) => times);
  return ({ host, method, file, path }) => {
    const name = `${host} ${method} ${file ?? path}`;
    const chosen = faults.findIndex(({ match }, index) => left[index]! > 0 && new RegExp(match).test(name));
    if (chosen < 0) return undefined;
    left[chosen]! -= 1;
    return faults[chosen]!.fault;
  };
}
