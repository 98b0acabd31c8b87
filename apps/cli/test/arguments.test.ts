import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { runInProcess } from "./support/in-process.ts";
import { BIN, PIP_CHAT, runCli } from "./support/run-cli.ts";
import { tempFolder } from "./support/temp-folder.ts";

const converted = inject("converted");

test.each([
  ["no command", []],
  ["an unknown command", ["convrt"]],
  ["an unknown option", ["convert", PIP_CHAT, "--otu", "x"]],
  ["a bad choice", ["convert", PIP_CHAT, "--program", "both"]],
  ["a bad number", ["convert", PIP_CHAT, "--context", "many"]],
  ["a number out of range", ["convert", PIP_CHAT, "--context", "0"]],
  ["an unknown backend", ["convert", PIP_CHAT, "--backend", "onnx"]],
  ["no model", ["convert"]],
  ["two models", ["convert", PIP_CHAT, PIP_CHAT]],
  ["verify without --against", ["verify", converted]],
  [
    "verify with no prompts, which would prove nothing",
    ["verify", converted, "--against", PIP_CHAT, "--prompts", "0"],
  ],
  ["verify with no tokens", ["verify", converted, "--against", PIP_CHAT, "--tokens", "0"]],
  ["verify with a text that is not there", ["verify", converted, "--against", PIP_CHAT, "--text", "nowhere"]],
  ["a report of no known form", ["verify", converted, "--against", PIP_CHAT, "--report", "report.pdf"]],
  ["a report in no folder", ["verify", converted, "--against", PIP_CHAT, "--report", "nowhere/report.md"]],
  ["neither --prompt nor --messages", ["generate", converted]],
  ["both --prompt and --messages", ["generate", converted, "--prompt", "a", "--messages", "b.json"]],
  ["--raw messages", ["generate", converted, "--raw", "--messages", "b.json"]],
  ["messages that are not there", ["generate", converted, "--messages", "nowhere.json"]],
  ["no tokens to generate", ["generate", converted, "--prompt", "a", "--max-tokens", "0"]],
  ["a temperature below 0", ["generate", converted, "--prompt", "a", "--temperature", "-1"]],
  ["half a token of top-k", ["generate", converted, "--prompt", "a", "--top-k", "1.5"]],
  ["a top-p above 1", ["generate", converted, "--prompt", "a", "--top-p", "1.1"]],
  ["a min-p below 0", ["chat", converted, "--min-p", "-0.1"]],
  ["a repetition penalty of 0", ["chat", converted, "--repetition-penalty", "0"]],
  ["a frequency penalty above 2", ["generate", converted, "--prompt", "a", "--frequency-penalty", "3"]],
  ["a presence penalty that is no number", ["chat", converted, "--presence-penalty", "much"]],
  ["merge-shards without --out", ["merge-shards", PIP_CHAT]],
])("%s is wrong usage: status 2, with a way on", async (_, args) => {
  const { status, stdout, stderr } = await runInProcess(args, { cwd: tempFolder() });
  expect(status).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toMatch(args.length === 0 ? /^Usage: pippin/ : /^error: [^\n]+ \[CLI_USAGE\]\nhint: {2}\S/);
  expect(stderr).not.toContain("    at ");
});

test.each([
  ["a model that is not there", ["convert", "nowhere"], "CHECKPOINT_NOT_FOUND"],
  ["an empty folder", ["convert", "empty"], "CHECKPOINT_NO_WEIGHTS"],
  ["an empty folder as a package", ["verify", "empty", "--against", PIP_CHAT], "CLI_NOT_A_PACKAGE"],
  ["a model where a package belongs", ["generate", PIP_CHAT, "--prompt", "a"], "CLI_NOT_A_PACKAGE"],
  ["inspecting nothing", ["inspect", "nowhere"], "CHECKPOINT_NOT_FOUND"],
  ["options that exclude each other", ["convert", PIP_CHAT, "--target", "ios16"], "COREML_OPTION_INVALID"],
])("%s fails with status 1 and a code", async (_, args, code) => {
  const cwd = tempFolder();
  mkdirSync(join(cwd, "empty"));
  const json = await runCli([...args, "--json"], { cwd });
  expect(json).toMatchObject({ status: 1, stdout: "" });
  expect(JSON.parse(json.stderr)).toMatchObject({
    error: { code, message: expect.any(String), hint: expect.any(String) },
  });
  expect(readdirSync(cwd)).toEqual(["empty"]);
});

test.each([
  ["kl = 1", "VERIFY_CONDITION_INVALID"],
  ["quality < 1", "VERIFY_METRIC_UNKNOWN"],
])("the threshold %s is wrong usage, before anything is opened", async (condition, code) => {
  const { status, stderr } = await runInProcess([
    "verify",
    "nowhere",
    "--against",
    "x",
    "--fail-if",
    condition,
  ]);
  expect(status).toBe(2);
  expect(stderr).toContain(`[${code}]`);
});

test("people get the same on two lines", async () => {
  const { status, stderr } = await runCli(["convert", "nowhere"], { cwd: tempFolder() });
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /^error: there is no file or folder nowhere \[CHECKPOINT_NOT_FOUND\]\nhint: {2}\S.*\n$/,
  );
});

test("a mistyped command or option is answered with what may have been meant", async () => {
  expect((await runInProcess(["convrt"])).stderr).toContain("Did you mean convert?");
  const { stderr } = await runInProcess(["inspect", "x", "--jsn"]);
  expect(stderr).toContain("Did you mean --json? See pippin inspect --help.");
});

test.each([[["--help"]], [["help"]], [["help", "convert"]], [["convert", "--help"]], [["chat", "--help"]]])(
  "%j prints help on stdout",
  async (args) => {
    const { status, stdout, stderr } = await runInProcess(args);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(/^Usage: pippin/);
  },
);

test("every command's help has an example", async () => {
  const { stdout } = await runInProcess(["--help"]);
  const commands = [...stdout.matchAll(/^ {2}([a-z]+(?:-[a-z]+)*) {2,}/gm)].map(([, name]) => name!);
  expect(commands).toEqual([
    "doctor",
    "deploy",
    "fetch",
    "plan",
    "convert",
    "quantize",
    "swift",
    "verify",
    "chat",
    "generate",
    "tokenizer",
    "inspect",
    "merge-shards",
    "cache",
    "python",
  ]);
  for (const command of commands) {
    const help = await runInProcess([command, "--help"]);
    expect(help.stdout, command).toMatch(new RegExp(`Examples?:\\n {2}pippin ${command} `));
    expect(help.stdout, command).not.toContain("default: []");
  }
});

test("the version is printed", async () => {
  expect(await runCli(["--version"])).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
  });
});

test("help loads neither a backend nor zod", async () => {
  const { status, stderr } = await runCli(["--help"], { env: { NODE_DEBUG: "esm" } });
  expect(status).toBe(0);
  expect(stderr).not.toMatch(/packages\/coreml|node_modules\/zod/);
});

test("a Node that is too old is told so before anything is loaded", async () => {
  const old =
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.11.1' } })";
  const { status, stderr } = await runCli(["--help"], {
    env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(old)}` },
  });
  expect(stderr).toBe(
    "error: Pippin needs Node 22.18 or newer, this is 20.11.1 [CLI_NODE_TOO_OLD]\nhint:  Install a newer Node from https://nodejs.org.\n",
  );
  expect(status).toBe(3);
});

test("what has not been built says how", async () => {
  const folder = tempFolder();
  mkdirSync(join(folder, "bin"));
  cpSync(BIN, join(folder, "bin/pippin.js"));
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  const { status, stderr } = spawnSync(process.execPath, [join(folder, "bin/pippin.js")], {
    encoding: "utf8",
  });
  expect(stderr).toContain("[CLI_NOT_BUILT]\nhint:  Run npm run build");
  expect(status).toBe(3);
});
