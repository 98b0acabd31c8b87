import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CoremltoolsOptions, coremltoolsEngine } from "../src/coremltools.ts";
import { ENV, fakePython, tempFolder } from "./support/fake-python.ts";

const MANIFEST = {
  version: 1,
  backend: "coreml",
  program: "stateless",
  model: { source: "ORG/Pip", family: "llama", vocabSize: 8 },
  contextLength: 16,
  packages: ["Pip.mlpackage"],
  functions: [
    {
      name: "main",
      tokens: { min: 1, max: 16 },
      padding: "right",
      logitsRows: "all",
      inputs: [],
      outputs: [],
    },
  ],
  defaultFunction: "main",
  states: [],
  mask: "attentionMask",
  stopTokens: [2],
  normForm: "rms-max-scaled",
  quantization: "none",
};

/** An engine that writes an empty package and answers with its request. */
const writing = (result: string) => `
  process.stdin.once("data", (line) => {
    const request = JSON.parse(line);
    fs.writeFileSync(path.join(request.work, "scratch"), "");
    fs.mkdirSync(request.output);
    fs.writeFileSync(path.join(request.output, "Manifest.json"), "{}");
    fs.writeFileSync(path.join(request.output, "weight.bin"), Buffer.alloc(9 << 20));
    console.error(JSON.stringify(request));
    const manifest = ${JSON.stringify(MANIFEST)};
    say("result", { value: ${result} });
    process.exit(0);
  });
`;
const GOOD = `{ manifest: { ...manifest, model: { ...manifest.model, source: JSON.stringify(request) } }, package: "Pip.mlpackage" }`;

function convert(body: string, options: Record<string, unknown> = { program: "stateless" }, context = {}) {
  const output = tempFolder();
  const input = { model: "models/pip", name: "Pip", facts: { source: "ORG/Pip", stopTokens: [2] } };
  const run = { python: fakePython(body), env: ENV, output };
  return { output, done: coremltoolsEngine.convert(input, CoremltoolsOptions.parse(options), run, context) };
}

test("the package and its hashes are what is left of a conversion", async () => {
  const { output, done } = convert(writing(GOOD));
  const { artifacts } = await done;
  expect(readdirSync(output)).toEqual(["Pip.mlpackage"]);
  const [artifact] = artifacts;
  expect(artifact).toMatchObject({ kind: "coreml", path: join(output, "Pip.mlpackage") });
  const sizes = artifact!.files.map(({ path, size, chunkSha256 }) => [path, size, chunkSha256?.length]);
  expect(sizes).toEqual([
    ["Manifest.json", 2, undefined],
    ["weight.bin", 9 << 20, 2],
  ]);
});

test("the request says everything: nothing is left to the script's defaults", async () => {
  const { done } = convert(writing(GOOD), { quantize: "int4", names: "swift-transformers", context: 64 });
  const request = JSON.parse((await done).manifest.model.source);
  expect(request).toMatchObject({
    program: "stateful",
    target: "ios18",
    quantize: "int4",
    context: 64,
    prefill: 64,
    length: "ranged",
    route: "own",
    names: { tokens: "inputIds", lastToken: "lastToken", keyCache: "keyCache", logits: "logits" },
    facts: { source: "ORG/Pip", revision: null, license: null, stopTokens: [2] },
  });
});

test.each([
  ["another package", writing(`{ manifest, package: "../evil" }`), "names its package"],
  [
    "a manifest of another form",
    writing(`{ manifest: { version: 2 }, package: "Pip.mlpackage" }`),
    "its result is not one",
  ],
  [
    "no package",
    `say("result", { value: { manifest: ${JSON.stringify(MANIFEST)}, package: "Pip.mlpackage" } });`,
    "",
  ],
])("a result that names %s is refused", async (_, body, said) => {
  const error = await convert(body).done.catch((caught) => caught);
  expect(error.message).toContain(said);
  expect(error).toHaveProperty("code");
});

test.each([
  [{ program: "stateful", target: "ios17" }, "needs ios18"],
  [{ program: "stateless", quantize: "int4" }, "int4 weights need ios18, the target is ios17"],
  [{ program: "stateful", route: "transformers" }, "stateless program only"],
])("options that do not go together are refused before Python starts: %o", async (options, said) => {
  const { done } = convert("process.exit(1)", options);
  await expect(done).rejects.toMatchObject({
    code: "PYTHON_OPTION_INVALID",
    message: expect.stringContaining(said),
  });
});

test("what was needed on the way goes, also when the engine fails or is stopped", async () => {
  const failing = convert(writing(GOOD).replace("process.exit(0)", "process.exit(1)"));
  await expect(failing.done).rejects.toMatchObject({ code: "PYTHON_FAILED" });
  expect(readdirSync(failing.output).filter((name) => name.startsWith("."))).toEqual([]);
  const controller = new AbortController();
  const hanging = `say("progress", { done: 0, total: 1, item: "x" }); hang();`;
  const context = { signal: controller.signal, progress: () => controller.abort() };
  const stopped = convert(hanging, { program: "stateless" }, context);
  await expect(stopped.done).rejects.toMatchObject({ code: "CORE_CANCELLED" });
  expect(readdirSync(stopped.output)).toEqual([]);
});
