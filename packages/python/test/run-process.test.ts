import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { type ProcessOptions, runProcess } from "../src/run-process.ts";
import { ENV, fakePython, isRunning, tempFolder } from "./support/fake-python.ts";

const run = (body: string, options: ProcessOptions = {}) =>
  runProcess({ command: fakePython(body), args: [], env: ENV }, options);

interface Family {
  /** Done by child and grandchild before all else. */
  readonly first?: string;
  /** Done by the program itself when it has started the child. */
  readonly leader?: string;
}

/** A child and a grandchild that hold the pipes open and write their numbers into a folder. */
const family = (folder: string, { first = "", leader = "hang();" }: Family = {}) => `
  const note = (name) => fs.writeFileSync(path.join(${JSON.stringify(folder)}, name), String(process.pid));
  const start = (name) => spawn(process.execPath, [__filename, name], { stdio: "inherit" });
  if (args[0] === "grandchild") { ${first} note("grandchild"); hang(); }
  else if (args[0] === "child") { ${first} start("grandchild"); note("child"); hang(); }
  else { start("child"); ${leader} }
`;

async function pidOf(folder: string, name: string): Promise<number> {
  const path = join(folder, name);
  while (!existsSync(path) || readFileSync(path, "utf8") === "") await turn();
  return Number(readFileSync(path, "utf8"));
}

test("a program that ends well gives status 0 and its last lines", async () => {
  const { end, tail } = await run(`console.log("out"); console.error("err");`);
  expect(end).toEqual({ kind: "exited", status: 0 });
  expect([...tail].sort()).toEqual(["err", "out"]);
});

test("a program that does not end is ended after the time it has", async () => {
  const { end } = await run(`setInterval(() => console.log("busy"), 20);`, { timeoutMs: 500 });
  expect(end).toEqual({ kind: "timeout", afterMs: 500 });
});

test("a program that says nothing is ended after a time of silence", async () => {
  const { end, tail } = await run(`console.log("hello"); hang();`, { idleTimeoutMs: 700, timeoutMs: 30_000 });
  expect(end).toEqual({ kind: "stalled", afterMs: 700 });
  expect(tail).toEqual(["hello"]);
});

test("a program that goes on talking is not silent", async () => {
  const talk = `let n = 0; const t = setInterval(() => { console.log(n); if (++n === 12) clearInterval(t); }, 100);`;
  const { end } = await run(talk, { idleTimeoutMs: 900 });
  expect(end).toEqual({ kind: "exited", status: 0 });
});

test("a program that cannot be started says so", async () => {
  const command = join(tempFolder(), "absent");
  const { end } = await runProcess({ command, args: [], env: ENV });
  expect(end).toMatchObject({ kind: "not-started", reason: expect.stringContaining("ENOENT") });
});

test("a signal from outside is told apart from a status", async () => {
  const { end } = await run(`process.kill(process.pid, "SIGKILL");`);
  expect(end).toEqual({ kind: "killed", signal: "SIGKILL" });
});

test("nothing is started when the work is cancelled already", async () => {
  const folder = tempFolder();
  const body = `fs.writeFileSync(${JSON.stringify(join(folder, "ran"))}, "")`;
  await expect(run(body, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "CORE_CANCELLED" });
  expect(existsSync(join(folder, "ran"))).toBe(false);
});

test.each([
  ["that end when they are asked", ""],
  ["that do not listen", `process.on("SIGTERM", () => undefined);`],
])("cancelling ends children and grandchildren %s", async (_, first) => {
  const folder = tempFolder();
  const controller = new AbortController();
  const ended = run(family(folder, { first }), { signal: controller.signal });
  const pids = [await pidOf(folder, "child"), await pidOf(folder, "grandchild")];
  expect(pids.map(isRunning)).toEqual([true, true]);
  controller.abort();
  await expect(ended).rejects.toMatchObject({ code: "CORE_CANCELLED" });
  expect(pids.map(isRunning)).toEqual([false, false]);
});

test("what a program leaves running is ended with it, and keeps nobody waiting", async () => {
  const folder = tempFolder();
  const grandchild = JSON.stringify(join(folder, "grandchild"));
  const leader = `setInterval(() => { if (fs.existsSync(${grandchild})) process.exit(0); }, 5);`;
  const body = family(folder, { leader });
  const { end } = await run(body);
  expect(end).toEqual({ kind: "exited", status: 0 });
  const pids = [await pidOf(folder, "child"), await pidOf(folder, "grandchild")];
  expect(pids.map(isRunning)).toEqual([false, false]);
});

test("megabytes without an end of line, bytes that are no text and colors do no harm", async () => {
  const body = `
    process.stdout.write(Buffer.alloc(3_000_000, 0xff));
    process.stdout.write("x".repeat(3_000_000));
    process.stderr.write("\\n\\u001b[31mred\\u001b[0m \\u001b]0;title\\u0007\\u0000bell\\u0007\\n");
  `;
  const { end, tail } = await run(body);
  expect(end).toEqual({ kind: "exited", status: 0 });
  expect(tail.some((line) => line.startsWith("red") && line.includes("bell"))).toBe(true);
  expect(tail.every((line) => !/\p{Cc}/u.test(line) && line.length <= 1 << 20)).toBe(true);
});

test("a program that does not read its input can be told more than a pipe holds", async () => {
  const command = fakePython("process.exit(3)");
  const { end } = await runProcess({ command, args: [], env: ENV, input: "x".repeat(1 << 20) });
  expect(end).toEqual({ kind: "exited", status: 3 });
});
