import { expect, test } from "vitest";
import { milTypeOf } from "../../src/mil/types.ts";
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

/** Wide enough for matrices to be compressed: 2,048 elements and fewer stay fp16. */
const WIDE = { hidden_size: 64, intermediate_size: 96, vocab_size: 301 };

test.each([
  ["int8", "INT8"],
  ["int4", "INT4"],
] as const)(
  "%s matrices are stored once for all functions, embeddings as int8, vectors in fp16",
  async (quantize, dtype) => {
    const { blocks } = await lowered(WIDE, { quantize });
    const stored = [...blocks.values()].map((block) =>
      block.operations.flatMap((operation) => {
        if (operation.type !== "constexpr_blockwise_shift_scale") return [];
        const [data, scale] = ["data", "scale"].map((part) => {
          const value = operation.inputs.get(part)!.arguments[0]!.value!;
          return { type: milTypeOf(value.type, part), offset: value.blobFileValue!.offset };
        });
        return [{ name: operation.outputs[0]!.name, data, scale }];
      }),
    );
    expect(stored[0]).toEqual(stored[1]);
    const types = new Map(stored[0]!.map(({ name, data, scale }) => [name, [data!.type, scale!.type]]));
    expect(types.get("embedding_weight")).toEqual([
      { dtype: "INT8", shape: [301, 64] },
      { dtype: "FLOAT16", shape: [301, 1] },
    ]);
    expect(types.get("layers_1_mlp_down_weight")).toEqual([
      { dtype, shape: [64, 96] },
      { dtype: "FLOAT16", shape: [64, quantize === "int8" ? 1 : 3] },
    ]);
    // 16 × 64 values, and the norms.
    expect(types.has("layers_0_attention_k_weight")).toBe(false);
    expect(types.size).toBe(1 + 2 * 3);
  },
);

test("blocks of 32 that do not fit become blocks of 64 or 16, or one scale a row", async () => {
  const { blocks } = await lowered({ ...WIDE, hidden_size: 80, intermediate_size: 72 }, { quantize: "int4" });
  const scales = blocks.get("decode")!.operations.flatMap((operation) => {
    const value = operation.inputs.get("scale")?.arguments[0]?.value;
    return value ? [[operation.outputs[0]!.name, milTypeOf(value.type, "scale").shape]] : [];
  });
  expect(Object.fromEntries(scales)).toMatchObject({
    layers_0_mlp_up_weight: [72, 5],
    layers_0_mlp_down_weight: [80, 1],
  });
});

test("before iOS 18 int8 is an affine weight, and int4 is refused", async () => {
  const { blocks } = await lowered(WIDE, { program: "stateless", target: "ios16", quantize: "int8" });
  const kinds = types(blocks.get("main")!.operations);
  expect(kinds).toContain("constexpr_affine_dequantize");
  expect(kinds).not.toContain("constexpr_blockwise_shift_scale");
  const refused = lowered(WIDE, { program: "stateless", target: "ios17", quantize: "int4" });
  await expect(refused).rejects.toMatchObject({ code: "COREML_OPTION_INVALID" });
});
