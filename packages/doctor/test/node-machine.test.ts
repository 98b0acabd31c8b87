import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { nodeMachine } from "../src/index.ts";
import { CRASHES, type Fakes, FLOODS, tempFolder, writeFakes } from "./support/fake-tools.ts";

const OPTIONS = { timeoutMs: 20_000, maxBytes: 1000 };

function machineWith(fakes: Fakes, env: Readonly<Record<string, string>> = {}) {
  const folder = tempFolder();
  writeFakes(join(folder, "bin"), fakes);
  return nodeMachine({
    env: { PATH: join(folder, "bin"), ...env },
    currentFolder: folder,
    cacheFolder: join(folder, "not/yet/there"),
  });
}

test("a tool gets its arguments as they are, its input, and no secret", async () => {
  const script = `printf '%s|' "$@"; /bin/cat; printf '|%s|%s' "$HF_TOKEN" "$LANG"`;
  const machine = machineWith({ tool: { script } }, { HF_TOKEN: "hf_geheim", LANG: "C.UTF-8" });
  const result = await machine.run("tool", ["a b", "$(id)", "'"], { ...OPTIONS, input: "in" });
  expect(result).toEqual({ kind: "exited", status: 0, stdout: "a b|$(id)|'|in||C.UTF-8", stderr: "" });
});

test("a tool sees nothing of this process's environment, and works in the root folder", async () => {
  vi.stubEnv("PIPPIN_TEST_LEAK", "leaked");
  onTestFinished(() => void vi.unstubAllEnvs());
  const machine = machineWith({ tool: { script: 'printf "%s|" "$PIPPIN_TEST_LEAK"; pwd' } });
  expect(await machine.run("tool", [], OPTIONS)).toMatchObject({ stdout: "|/" });
});

test("a status, a crash, a flood and a missing tool are told apart", async () => {
  const machine = machineWith({ fails: { status: 69, stderr: "why" }, crashes: CRASHES, floods: FLOODS });
  expect(await machine.run("fails", [], OPTIONS)).toMatchObject({
    kind: "exited",
    status: 69,
    stderr: "why",
  });
  expect(await machine.run("crashes", [], OPTIONS)).toEqual({ kind: "crashed", signal: "SIGSEGV" });
  expect(await machine.run("floods", [], OPTIONS)).toEqual({ kind: "flooded" });
  expect(await machine.run("absent", [], OPTIONS)).toEqual({ kind: "missing" });
});

test("a program whose interpreter is gone cannot be started, and nothing throws", async () => {
  const machine = machineWith({});
  const path = join(machine.env.PATH!, "tool");
  writeFileSync(path, "#!/no/such/python\n");
  chmodSync(path, 0o755);
  expect(await machine.run("tool", [], OPTIONS)).toEqual({ kind: "unstartable", reason: "ENOENT" });
});

test.each([
  ["a tool that does not answer", `/bin/sleep 600 & echo $! > "$1"; wait`],
  ["a tool that ends, and leaves a child with its pipes", `/bin/sleep 600 & echo $! > "$1"`],
  ["a tool that ignores a polite signal", `trap '' TERM INT; /bin/sleep 600 & echo $! > "$1"; wait; wait`],
])("%s is killed with its children", async (_, script) => {
  const machine = machineWith({ tool: { script } });
  const note = join(machine.currentFolder, "pid");
  expect(await machine.run("tool", [note], { ...OPTIONS, timeoutMs: 500 })).toEqual({ kind: "timeout" });
  await gone(Number(readFileSync(note, "utf8")));
});

test("cancelling kills the tool with its children", async () => {
  const machine = machineWith({ tool: { script: `/bin/sleep 600 & echo $! > "$1"; wait` } });
  const note = join(machine.currentFolder, "pid");
  const controller = new AbortController();
  const running = machine.run("tool", [note], { ...OPTIONS, signal: controller.signal });
  while (!existsSync(note) || readFileSync(note, "utf8") === "") await sleep(5);
  controller.abort(new Error("enough"));
  await expect(running).rejects.toThrow("enough");
  await gone(Number(readFileSync(note, "utf8")));
});

/** Waits for a process to end; a test that never sees it ends by its own clock. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    // Killed, but nobody has asked for its status yet: the system keeps the entry.
    if (/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))) return;
    await sleep(5);
  }
}

test("programs in the current folder or a relative one are not found", async () => {
  const folder = tempFolder();
  writeFakes(folder, { python3: { stdout: "owned" } });
  writeFakes(join(folder, "bin"), { python3: { stdout: "owned" } });
  const machine = nodeMachine({
    env: { PATH: `:.:${relative(process.cwd(), folder)}:bin` },
    currentFolder: folder,
    cacheFolder: folder,
  });
  expect(await machine.find("python3")).toBeUndefined();
});

test("what is not executable, and a folder, are passed over on the path", async () => {
  const folder = tempFolder();
  mkdirSync(join(folder, "a/tool"), { recursive: true });
  mkdirSync(join(folder, "b"));
  writeFileSync(join(folder, "b/tool"), "text");
  writeFakes(join(folder, "c"), { tool: {} });
  const PATH = ["a", "b", "c"].map((name) => join(folder, name)).join(":");
  const machine = nodeMachine({ env: { PATH }, currentFolder: folder, cacheFolder: folder });
  expect(await machine.find("tool")).toBe(join(folder, "c/tool"));
});

test("the space of a folder that is not there yet is its parent's", async () => {
  const machine = machineWith({});
  const space = await machine.diskSpace(machine.cacheFolder);
  expect(space).toEqual({ freeBytes: expect.any(Number), writable: true });
  expect(existsSync(dirname(machine.cacheFolder))).toBe(false);
});

test("a long text file is read as far as asked, one that is not there is nothing", async () => {
  const machine = machineWith({});
  const path = join(machine.currentFolder, "text");
  writeFileSync(path, "0123456789");
  expect(await machine.readText(path, 4)).toBe("0123");
  expect(await machine.readText(join(path, "deeper"), 4)).toBeUndefined();
});

test("a temporary file goes with its folder, also after an error", async () => {
  const machine = machineWith({});
  let seen = "";
  const failing = machine.withTemporaryFile(async (path) => {
    seen = path;
    writeFileSync(path, "x");
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(existsSync(dirname(seen))).toBe(false);
});

test("this machine has vectors, memory and a version", () => {
  const { webAssemblySimd, memory, nodeVersion } = machineWith({});
  expect(webAssemblySimd).toBe(true);
  expect(memory.totalBytes).toBeGreaterThan(memory.availableBytes ?? 0);
  expect(nodeVersion).toBe(process.versions.node);
});
