import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CandidatePlan, ModelPlan } from "@pippin/plan";
import { expect, test } from "vitest";
import { writeSparseModel } from "../../../../tools/bench/sparse-model.ts";
import { bytesFetched, startHub } from "../support/hub.ts";
import { runInProcess } from "../support/in-process.ts";
import { PIP_CHAT, runCli } from "../support/run-cli.ts";
import { filesIn, tempFolder } from "../support/temp-folder.ts";

/** Of the families of Qwen2.5, Llama 3.2 and Qwen3, in their proportions, scaled down. */
const FAMILIES = {
  qwen2: { model_type: "qwen2", num_attention_heads: 7, num_key_value_heads: 1, hidden_size: 448 },
  llama: {
    model_type: "llama",
    num_attention_heads: 8,
    num_key_value_heads: 2,
    hidden_size: 256,
    head_dim: 32,
  },
  qwen3: {
    model_type: "qwen3",
    num_attention_heads: 8,
    num_key_value_heads: 2,
    hidden_size: 192,
    head_dim: 48,
  },
} as const;

const COMMON = {
  ...{ hidden_act: "silu", rms_norm_eps: 1e-6, rope_theta: 1e6, max_position_embeddings: 300 },
  ...{ vocab_size: 1031, num_hidden_layers: 3, intermediate_size: 608 },
};

const CASES = Object.keys(FAMILIES).flatMap((family) =>
  (
    [
      ["stateful", true, "ios18"],
      ["stateful", false, "ios18"],
      ["stateless", true, "ios18"],
      ["stateless", false, "ios16"],
    ] as const
  ).map(([program, tied, target]) => [family as keyof typeof FAMILIES, { program, tied, target }] as const),
);

async function planOf(args: readonly string[], cwd: string): Promise<ModelPlan> {
  const { status, stdout, stderr } = await runInProcess(["plan", ...args, "--json"], { cwd });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return JSON.parse(stdout);
}

test.each(CASES)(
  "plan of a %s model (%j) says to the byte what conversion writes",
  { timeout: 60_000 },
  async (family, { program, tied, target }) => {
    const cwd = tempFolder();
    writeSparseModel(join(cwd, "model"), { ...COMMON, ...FAMILIES[family], tie_word_embeddings: tied });
    const plan = await planOf(
      [join(cwd, "model"), "--program", program, "--target", target, "--context", "200"],
      cwd,
    );
    const encodings = plan.candidates.map(({ encoding }) => encoding);
    const refused = target === "ios16" ? ["int4"] : [];
    expect(new Set([...encodings, ...refused])).toEqual(new Set(["none", "int8", "int4", "lut4", "lut6"]));
    for (const candidate of plan.candidates) await expectExact(candidate, cwd);
    const { config, packageBytes, cacheBytes } = plan.devices[0]!.recommendation!;
    await expectExact({ options: config.convert, packageBytes, cacheBytes }, cwd);
  },
);

async function expectExact(
  { options, packageBytes, cacheBytes }: Pick<CandidatePlan, "options" | "packageBytes" | "cacheBytes">,
  cwd: string,
): Promise<void> {
  const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const out = join(cwd, "out");
  const { status } = await runInProcess(["convert", join(cwd, "model"), "--out", out, "--force", ...flags], {
    cwd,
  });
  expect(status).toBe(0);
  const written = [...filesIn(join(out, "model.mlpackage")).values()];
  expect({ options, bytes: packageBytes }).toEqual({
    options,
    bytes: written.reduce((sum, bytes) => sum + bytes.length, 0),
  });
  expect(cacheBytes).toBe(await stateBytes(out));
}

/** Of the states that the written program declares, each number two bytes. */
async function stateBytes(out: string): Promise<number> {
  const { stdout } = await runInProcess(["inspect", out, "--json"]);
  const { sections } = JSON.parse(stdout) as {
    sections: { title: string; rows: { name: string; shape?: number[] }[] }[];
  };
  const decode = sections.find(({ title }) => title === "function decode");
  const states = decode?.rows.filter(({ name }) => name.endsWith("Cache")) ?? [];
  return states.reduce((sum, { shape }) => sum + shape!.reduce((a, b) => a * b, 2), 0);
}

test("a repository is planned by its headers, to the byte and pinned to its commit", async () => {
  const { server, env } = await startHub();
  const { status, stdout } = await runInProcess(["plan", "pip/pip-chat", "--device", "iphone-16", "--json"], {
    env,
  });
  expect(status).toBe(0);
  expect(bytesFetched(server)).toBeLessThan(200_000);
  const { recommendation } = (JSON.parse(stdout) as ModelPlan).devices[0]!;
  const { model, convert } = recommendation!.config;
  expect(model).toBe(`pip/pip-chat@${server.commits["pip/pip-chat"]}`);
  const out = join(tempFolder(), "out");
  const flags = Object.entries(convert).flatMap(([name, value]) => [`--${name}`, String(value)]);
  await runInProcess(["convert", model, "--out", out, ...flags], { env });
  const written = [...filesIn(join(out, "pip-chat.mlpackage")).values()];
  expect(written.reduce((sum, bytes) => sum + bytes.length, 0)).toBe(recommendation!.packageBytes);
});

test("people read what the model is, how it can be stored, and what to take where", async () => {
  const { status, stdout, stderr } = await runCli(["plan", PIP_CHAT]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toMatch(/^pip-chat: 1\.77 million parameters/);
  expect(stdout).toMatch(/\n {2}int4 gpu +6\.0 +1\.32 MB +524 kB /);
  expect(stdout).toMatch(/\n {2}iPhone 16 +~3\.22 GB, entitled ~6\.44 GB +none gpu +fits +512 /);
});

test("one device is shown with every candidate, the reasons, and the command that comes next", async () => {
  const { stdout } = await runCli(["plan", PIP_CHAT, "--device", "iPhone16,1"]);
  expect(stdout).toContain("\niPhone 15 Pro, A17 Pro\n  encoding  needs");
  expect(stdout).toMatch(/\niPhone 15 Pro: none gpu fits, about \d+ tokens\/s\nprefill: /);
  expect(stdout).toMatch(
    /\nnext: npx pippin deploy \S+ --quantize none --program stateful --target ios18 --compute gpu --context 512 --prefill \d+\n$/,
  );
});

test("devices are named several times, by kind, and all at once", async () => {
  const two = await planOf([PIP_CHAT, "--device", "iphone-13", "--device", "mac"], process.cwd());
  expect(two.devices[0]!.id).toBe("iphone-13");
  expect(two.devices.slice(1).every(({ kind }) => kind === "mac")).toBe(true);
  const all = await planOf([PIP_CHAT, "--device", "all", "--device", "iphone-13"], process.cwd());
  expect(new Set(all.devices.map(({ id }) => id)).size).toBe(all.devices.length);
});

test("an engine that was asked for leaves the others out", async () => {
  const { candidates } = await planOf([PIP_CHAT, "--engine", "coreml-ane"], process.cwd());
  expect(new Set(candidates.map(({ engine }) => engine))).toEqual(new Set(["coreml-ane"]));
});

test("--write writes a pippin.json that convert takes, and keeps what else is in it", async () => {
  const cwd = tempFolder();
  symlinkSync(PIP_CHAT, join(cwd, "pip"));
  writeFileSync(join(cwd, "pippin.json"), JSON.stringify({ backends: ["@pippin/coreml"] }));
  const { status, stdout } = await runCli(["plan", "pip", "--device", "iphone-16", "--write"], { cwd });
  expect(status).toBe(0);
  expect(stdout).toMatch(/\nwrote pippin\.json\nnext: npx pippin deploy\n$/);
  const config = JSON.parse(readFileSync(join(cwd, "pippin.json"), "utf8"));
  expect(config).toMatchObject({
    ...{ backends: ["@pippin/coreml"], model: "pip", backend: "coreml" },
    convert: { quantize: "none", target: "ios18", compute: "gpu", context: 512 },
  });
  const dry = await runCli(["convert", "--dry-run"], { cwd });
  expect(dry.stdout).toContain(`prefill ${config.convert.prefill}, weights fp16`);
});

test("a backend of a third party is planned like ours, and its pippin.json holds its options only", async () => {
  const cwd = tempFolder();
  const raw = join(import.meta.dirname, "../fixtures/raw-backend/raw-backend.js");
  writeFileSync(join(cwd, "pippin.json"), JSON.stringify({ backends: [raw] }));
  const { status, stderr } = await runCli(["plan", PIP_CHAT, "--device", "mac-m4-16gb", "--write"], { cwd });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const config = JSON.parse(readFileSync(join(cwd, "pippin.json"), "utf8"));
  expect(config).toMatchObject({ backends: [raw], backend: "raw", convert: { context: 512 } });
  expect(Object.keys(config.convert)).toEqual(["context"]);
  expect((await runCli(["convert", "--dry-run"], { cwd })).status).toBe(0);
});

test("--write does not replace the choices for another model, unless it is forced to", async () => {
  const cwd = tempFolder();
  const before = '{"model": "ORG/Other@main"}';
  writeFileSync(join(cwd, "pippin.json"), before);
  const args = ["plan", PIP_CHAT, "--device", "iphone-16", "--write"];
  const { status, stdout, stderr } = await runCli(args, { cwd });
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toMatch(/is for ORG\/Other@main, not for .* \[CLI_USAGE\]\nhint: {2}Give --force/);
  expect(readFileSync(join(cwd, "pippin.json"), "utf8")).toBe(before);
  expect((await runCli([...args, "--force"], { cwd })).status).toBe(0);
  expect(JSON.parse(readFileSync(join(cwd, "pippin.json"), "utf8")).model).toBe(PIP_CHAT);
});

test("--dry-run writes nothing", async () => {
  const cwd = tempFolder();
  const args = ["plan", PIP_CHAT, "--device", "iphone-16", "--write", "--dry-run"];
  expect((await runCli(args, { cwd })).stdout).toContain("\nwould write pippin.json\n");
  expect(existsSync(join(cwd, "pippin.json"))).toBe(false);
});

test("a page that cannot be written says so and leaves nothing", async () => {
  const cwd = tempFolder();
  mkdirSync(join(cwd, "plan.html"));
  const args = ["plan", PIP_CHAT, "--device", "iphone-16", "--html", join(cwd, "plan.html")];
  const { status, stderr } = await runInProcess(args, { cwd });
  expect({ status, stderr }).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("[CORE_OUTPUT_UNWRITABLE]"),
  });
  expect(readdirSync(cwd)).toEqual(["plan.html"]);
});

test("--html writes a page of every device", async () => {
  const cwd = tempFolder();
  const { status } = await runCli(["plan", PIP_CHAT, "--device", "all", "--html", "plan.html"], { cwd });
  expect(status).toBe(0);
  const html = readFileSync(join(cwd, "plan.html"), "utf8");
  expect(html).toMatch(/^<!doctype html>/);
  expect(html).toContain("iPhone 15 Pro");
});

test.each([
  [
    ["--device", "iphone 15 pr"],
    /no device "iphone 15 pr".*\[PLAN_DEVICE_UNKNOWN\]\nhint: {2}Similar ones: .*iphone-15-pro/,
  ],
  [["--device", "\u001b[31mx"], /no device "\\u001b\[31mx"/],
  [["--write"], /--write takes one device, 6 are planned for/],
  [["--html", "plan.txt"], /--html plan\.txt does not end in \.html/],
  [["--html", "no/such/plan.html"], /the folder of --html no\/such\/plan\.html does not exist/],
  [["--engine", "mlx"], /no package of coreml runs on mlx .*\nhint: {2}Known: coreml-gpu, coreml-ane/],
  [["--prompt", "512"], /a prompt of 512 tokens leaves no room/],
  [["--prompt", "0"], /--prompt/],
  [["--context", "100000"], /\[COREML_OPTION_INVALID\]/],
  [["--quantize", "int4"], /unknown option '--quantize'/],
])("%j is refused", async (args, message) => {
  const cwd = tempFolder();
  const { status, stdout, stderr } = await runCli(["plan", PIP_CHAT, ...args], { cwd });
  expect({ stdout, stderr }).toEqual({ stdout: "", stderr: expect.stringMatching(message) });
  expect(status).not.toBe(0);
  expect([...filesIn(cwd).keys()]).toEqual([]);
});

test("without a model it says where one can be named", async () => {
  const { status, stderr } = await runCli(["plan"], { cwd: tempFolder() });
  expect(status).toBe(2);
  expect(stderr).toMatch(/no model is named/);
});
