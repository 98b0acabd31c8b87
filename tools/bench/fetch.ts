/**
 * Compares `pippin fetch` with `curl` of the same bytes from the same server on this machine.
 *
 *     npm run bench:fetch -- [--megabytes 500] [--rounds 3]
 *
 * Three shards; curl takes them one after another and checks nothing, `pippin fetch` computes their SHA-256.
 */
import { spawn } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { type Cost, cheapest, measure, type Row, report } from "./measure.ts";

const ROOT = join(import.meta.dirname, "../..");
const REPO = "bench/model";

const { values } = parseArgs({
  options: {
    megabytes: { type: "string", default: "500" },
    rounds: { type: "string", default: "3" },
  },
});
const folder = mkdtempSync(join(tmpdir(), "pippin-bench-fetch-"));
const [load = 0] = loadavg();
try {
  report("fetch", load, await compare(Number(values.megabytes) * 1e6, Number(values.rounds)));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function compare(bytes: number, rounds: number): Promise<Row[]> {
  const shards = writeModel(bytes);
  const server = await startServer();
  const costs: { readonly curl: Cost[]; readonly pippin: Cost[] } = { curl: [], pippin: [] };
  try {
    for (let round = 0; round < rounds; round++) {
      costs.curl.push(await curl(server.endpoint, shards));
      costs.pippin.push(await fetchModel(server.endpoint));
    }
  } finally {
    server.stop();
  }
  const [curlCost, own] = [cheapest(costs.curl), cheapest(costs.pippin)];
  const size = `${bytes / 1e6} MB`;
  return [
    row(`${size}, wall`, own.wallSeconds, curlCost.wallSeconds),
    row(`${size}, CPU`, own.cpuSeconds, curlCost.cpuSeconds),
    { ...row("peak memory", own.peakBytes / 1e6, curlCost.peakBytes / 1e6), unit: "MB" },
  ];
}

function row(what: string, value: number, reference: number): Row {
  return { what: `pippin fetch, ${what}`, value, unit: "s", reference: "curl", ratio: value / reference };
}

/** Bytes that no connection compresses. @returns the shards' names. */
function writeModel(bytes: number): string[] {
  const model = join(folder, "model");
  mkdirSync(model);
  const names = [1, 2, 3].map((shard) => `model-0000${shard}-of-00003.safetensors`);
  for (const name of names)
    writeFileSync(join(model, name), randomFillSync(Buffer.alloc(Math.floor(bytes / 3))));
  writeFileSync(join(model, "config.json"), "{}");
  const weightMap = Object.fromEntries(names.map((name, index) => [`tensor${index}`, name]));
  writeFileSync(join(model, "model.safetensors.index.json"), JSON.stringify({ weight_map: weightMap }));
  return names;
}

/** In a process of its own: what it costs is not ours. */
async function startServer(): Promise<{ readonly endpoint: string; stop(): void }> {
  const child = spawn(process.execPath, [join(ROOT, "tools/hub-server/serve.ts")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const start = { repos: [{ id: REPO, folder: join(folder, "model"), storage: "lfs" }] };
  child.stdin.write(`${JSON.stringify({ start })}\n`);
  for await (const line of createInterface({ input: child.stdout })) {
    return { endpoint: JSON.parse(line).endpoint, stop: () => child.stdin.end() };
  }
  throw new Error("the server did not start");
}

function curl(endpoint: string, names: readonly string[]): Promise<Cost> {
  const out = join(folder, "curl");
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
  const files = names.flatMap((name) => ["-o", join(out, name), `${endpoint}/${REPO}/resolve/main/${name}`]);
  return measure("curl", ["-sSfL", ...files]);
}

function fetchModel(endpoint: string): Promise<Cost> {
  const out = join(folder, "hub");
  rmSync(out, { recursive: true, force: true });
  const pippin = [join(ROOT, "apps/cli/bin/pippin.js"), "fetch", REPO];
  return measure("env", [`HF_ENDPOINT=${endpoint}`, `HF_HUB_CACHE=${out}`, process.execPath, ...pippin]);
}
