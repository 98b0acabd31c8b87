import { expect, test } from "vitest";
import { readPackage } from "../../src/package/read-package.ts";
import type { Block, Operation } from "../../src/proto/mil.ts";
import { convert } from "../support/convert.ts";
import { tinyModel } from "../support/tiny-model.ts";

async function lowered(model: Record<string, unknown>, options: Record<string, unknown>) {
  const opened = await readPackage((await convert(await tinyModel(model), options)).path);
  const blocks = new Map<string, Block>();
  for (const [name, fn] of opened.program.functions)
    blocks.set(name, fn.block_specializations.get(fn.opset ?? "")!);
  return { opened, blocks, description: opened.model.description! };
}

const types = (operations: readonly Operation[]) => new Set(operations.map((operation) => operation.type));
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

test.each([
  ["stateful", {}, {}],
  ["stateless ranged", {}, { program: "stateless" }],
  ["stateless fixed for iOS 16", {}, { program: "stateless", length: "fixed", target: "ios16" }],
  ["qwen3 with its head norms", { model_type: "qwen3" }, {}],
  ["mistral with a window", { model_type: "mistral", sliding_window: 8 }, { program: "stateless" }],
  ["partial rotary", { partial_rotary_factor: 0.5 }, {}],
])("%s: every name is an identifier, defined once and before its use", async (_, model, options) => {
  const { opened, blocks } = await lowered(model, options);
  for (const [name, block] of blocks) {
    const defined = new Set(opened.program.functions.get(name)!.inputs.map((input) => input.name!));
    for (const operation of block.operations) {
      for (const { arguments: bindings } of operation.inputs.values()) {
        for (const binding of bindings) expect(defined).toContain(binding.name);
      }
      for (const { name: output } of operation.outputs) {
        expect(output).toMatch(IDENTIFIER);
        expect(defined).not.toContain(output);
        defined.add(output!);
      }
    }
    for (const output of block.outputs) expect(defined).toContain(output);
  }
});

test("a stateful package has decode and prefill over one weight file and two states", async () => {
  const { description, blocks } = await lowered({}, { context: 40, prefill: 16 });
  expect(description.defaultFunctionName).toBe("decode");
  const [decode, prefill] = description.functions;
  if (!decode || !prefill) throw new Error("two functions were expected");
  const shapes = (features: typeof decode.input) =>
    Object.fromEntries(
      features.map(({ name, type }) => [name, (type?.multiArrayType ?? type?.stateType?.arrayType)?.shape]),
    );
  expect(shapes(decode.input)).toEqual({ input_ids: [1, 1], position: [1] });
  expect(shapes(prefill.input)).toEqual({ input_ids: [1, 16], position: [1], last_token: [1] });
  expect(shapes(prefill.output)).toEqual({ logits: [1, 1, 61] });
  // A context of 40 takes 64 slots: the Neural Engine wants multiples of 32.
  expect(shapes(decode.state)).toEqual({ keyCache: [2, 2, 64, 8], valueCache: [2, 2, 64, 8] });
  const offsets = [...blocks.values()].map(
    (block) =>
      new Map(
        block.operations.flatMap((operation) => {
          const blob = operation.attributes.get("val")?.blobFileValue;
          const name = operation.outputs[0]?.name;
          return blob && name?.endsWith("_weight") ? [[name, blob.offset] as const] : [];
        }),
      ),
  );
  expect(offsets[0]).toEqual(offsets[1]);
});

test("attention is one operation where iOS 18 has it, and spelled out before", async () => {
  const stateful = await lowered({}, {});
  expect(types(stateful.blocks.get("decode")!.operations)).toContain("scaled_dot_product_attention");
  const stateless = await lowered({}, { program: "stateless", target: "ios17" });
  expect(types(stateless.blocks.get("main")!.operations)).not.toContain("scaled_dot_product_attention");
});

test("a ranged stateless input takes one token up to the context", async () => {
  const { description } = await lowered({}, { program: "stateless", context: 48 });
  const [ids, mask] = description.input;
  expect(ids!.type!.multiArrayType).toMatchObject({
    shape: [1, 48],
    shapeRange: {
      sizeRanges: [
        { lowerBound: 1, upperBound: 1 },
        { lowerBound: 1, upperBound: 48 },
      ],
    },
  });
  expect(mask!.name).toBe("attention_mask");
});

test("the names of swift-transformers can be had", async () => {
  const { description } = await lowered({}, { program: "stateless", names: "swift-transformers" });
  expect(description.input.map(({ name }) => name)).toEqual(["inputIds", "attentionMask"]);
});

test("what Xcode shows is there: descriptions, license, chat template, stop tokens", async () => {
  const { description } = await lowered({}, {});
  expect(description.metadata).toMatchObject({ license: "apache-2.0" });
  const user = description.metadata!.userDefined;
  expect(user.get("pippin.chatTemplate")).toBe("{{ x }}");
  expect(user.get("pippin.stopTokens")).toBe("2");
  for (const fn of description.functions) {
    for (const feature of [...fn.input, ...fn.output, ...fn.state])
      expect(feature.shortDescription).toBeTruthy();
  }
});
