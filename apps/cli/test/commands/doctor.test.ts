import { chmodSync, existsSync, mkdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, test, vi } from "vitest";
import { startHub } from "../support/hub.ts";
import { runInProcess } from "../support/in-process.ts";
import { runCli, startCli } from "../support/run-cli.ts";
import { tempFolder } from "../support/temp-folder.ts";

const onLinux = process.platform === "linux";

// Nothing asks for the Hub itself; the one test that asks brings its own.
beforeAll(() => {
  vi.stubEnv("HF_HUB_OFFLINE", "1");
});

/** A folder with executables, for a path that holds nothing else. */
function tools(scripts: Readonly<Record<string, string>>): string {
  const folder = tempFolder();
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

/** The environment in which Node takes itself to be on a Mac. */
function onMac(PATH: string): Record<string, string> {
  const code = "Object.defineProperty(process, 'platform', { value: 'darwin' })";
  return { PATH, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` };
}

test("whatever else this machine lacks, conversion is ready, and the first line says so", async () => {
  const { status, stdout, stderr } = await runCli(["doctor"]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toMatch(/^✓ convert, tokenizer, verify, chat: ready\n✓ Core ML package: ready/);
  expect(stdout).toContain(`\n  ✓ ok  Node.js             ${process.versions.node}\n`);
});

test.skipIf(!onLinux)("on Linux the steps of a Mac are not here, with what a Mac is needed for", async () => {
  const { status, stdout } = await runCli(["doctor"], { env: { PATH: tools({}) } });
  expect(status).toBe(0);
  expect(stdout.replaceAll(/\s+/g, " ")).toContain(
    "– not here: macOS, Selected Xcode, Command line tools, Xcode, Xcode's licence, iOS SDK, macOS SDK, coremlcompiler, " +
      "iOS simulators, iPhone or iPad, Signing identity. Only a Mac builds and signs an app",
  );
});

test.skipIf(!onLinux).each([
  ["convert", 0],
  ["coreml", 0],
  ["xcode", 3],
  ["mlc", 3],
  ["python", 3],
  ["coreml,xcode", 3],
])("without tools, --for %s ends with status %d", async (workflows, expected) => {
  const { status, stderr } = await runCli(["doctor", "--for", workflows], { env: { PATH: tools({}) } });
  expect({ status, stderr }).toEqual({ status: expected, stderr: "" });
});

test.skipIf(!onLinux)("asked for the app on Linux, the Mac is what is missing", async () => {
  const { stdout } = await runCli(["doctor", "--for", "xcode"], { env: { PATH: tools({}) } });
  expect(stdout).toMatch(/^✗ app in Xcode: lacks macOS \(--for xcode\)\n/);
  expect(stdout).toMatch(/✗ missing {2}macOS +this is no Mac; needed: 14 or newer\n/);
});

test("the Hub is asked at its endpoint, and a token is told of without being shown", async () => {
  const { server, env } = await startHub();
  const token = "hf_secretsecretsecret";
  const asked = { ...env, HF_HUB_OFFLINE: "0", HF_TOKEN: token };

  const { status, stdout } = await runCli(["doctor", "--for", "hub"], { env: asked });

  expect(status).toBe(0);
  expect(stdout).toMatch(new RegExp(`✓ ok +Hugging Face Hub +${server.endpoint}, \\d+ ms`));
  expect(stdout).toMatch(/✓ ok +Access token/);
  expect(stdout + JSON.stringify(server.requests)).not.toContain(token);
});

test("the disk of the Hub's cache is looked at, and an endpoint that is none is what is to be mended", async () => {
  const cache = join(tempFolder(), "models");
  const env = { HF_HUB_OFFLINE: "0", HF_ENDPOINT: "garbage", HF_HUB_CACHE: cache };
  const { status, stdout } = await runCli(["doctor", "--for", "hub"], { env });
  expect(status).toBe(3);
  expect(stdout).toContain(` free at ${cache}\n`);
  expect(stdout).toContain("→ Set HF_ENDPOINT to an address such as https://huggingface.co, or unset it.\n");
  expect(stdout).not.toContain("HTTPS_PROXY");
});

test("a cache folder that is relative is one of the current folder", async () => {
  const cwd = tempFolder();
  const { stdout } = await runCli(["doctor", "--for", "hub"], { cwd, env: { HF_HUB_CACHE: "models" } });
  expect(stdout).toContain(` free at ${join(realpathSync(cwd), "models")}\n`);
});

test.skipIf(!onLinux)("what only helps the workflow that was asked for is optional", async () => {
  const { stdout } = await runCli(["doctor", "--for", "coreml"], { env: { PATH: tools({}) } });
  expect(stdout).toMatch(/coremltools +needed \(optional\): 7 or newer/);
  const python = await runCli(["doctor", "--for", "python"], { env: { PATH: tools({}) } });
  expect(python.stdout).toMatch(/coremltools +needed: 7 or newer/);
});

test("a Hub that is out of reach is missing for those who fetch alone", async () => {
  const env = { HF_HUB_OFFLINE: "0", HF_ENDPOINT: "http://127.0.0.1:1" };

  expect(await runCli(["doctor"], { env })).toMatchObject({ status: 0 });
  expect(await runCli(["doctor", "--for", "hub"], { env })).toMatchObject({ status: 3 });
});

test("--json prints one document with stable keys", async () => {
  const { status, stdout, stderr } = await runCli(["doctor", "--json"]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const { checks, workflows, ready, ...rest } = JSON.parse(stdout);
  expect({ ready, rest }).toEqual({ ready: true, rest: {} });
  expect(workflows[0]).toEqual({ id: "convert", ready: true, lacks: [] });
  const keys = ["id", "title", "group", "status", "found", "needed", "prevents", "fix", "for", "helps"];
  for (const check of checks) expect(keys).toEqual(expect.arrayContaining(Object.keys(check)));
});

test.each([
  [["--for", "ios"], '--for does not know "ios"'],
  [["--for", "coreml,"], '--for does not know ""'],
  [["--for"], "option '--for <workflow>' argument missing"],
  [["here"], "too many arguments"],
])("%j is wrong usage", async (args, message) => {
  const { status, stdout, stderr } = await runInProcess(["doctor", ...args]);
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toContain(message);
});

test.skipIf(!onLinux)("a machine with a healthy engine is ready for it", async () => {
  const modules = { coremltools: "9.0", torch: "2.13.0", numpy: "2.2.6" };
  const inventory = JSON.stringify({ version: [3, 12, 4], missing: [], modules, distributions: {} });
  const loaded = JSON.stringify({ version: "9.0", error: null });
  const python3 = `case "$(/bin/cat)" in *import_module*) echo 'pippin-doctor ${loaded}';; *) echo 'pippin-doctor ${inventory}';; esac`;
  const env = { PATH: tools({ python3 }), PIPPIN_CACHE: join(tempFolder(), "cache") };
  const { status, stdout } = await runCli(["doctor", "--for", "python"], { env });
  expect(status).toBe(0);
  expect(stdout).toMatch(/^✓ Python engine coremltools: ready/);
  expect(stdout).toMatch(/✓ ok +Python +3\.12\.4 \(python3\)\n/);
});

test.skipIf(!onLinux)(
  "on a Mac with an older Xcode the report says what it is good for, status 3",
  async () => {
    const developer = join(tempFolder(), "Xcode.app/Contents/Developer");
    mkdirSync(developer, { recursive: true });
    const PATH = tools({
      sw_vers: "echo 14.6.1",
      "xcode-select": `echo ${developer}`,
      xcodebuild: 'case "$1" in -version) echo "Xcode 15.4"; echo "Build version 15F31d";; esac',
      xcrun:
        'case "$*" in --version) echo "xcrun version 68.";; *iphoneos*) echo 17.5;; *macosx*) echo 14.5;; *) exit 72;; esac',
      security: "echo '     0 valid identities found'",
    });
    const { status, stdout, stderr } = await runCli(["doctor", "--for", "xcode"], { env: onMac(PATH) });
    expect({ status, stderr }).toEqual({ status: 3, stderr: "" });
    expect(stdout).toMatch(/✓ ok +macOS +14\.6\.1\n/);
    expect(stdout).toMatch(/! too old +Xcode +15\.4; needed: 16 or newer/);
    expect(stdout).toContain(
      "    Stateful models and our Swift package do not build; stateless models do.\n",
    );
    expect(stdout).toMatch(/! too old +iOS SDK +17\.5/);
    expect(stdout).toMatch(/✗ missing +Signing identity +none; needed \(optional\)/);
  },
);

test.skipIf(!onLinux)(
  "no token reaches a tool or the output, and what tools print does not steer the terminal",
  async () => {
    const script = 'printf "\\033[31mtoken:$HF_TOKEN$HUGGING_FACE_HUB_TOKEN:\\007\\n"; exit 1';
    const PATH = tools({ python3: script, "git-lfs": script, swift: script, mlc_llm: script });
    const env = { PATH, HF_TOKEN: "hf_geheim", HUGGING_FACE_HUB_TOKEN: "hf_geheim" };
    for (const args of [["doctor"], ["doctor", "--json"], ["doctor", "--for", "mlc"]]) {
      const { stdout, stderr } = await runCli(args, { env });
      expect(stdout + stderr).not.toContain("hf_geheim");
      expect(stdout).toContain("token::");
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
      expect(stdout).not.toMatch(/[\u0007\u001b]/);
    }
  },
);

test.skipIf(!onLinux)("Ctrl-C ends a tool that hangs, and the command: status 130", async () => {
  const note = join(tempFolder(), "pid");
  const PATH = tools({ python3: `/bin/sleep 600 & echo $! > ${note}; wait` });
  const { child, result } = startCli(["doctor"], { env: { PATH } });
  while (!existsSync(note)) await sleep(5);
  child.kill("SIGINT");
  const { status, stdout, stderr } = await result;
  expect({ status, stdout }).toEqual({ status: 130, stdout: "" });
  expect(stderr).toMatch(/^error: the operation was cancelled \[CORE_CANCELLED\]\n/);
});
