import { cpSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, inject, test } from "vitest";
import { PIP_CHAT, runCli } from "../support/run-cli.ts";
import { filesIn, sameFiles, tempFolder } from "../support/temp-folder.ts";

const converted = inject("converted");
const MODEL = "Sources/PipKit/Model";

test("a package becomes a Swift package with its app", async () => {
  const cwd = tempFolder();
  const { status, stdout, stderr } = await runCli(["swift", converted, "--out", "app", "--name", "Pip"], {
    cwd,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toMatch(
    /^app {2}4\.\d+ MB, the Swift package PipKit\nneeds iOS 18 or macOS 15, about \d+\.?\d* MB of memory; a self-test of 3 prompts\nnext: open app\/App\/Pip\.xcodeproj on a Mac\n$/,
  );
  const files = filesIn(join(cwd, "app"));
  for (const [path, bytes] of filesIn(join(converted, "pip-chat.mlpackage")))
    expect(files.get(`${MODEL}/pip-chat.mlpackage/${path}`)?.equals(bytes), path).toBe(true);
  expect([...files.keys()]).toEqual(
    expect.arrayContaining([
      "Package.swift",
      "README.md",
      "Sources/PipKit/Pip.swift",
      "Sources/PippinRuntime/LanguageModel.swift",
      "Sources/PippinTokenizer/Tokenizer.swift",
      "Tests/PipKitTests/PipKitTests.swift",
      "App/Pip.xcodeproj/project.pbxproj",
      `${MODEL}/tokenizer.pippin`,
    ]),
  );
});

test("the package in the folder will do, and the second run writes the same bytes", async () => {
  const cwd = tempFolder();
  const inside = join(converted, "pip-chat.mlpackage");
  expect((await runCli(["swift", converted, "--out", "a"], { cwd })).status).toBe(0);
  expect((await runCli(["swift", inside, "--out", "b"], { cwd })).status).toBe(0);
  expect(sameFiles(filesIn(join(cwd, "a")), filesIn(join(cwd, "b")))).toBe(true);
});

test("the self-test holds what pippin generate answers", async () => {
  const cwd = tempFolder();
  await runCli(["swift", converted, "--out", "app", "--name", "Pip"], { cwd });
  const { version, cases } = JSON.parse(readFileSync(join(cwd, "app", MODEL, "selftest.json"), "utf8"));
  expect({ version, count: cases.length }).toEqual({ version: 1, count: 3 });
  for (const { messages, ids, logits, greedy, margins } of cases) {
    expect(logits.top[0][0]).toBe(greedy[0]);
    expect(logits.top).toHaveLength(16);
    expect(margins).toHaveLength(greedy.length);
    expect(margins[0]).toBeCloseTo(logits.top[0][1] - logits.top[1][1], 6);
    if (messages.length > 1) continue;
    const args = [
      "generate",
      converted,
      "--prompt",
      messages[0].content,
      "--max-tokens",
      "16",
      "--precision",
      "fp16",
    ];
    const generated = JSON.parse((await runCli([...args, "--json"], { cwd })).stdout);
    expect({ promptIds: ids, ids: greedy }).toEqual({ promptIds: generated.promptIds, ids: generated.ids });
  }
});

test("weights for a server stay out, and what is to be uploaded is listed", async () => {
  const cwd = tempFolder();
  const args = [
    "swift",
    converted,
    "--out",
    "app",
    "--name",
    "Pip",
    "--weights",
    "download",
    "--url",
    "https://example.com/pip/",
  ];
  const { status, stdout } = await runCli([...args, "--no-demo", "--no-self-test"], { cwd });
  expect(status).toBe(0);
  expect(stdout).toMatch(/\nupload to https:\/\/example\.com\/pip\/, from .*:\n/);
  expect(stdout).toMatch(
    /\n {2}pip-chat\.mlpackage\/Data\/com\.apple\.CoreML\/weights\/weight\.bin {2}3\.62 MB\n/,
  );
  expect(stdout).toMatch(/; no self-test\n/);
  const paths = [...filesIn(join(cwd, "app")).keys()];
  expect(paths.filter((path) => /weight\.bin|^App\/|selftest\.json$/.test(path))).toEqual([]);
  const { files } = JSON.parse(readFileSync(join(cwd, "app", MODEL, "pippin-manifest.json"), "utf8"));
  for (const file of files) expect(file).toMatchObject({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
});

test("--json is one document", async () => {
  const cwd = tempFolder();
  const { status, stdout, stderr } = await runCli(["swift", converted, "--out", "app", "--json"], { cwd });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(JSON.parse(stdout)).toMatchObject({
    artifacts: [{ kind: "swift", path: "app" }],
    facts: {
      name: "pip_chat",
      source: "pip-chat",
      contextLength: 512,
      // As models/pip-chat/README.md says.
      parameters: 1_771_200,
      vocabSize: 1024,
      minimumSystem: { iOS: 18, macOS: 15 },
    },
    entitlements: [],
    warnings: [],
  });
});

test("--dry-run writes nothing", async () => {
  const cwd = tempFolder();
  const { status, stdout } = await runCli(["swift", converted, "--out", "app", "--dry-run"], { cwd });
  expect(status).toBe(0);
  expect(stdout).toMatch(/^would write app: 4\.\d+ MB in \d+ files, the Swift package pip_chatKit\n$/);
  expect(readdirSync(cwd)).toEqual([]);
});

test("a stateless package needs no system with states, and lacks hashes when its manifest is gone", async () => {
  const cwd = tempFolder();
  const options = ["--program", "stateless", "--target", "ios16", "--context", "64"];
  await runCli(["convert", PIP_CHAT, ...options, "--out", "less"], { cwd });
  rmSync(join(cwd, "less/pippin-manifest.json"));
  const { status, stdout } = await runCli(["swift", "less", "--out", "app", "--name", "Pip", "--json"], {
    cwd,
  });
  expect(status).toBe(0);
  // The runtime needs iOS 17.
  expect(JSON.parse(stdout).facts).toMatchObject({ minimumSystem: { iOS: 17, macOS: 14 }, cacheBytes: 0 });
  const { files } = JSON.parse(readFileSync(join(cwd, "app", MODEL, "pippin-manifest.json"), "utf8"));
  expect(files).toHaveLength(3);
  for (const file of files) expect(file.sha256).toMatch(/^[0-9a-f]{64}$/);
});

test("a model without a licence is warned of", async () => {
  const cwd = tempFolder();
  cpSync(PIP_CHAT, join(cwd, "model"), { recursive: true });
  rmSync(join(cwd, "model/README.md"));
  await runCli(["convert", "model", "--out", "out"], { cwd });
  const { status, stderr } = await runCli(["swift", "out", "--out", "app", "--no-self-test"], { cwd });
  expect(status).toBe(0);
  expect(stderr).toMatch(
    /^warning: the package names no licence of the model \[SWIFT_LICENSE_UNCHECKED\]\n.*\n$/,
  );
});

test.each([
  [["--name", "class"], "SWIFT_NAME_INVALID"],
  [["--weights", "download"], "SWIFT_OPTION_INVALID"],
  [["--weights", "download", "--url", "http://example.com"], "SWIFT_OPTION_INVALID"],
])("%j is wrong usage: %s", async (flags, code) => {
  const cwd = tempFolder();
  const { status, stderr } = await runCli(["swift", converted, "--out", "app", ...flags], { cwd });
  expect({ status, code: /\[(\w+)\]/.exec(stderr)?.[1] }).toEqual({ status: 2, code });
  expect(existsSync(join(cwd, "app"))).toBe(false);
});

test("a backend that has no engine in Swift is a plain error, and deploy ends before the app", async () => {
  const cwd = tempFolder();
  const fixture = join(import.meta.dirname, "../fixtures/raw-backend");
  for (const name of ["pippin.json", "raw-backend.js"])
    symlinkSync(join(fixture, name), join(cwd, basename(name)));
  const deployed = await runCli(["deploy", PIP_CHAT, "--backend", "raw", "--out", "raw"], { cwd });
  expect(deployed.status).toBe(0);
  expect(deployed.stdout).toMatch(/\napp {6}not written: it needs an engine in Swift for its backend\n/);
  const { status, stderr } = await runCli(["swift", "raw", "--out", "app"], { cwd });
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /^error: the backend "raw" does not say what runs its packages in an app \[CLI_NO_SWIFT\]\n/,
  );
});
