import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { PIP_CHAT, runCli } from "../support/run-cli.ts";
import { writeSyntheticModel } from "../support/synthetic-model.ts";
import { tempFolder } from "../support/temp-folder.ts";

const converted = inject("converted");

test("a conversion is equal to its original", async () => {
  const { status, stdout, stderr } = await runCli(["verify", converted, "--against", PIP_CHAT]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toMatch(
    /^agrees with the original: max \|Δlogit\| 0\.0\d+, KL \d\.\de-\d, top-1 100\.0 %, greedy 96\/96\n$/,
  );
});

test("--json holds every figure", async () => {
  const args = ["verify", converted, "--against", PIP_CHAT, "--prompts", "1", "--tokens", "4", "--json"];
  const { status, stdout } = await runCli(args);
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    positions: expect.any(Number),
    maxAbsError: expect.any(Number),
    meanAbsError: expect.any(Number),
    klDivergence: expect.any(Number),
    top1Agreement: 1,
    greedy: { tokens: 4, equal: 4, differences: [] },
    passed: true,
    warnings: [],
  });
});

test.each([[[]], [["--json"]]])("a package of other weights is found out: status 1 %j", async (more) => {
  const model = join(tempFolder(), "other");
  cpSync(PIP_CHAT, model, { recursive: true });
  const file = join(model, "model.safetensors");
  const bytes = readFileSync(file);
  // The lowest bit of a bf16's exponent is the top bit of its first byte: values double or halve.
  for (let at = 1_000_000; at < 1_400_000; at += 2) bytes[at]! ^= 0x80;
  writeFileSync(file, bytes);
  const { status, stdout } = await runCli(["verify", converted, "--against", model, ...more]);
  expect(status).toBe(1);
  expect(stdout).toContain(more.length > 0 ? '"passed": false' : "DIFFERS from the original");
});

test("weights that are a tenth too large are found out, though the words stay the same for a while", async () => {
  const model = join(tempFolder(), "louder");
  cpSync(PIP_CHAT, model, { recursive: true });
  scaleWeights(join(model, "model.safetensors"), /(q_proj|mlp\..*_proj)\.weight$/, 1.1);
  const { status, stdout } = await runCli(["verify", converted, "--against", model]);
  expect({ status, stdout }).toEqual({
    status: 1,
    stdout: expect.stringContaining("DIFFERS from the original"),
  });
});

/** Multiplies bf16 tensors of a safetensors file in place. */
function scaleWeights(file: string, names: RegExp, factor: number): void {
  const bytes = readFileSync(file);
  const front = 8 + Number(bytes.readBigUInt64LE(0));
  const header: Record<string, { data_offsets: [number, number] }> = JSON.parse(
    bytes.toString("utf8", 8, front),
  );
  const float = new DataView(new ArrayBuffer(4));
  for (const [name, entry] of Object.entries(header)) {
    if (!names.test(name)) continue;
    for (let at = front + entry.data_offsets[0]; at < front + entry.data_offsets[1]; at += 2) {
      float.setUint32(0, bytes.readUInt16LE(at) * 65536);
      float.setFloat32(0, float.getFloat32(0) * factor);
      bytes.writeUInt16LE(float.getUint16(0), at);
    }
  }
  writeFileSync(file, bytes);
}

test("a model of another vocabulary is named as such", async () => {
  const model = join(tempFolder(), "tiny");
  writeSyntheticModel(model, { layers: 1, hidden: 64, vocab: 32, fill: "noise" });
  const { status, stderr } = await runCli(["verify", converted, "--against", model]);
  expect(status).toBe(1);
  expect(stderr).toContain("[VERIFY_VOCABULARY_DIFFERS]");
});
