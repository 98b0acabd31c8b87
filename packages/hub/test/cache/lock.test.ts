import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Writable } from "node:stream";
import type { Warning } from "@pippin/core";
import { expect, onTestFinished, test } from "vitest";
import { acquireLock, isLocked } from "../../src/cache/lock.ts";
import { quickNetwork } from "../support/quick-network.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** No process has a number so high. */
const DEAD = 2 ** 30;

function options(warnings: Warning[] = [], changes: { staleMs?: number; signal?: AbortSignal } = {}) {
  const { staleMs, signal } = changes;
  const network = quickNetwork() as Required<ReturnType<typeof quickNetwork>>;
  const context = { warn: (warning: Warning) => void warnings.push(warning), ...(signal ? { signal } : {}) };
  return { network, context, item: "model.safetensors", ...(staleMs === undefined ? {} : { staleMs }) };
}

test("one holds it at a time, in one process too", async () => {
  const path = join(temporaryFolder(), "locks", "x.pippin-lock");
  let holders = 0;
  const hold = async () => {
    const lock = await acquireLock(path, options());
    holders += 1;
    expect(holders).toBe(1);
    await new Promise((done) => setImmediate(done));
    holders -= 1;
    await lock.release();
  };
  await Promise.all(Array.from({ length: 8 }, hold));
  expect(readdirSync(join(path, ".."))).toEqual([]);
});

test("the lock of a process that died is taken at once", async () => {
  const path = join(temporaryFolder(), "x");
  writeFileSync(path, JSON.stringify({ pid: DEAD, host: hostname(), token: "old" }));
  expect(await isLocked(path)).toBe(false);
  const warnings: Warning[] = [];
  const lock = await acquireLock(path, options(warnings));
  expect(warnings).toEqual([]);
  expect(readFileSync(path, "utf8")).toContain(lock.token);
  await lock.release();
  expect(existsSync(path)).toBe(false);
});

test.skipIf(process.platform !== "linux")(
  "a process that ended, but that its parent has not asked about, is dead",
  async () => {
    const path = join(temporaryFolder(), "x");
    // The shell starts a child and becomes a program that never asks about children; then the child's input ends.
    const parent = spawn("/bin/sh", ["-c", "/bin/cat <&3 & echo $!; exec /bin/sleep 600"], {
      stdio: ["ignore", "pipe", "inherit", "pipe"],
    });
    onTestFinished(() => void parent.kill("SIGKILL"));
    const [line] = (await once(parent.stdout!, "data")) as [Buffer];
    const pid = Number(line.toString());
    const command = () => readFileSync(`/proc/${parent.pid}/cmdline`, "utf8");
    while (!command().startsWith("/bin/sleep")) await new Promise(setImmediate);
    (parent.stdio[3] as Writable).end();
    while (!/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"))) await new Promise(setImmediate);
    writeFileSync(path, JSON.stringify({ pid, host: hostname(), token: "old" }));
    expect(await isLocked(path)).toBe(false);
    const warnings: Warning[] = [];
    await (await acquireLock(path, options(warnings))).release();
    expect(warnings).toEqual([]);
  },
);

test.each([
  ["of another machine", JSON.stringify({ pid: DEAD, host: "elsewhere", token: "x" })],
  ["without content", ""],
])("a lock %s is taken when it has shown no life for a while", async (_, content) => {
  const path = join(temporaryFolder(), "x");
  writeFileSync(path, content);
  const warnings: Warning[] = [];
  const lock = await acquireLock(path, options(warnings, { staleMs: 20 }));
  expect(warnings).toMatchObject([{ code: "HUB_WAITING" }]);
  await lock.release();
});

test("who waits can be cancelled, and the lock stays", async () => {
  const path = join(temporaryFolder(), "x");
  const lock = await acquireLock(path, options());
  const cancel = new AbortController();
  const warn = () => cancel.abort();
  const waiting = options([], { signal: cancel.signal });
  const second = acquireLock(path, { ...waiting, context: { ...waiting.context, warn } });
  await expect(second).rejects.toMatchObject({ code: "CORE_CANCELLED" });
  expect(await isLocked(path)).toBe(true);
  await lock.release();
});

test("a lock that somebody else took meanwhile is not released", async () => {
  const path = join(temporaryFolder(), "x");
  const lock = await acquireLock(path, options());
  writeFileSync(path, "another's");
  await lock.release();
  expect(readFileSync(path, "utf8")).toBe("another's");
});

test("a place that cannot be written is an error", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "file"), "");
  await expect(acquireLock(join(folder, "file", "x"), options())).rejects.toMatchObject({
    code: "HUB_CACHE_UNWRITABLE",
  });
});
