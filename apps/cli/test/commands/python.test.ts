import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { writeFakePython } from "../support/fake-python.ts";
import { PIP_CHAT, runCli, startCli } from "../support/run-cli.ts";
import { tempFolder } from "../support/temp-folder.ts";

function scene() {
  const cwd = tempFolder();
  const python = writeFakePython(cwd);
  const env = { PIPPIN_CACHE: join(cwd, "cache"), PATH: cwd };
  const pippin = (...args: string[]) => runCli(args, { cwd, env });
  return { cwd, python, env, pippin, folder: join(cwd, "cache/engines/coremltools") };
}

test("an environment is made, reported and removed", async () => {
  const { pippin, folder } = scene();
  expect((await pippin("python", "status")).stdout).toBe(
    `missing: ${folder}\nnext: npx pippin python setup\n`,
  );
  const made = await pippin("python", "setup", "--json");
  const environment = { python: join(folder, "venv/bin/python"), version: "3.12.4" };
  expect(JSON.parse(made.stdout)).toEqual({ state: "ready", folder, environment, warnings: [] });
  expect(JSON.parse((await pippin("python", "status", "--json")).stdout)).toEqual({
    state: "ready",
    folder,
    environment,
  });
  expect((await pippin("python", "remove", "--dry-run")).stdout).toBe(`would delete ${folder}\n`);
  expect(JSON.parse((await pippin("python", "remove", "--json")).stdout)).toEqual({ folder, removed: true });
  expect(existsSync(folder)).toBe(false);
  expect((await pippin("python", "remove")).stdout).toBe(`there is no environment in ${folder}\n`);
});

test("a dry run names the Python and makes nothing", async () => {
  const { pippin, folder, cwd, python } = scene();
  const { stdout } = await pippin("python", "setup", "--dry-run");
  expect(stdout).toBe(`would make ${folder} of ${python}, Python 3.12.4\n`);
  expect(readdirSync(cwd)).toEqual(["python3"]);
});

test("without a Python the engine is not to be had, and the message says what is", async () => {
  const { cwd, env } = scene();
  const { status, stderr } = await runCli(["python", "setup"], { cwd, env: { ...env, PATH: tempFolder() } });
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /no Python answered: tried .* \[PYTHON_MISSING\]\nhint:.*--engine pippin does not\./,
  );
});

test("an engine that was never set up says how", async () => {
  const { pippin, cwd } = scene();
  const { status, stderr } = await pippin("convert", PIP_CHAT, "--engine", "coremltools", "--out", "out");
  expect(status).toBe(1);
  expect(stderr).toMatch(/is missing.*\[PYTHON_ENVIRONMENT_MISSING\]\nhint:.*pippin python setup/);
  expect(readdirSync(cwd)).toEqual(["python3"]);
});

test.each([
  [["--overflow", "error"], "--overflow"],
  [["--quantize", "mixed"], "--quantize"],
  [["--bits-budget", "4"], "--bits-budget"],
  [["--rescale", "auto"], "--rescale"],
])("an option that the engine lacks is refused, not dropped: %s", async (flags, named) => {
  const { pippin } = scene();
  const { status, stderr } = await pippin(
    "convert",
    PIP_CHAT,
    "--engine",
    "coremltools",
    "--out",
    "out",
    ...flags,
  );
  expect(status).toBe(2);
  expect(stderr).toContain(named);
});

test("a dry run says with what it would be converted", async () => {
  const { pippin, python } = scene();
  const args = [
    "convert",
    PIP_CHAT,
    "--engine",
    "coremltools",
    "--python",
    python,
    "--out",
    "out",
    "--dry-run",
    "--json",
  ];
  expect(JSON.parse((await pippin(...args)).stdout)).toMatchObject({
    dryRun: true,
    engine: "coremltools",
    options: { program: "stateful", quantize: "none", route: "own" },
    environment: { version: "3.12.4" },
  });
});

test("Ctrl-C ends the engine with everything it started, and leaves nothing behind", async () => {
  const { cwd, env, python } = scene();
  const args = ["convert", PIP_CHAT, "--engine", "coremltools", "--python", python, "--out", "out"];
  const { child, result } = startCli(args, { cwd, env });
  const running = join(cwd, "running");
  while (!existsSync(running) || readFileSync(running, "utf8") === "") await sleep(5);
  const pids = readFileSync(running, "utf8").split(" ").map(Number);
  expect(pids.map(isRunning)).toEqual([true, true]);
  child.kill("SIGINT");
  const { status, stdout, stderr } = await result;
  expect({ status, stdout }).toEqual({ status: 130, stdout: "" });
  expect(stderr).toContain("[CORE_CANCELLED]");
  expect(pids.map(isRunning)).toEqual([false, false]);
  expect(readdirSync(cwd).sort()).toEqual(["cache", "python3", "running"]);
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // Nobody has waited for a child whose parent is gone, where nothing does that in general: a container.
    return process.platform !== "linux" || !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
