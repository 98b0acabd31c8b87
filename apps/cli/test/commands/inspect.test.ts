import { spawnSync } from "node:child_process";
import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { BIN, PIP_CHAT, runCli } from "../support/run-cli.ts";
import { tempFolder } from "../support/temp-folder.ts";

const converted = inject("converted");
const MODEL_FILE = "Data/com.apple.CoreML/model.mlmodel";

test("a model shows its config and its tensors", async () => {
  const { status, stdout, stderr } = await runCli(["inspect", PIP_CHAT]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toMatch(/^safetensors\n {2}model {4}pip-chat\n {2}type {5}llama\n/);
  expect(stdout).toMatch(/\n {2}model\.embed_tokens\.weight +BF16 {2}\[1024, 192\]\n/);
  expect(stdout).toContain("… 14 more, --all shows them");
});

test("--all leaves nothing out, --json holds everything as one document", async () => {
  const { stdout } = await runCli(["inspect", PIP_CHAT, "--all"]);
  expect(stdout).toContain("model.layers.3.mlp.down_proj.weight");
  expect(stdout).not.toContain("--all shows them");
  const json = JSON.parse((await runCli(["inspect", PIP_CHAT, "--json"])).stdout);
  expect(json).toMatchObject({ kind: "safetensors", facts: { model: "pip-chat", tensors: 38 } });
  expect(json.sections.find(({ title }: { title: string }) => title === "tensors").rows).toHaveLength(38);
});

test.each(["", "pip-chat.mlpackage", "pip-chat.mlpackage/"])("a package is found at OUT/%s", async (name) => {
  const { status, stdout } = await runCli(["inspect", join(converted, name)]);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^coreml\n {2}package +pip-chat\.mlpackage\n/);
  expect(stdout).toContain("function prefill");
});

test.each([
  ["its program is cut off", (path: string) => truncateSync(join(path, MODEL_FILE), 4000)],
  ["its program is empty", (path: string) => truncateSync(join(path, MODEL_FILE), 0)],
  ["its program is missing", (path: string) => rmSync(join(path, MODEL_FILE))],
  ["its manifest is no JSON", (path: string) => writeFileSync(join(path, "Manifest.json"), "{")],
  ["its manifest leads outside", redirectManifest],
])("a package is refused when %s", async (_, damage) => {
  const out = join(tempFolder(), "out");
  cpSync(converted, out, { recursive: true });
  damage(join(out, "pip-chat.mlpackage"));
  const { status, stdout, stderr } = await runCli(["inspect", out]);
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toMatch(/^error: [^\n]+ \[(COREML|CORE)_[A-Z_]+\]\nhint: /);
});

test("a package with cut-off weights does not run", async () => {
  const out = join(tempFolder(), "out");
  cpSync(converted, out, { recursive: true });
  truncateSync(join(out, "pip-chat.mlpackage/Data/com.apple.CoreML/weights/weight.bin"), 1_000_000);
  const { status, stdout, stderr } = await runCli(["generate", out, "--prompt", "Hello"]);
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toMatch(/^error: .*weight\.bin.* \[[A-Z]+_[A-Z_]+\]\nhint: /);
});

test.skipIf(process.platform === "win32")("a reader that leaves early is no error", () => {
  const pipe = `"${process.execPath}" "${BIN}" inspect "${converted}" --json | head -c 10; echo " \${PIPESTATUS[0]}"`;
  const { stdout, stderr } = spawnSync("bash", ["-c", pipe], { encoding: "utf8" });
  expect({ stdout, stderr }).toEqual({ stdout: '{\n  "kind" 0\n', stderr: "" });
});

function redirectManifest(path: string): void {
  const file = join(path, "Manifest.json");
  const text = readFileSync(file, "utf8").replaceAll("com.apple.CoreML/model.mlmodel", "../../../etc/passwd");
  writeFileSync(file, text);
}
