import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ProgressEvent } from "@pippin/core";
import { expect, test } from "vitest";
import {
  environmentStatus,
  removeEnvironment,
  type SetupOptions,
  setupEnvironment,
} from "../src/environment.ts";
import { coremltoolsPins } from "../src/pins.ts";
import { needEnvironment } from "../src/resolve-environment.ts";
import { ENV, fakePython, tempFolder } from "./support/fake-python.ts";

/**
 * A Python whose venv is a copy of itself, and which writes down what it was asked for. Files in its folder make it fail:
 * `fail-venv`, `fail-pip`, `hang-pip`, `lack` (pins that are missing after pip).
 */
function fakeBase(version = "3.11.9") {
  const folder = tempFolder();
  const body = `
    const home = ${JSON.stringify(folder)};
    const knob = (name) => fs.existsSync(path.join(home, name)) && fs.readFileSync(path.join(home, name), "utf8");
    const note = (what) => fs.appendFileSync(path.join(home, "calls"), what + "\\n");
    const after = (flag) => args[args.indexOf(flag) + 1];
    if (args.includes("-c") && !args.includes("pip")) {
      console.log("${version}"); console.log(process.argv[1]);
    } else if (after("-m") === "venv") {
      note("venv");
      if (knob("fail-venv")) { console.error(knob("fail-venv")); process.exit(1); }
      const bin = path.join(args.at(-1), "bin");
      fs.mkdirSync(bin, { recursive: true });
      fs.copyFileSync(process.argv[1], path.join(bin, "python"));
      fs.writeFileSync(path.join(bin, "pip"), "");
    } else if (after("-m") === "pip") {
      note("pip " + args.join(" "));
      if (knob("fail-pip")) { console.error(knob("fail-pip")); process.exit(1); }
      if (knob("hang-pip")) { console.log("Collecting torch==2.13.0"); hang(); }
      else { console.log("Collecting numpy==2.2.6"); setTimeout(() => fs.writeFileSync(path.join(home, "installed"), "yes"), 30); }
    } else {
      const wrong = knob("lack") ? [{ name: "torch", wanted: "2.13.0", found: null }] : [];
      const asked = args.some((arg) => arg.includes("=="));
      say("result", { value: { python: "${version}", wrong: asked && !knob("installed") ? [{ name: "numpy", wanted: "2.2.6", found: "2.4.0" }] : asked ? wrong : [] } });
    }
  `;
  const python = fakePython(body, folder);
  const calls = () => {
    const path = join(folder, "calls");
    return existsSync(path)
      ? readFileSync(path, "utf8")
          .trim()
          .split("\n")
          .map((line) => line.split(" ")[0])
      : [];
  };
  const knob = (name: string, text = "yes") => writeFileSync(join(folder, name), text);
  return { python, folder, calls, knob, free: (name: string) => rmSync(join(folder, name)) };
}

function setup(base: ReturnType<typeof fakeBase>, more: Partial<SetupOptions> = {}, context = {}) {
  const folder = more.folder ?? join(tempFolder(), "engines", "coremltools");
  return {
    folder,
    ready: setupEnvironment({ folder, python: base.python, env: ENV, minimumFreeBytes: 1, ...more }, context),
  };
}

test("an environment is made once", async () => {
  const base = fakeBase();
  const { folder, ready } = setup(base);
  const environment = { python: join(folder, "venv/bin/python"), version: "3.11.9" };
  expect(await ready).toEqual(environment);
  expect(await environmentStatus(folder)).toEqual({ state: "ready", folder, environment });
  expect(await setup(base, { folder }).ready).toEqual(environment);
  expect(base.calls()).toEqual(["venv", "pip"]);
});

test("pip takes wheels of the pinned versions, from where it is told", async () => {
  const base = fakeBase();
  await setup(base, { index: "https://index.example/simple", wheels: "/wheels" }).ready;
  const pip = readFileSync(join(base.folder, "calls"), "utf8");
  const { requirements, constraints } = await coremltoolsPins();
  for (const part of [
    "--only-binary :all:",
    `-r ${requirements} -c ${constraints}`,
    "--extra-index-url https://index.example/simple",
    "--find-links /wheels",
  ])
    expect(pip).toContain(part);
});

test("progress says what pip collects", async () => {
  const items: (string | undefined)[] = [];
  await setup(fakeBase(), {}, { progress: (event: ProgressEvent) => items.push(event.item) }).ready;
  expect(items).toContain("collecting numpy==2.2.6");
  expect(items.at(-1)).toBe("ready");
});

test("two at once make one", async () => {
  const base = fakeBase();
  const { folder, ready } = setup(base);
  const both = await Promise.all([ready, setup(base, { folder }).ready]);
  expect(both[0]).toEqual(both[1]);
  expect(base.calls()).toEqual(["venv", "pip"]);
});

test.each([
  ["No module named ensurepip: ensurepip is not available", "PYTHON_VENV_FAILED", "apt install python3-venv"],
  ["Error: permission denied", "PYTHON_VENV_FAILED", "--python"],
  ["OSError: [Errno 28] No space left on device", "PYTHON_DISK_FULL", "Free some space"],
])("a venv that fails is reported: %s", async (words, code, hint) => {
  const base = fakeBase();
  base.knob("fail-venv", words);
  const { folder, ready } = setup(base);
  await expect(ready).rejects.toMatchObject({ code, hint: expect.stringContaining(hint) });
  expect((await environmentStatus(folder)).state).not.toBe("ready");
});

test.each([
  [
    "ERROR: No matching distribution found for coremltools==9.0",
    "PYTHON_INSTALL_FAILED",
    "no wheel for this system",
  ],
  [
    "WARNING: Retrying after NewConnectionError\nERROR: Could not install",
    "PYTHON_INSTALL_FAILED",
    "cannot be reached",
  ],
  [
    "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
    "PYTHON_DISK_FULL",
    "Free",
  ],
])("a pip that fails is reported, and the next run goes on from there: %s", async (words, code, hint) => {
  const base = fakeBase();
  base.knob("fail-pip", words);
  const { folder, ready } = setup(base);
  await expect(ready).rejects.toMatchObject({ code, hint: expect.stringContaining(hint) });
  expect((await environmentStatus(folder)).state).toBe("incomplete");
  base.free("fail-pip");
  await setup(base, { folder }).ready;
  expect(base.calls()).toEqual(["venv", "pip", "pip"]);
});

test("what pip did not install is named", async () => {
  const base = fakeBase();
  base.knob("lack");
  const { folder, ready } = setup(base);
  await expect(ready).rejects.toMatchObject({
    code: "PYTHON_INSTALL_FAILED",
    message: expect.stringContaining("torch 2.13.0 is missing"),
  });
  expect((await environmentStatus(folder)).state).toBe("incomplete");
});

test("an interrupted setup is completed by the next", async () => {
  const base = fakeBase();
  base.knob("hang-pip");
  const controller = new AbortController();
  const progress = ({ item }: ProgressEvent) => item?.startsWith("collecting") && controller.abort();
  const { folder, ready } = setup(base, {}, { signal: controller.signal, progress });
  await expect(ready).rejects.toMatchObject({ code: "CORE_CANCELLED" });
  expect((await environmentStatus(folder)).state).toBe("incomplete");
  base.free("hang-pip");
  await setup(base, { folder }).ready;
  expect((await environmentStatus(folder)).state).toBe("ready");
});

test("a half-made venv is made anew", async () => {
  const base = fakeBase();
  const folder = join(tempFolder(), "coremltools");
  mkdirSync(join(folder, "venv/bin"), { recursive: true });
  writeFileSync(join(folder, "venv/bin/python"), "#!/nowhere\n", { mode: 0o755 });
  writeFileSync(join(folder, "venv/stray"), "");
  await setup(base, { folder }).ready;
  expect(existsSync(join(folder, "venv/stray"))).toBe(false);
  expect(base.calls()).toEqual(["venv", "pip"]);
});

test("other pins make it outdated, and setup brings it up to date", async () => {
  const base = fakeBase();
  const { folder, ready } = setup(base);
  await ready;
  writeFileSync(join(folder, "environment.json"), JSON.stringify({ pins: "of old", python: "3.11.9" }));
  expect((await environmentStatus(folder)).state).toBe("outdated");
  await setup(base, { folder }).ready;
  expect((await environmentStatus(folder)).state).toBe("ready");
  expect(base.calls()).toEqual(["venv", "pip", "pip"]);
});

test("an environment that was removed is missing", async () => {
  const { folder, ready } = setup(fakeBase());
  await ready;
  expect(await removeEnvironment(folder)).toBe(true);
  expect(await environmentStatus(folder)).toEqual({ state: "missing", folder });
  expect(await removeEnvironment(folder)).toBe(false);
});

test("a disk with too little space is noticed before anything is fetched", async () => {
  const base = fakeBase();
  const { ready } = setup(base, { minimumFreeBytes: 1e18 });
  await expect(ready).rejects.toMatchObject({
    code: "PYTHON_DISK_FULL",
    message: expect.stringContaining("1000000000.0 GB"),
  });
  expect(base.calls()).toEqual([]);
});

test.each([
  ["3.10.2", "PYTHON_TOO_OLD"],
  ["3.14.1", "PYTHON_TOO_NEW"],
])("Python %s has no wheels of the pins", async (version, code) => {
  await expect(setup(fakeBase(version)).ready).rejects.toMatchObject({ code });
});

test("an engine takes the environment, or a Python that has the same packages", async () => {
  const base = fakeBase();
  const folder = join(tempFolder(), "coremltools");
  await expect(needEnvironment({ folder, env: ENV })).rejects.toMatchObject({
    code: "PYTHON_ENVIRONMENT_MISSING",
  });
  await expect(needEnvironment({ folder, python: base.python, env: ENV })).rejects.toMatchObject({
    code: "PYTHON_ENVIRONMENT_UNFIT",
    message: expect.stringContaining("numpy is 2.4.0 in place of 2.2.6"),
  });
  base.knob("installed");
  expect(await needEnvironment({ folder, python: base.python, env: ENV })).toEqual({
    python: base.python,
    version: "3.11.9",
  });
  const made = await setup(base, { folder }).ready;
  expect(await needEnvironment({ folder, env: ENV })).toEqual(made);
});
