import { isPippinError } from "@pippin/core";
import { byteLengthOf, type Dtype, elementCount } from "@pippin/kernels";
import { readRows } from "@pippin/kernels/node";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type PlacedInfo, packedTensors } from "../src/packed/packed-tensors.ts";
import { quantizationMethod, quantizationScheme } from "../src/quantization-config.ts";

type Shapes = Readonly<Record<string, readonly [dtype: Dtype, ...shape: number[]]>>;

function infos(tensors: Shapes): Map<string, PlacedInfo> {
  const entries = Object.entries(tensors).map(([name, [dtype, ...shape]]): [string, PlacedInfo] => {
    const byteLength = byteLengthOf(dtype, elementCount(shape));
    return [name, { dtype, shape, byteOffset: 0, byteLength, file: "model.safetensors" }];
  });
  return new Map(entries);
}

const read = (tensors: Shapes, config: object) => packedTensors(infos(tensors), quantizationScheme(config));

function without(tensors: Shapes, name: string): Shapes {
  return Object.fromEntries(Object.entries(tensors).filter(([key]) => key !== name));
}

const MLX = { quantization: { group_size: 32, bits: 4 } };
const MLX_TENSORS: Shapes = {
  "a.weight": ["U32", 8, 8],
  "a.scales": ["BF16", 8, 2],
  "a.biases": ["BF16", 8, 2],
  "norm.weight": ["BF16", 8],
};
const GPTQ = { quantization_config: { quant_method: "gptq", bits: 4, group_size: 32 } };
const GPTQ_TENSORS: Shapes = {
  "a.qweight": ["I32", 8, 16],
  "a.qzeros": ["I32", 2, 2],
  "a.scales": ["F16", 2, 16],
  "a.g_idx": ["I32", 64],
  "a.bias": ["F16", 16],
};
const ACT_ORDER = { quantization_config: { ...GPTQ.quantization_config, desc_act: true } };
const FP8 = { quantization_config: { quant_method: "fp8", weight_block_size: [128, 128] } };

test("parts become one tensor and the others stay", () => {
  expect([...read(MLX_TENSORS, MLX).keys()]).toEqual(["norm.weight", "a.weight"]);
  expect([...read(GPTQ_TENSORS, GPTQ).keys()]).toEqual(["a.bias", "a.weight"]);
  expect(read(GPTQ_TENSORS, GPTQ).get("a.weight")?.shape).toEqual([16, 64]);
});

test("MLX layers have settings of their own", () => {
  const config = { quantization: { group_size: 64, bits: 8, a: { group_size: 32, bits: 4 }, b: false } };
  const tensors = read({ ...MLX_TENSORS, "b.weight": ["BF16", 2, 2] }, config);
  expect(tensors.get("a.weight")?.quantization).toMatchObject({ bits: 4, groupSize: 32 });
  expect(tensors.get("b.weight")?.quantization).toBeUndefined();
});

test("scales of activations and of the cache are left out", () => {
  const tensors = read(
    {
      "a.weight": ["F8_E4M3", 256, 128],
      "a.weight_scale_inv": ["F32", 2, 1],
      "a.input_scale": ["F32"],
      "attn.k_scale": ["F32"],
    },
    FP8,
  );
  expect([...tensors.keys()]).toEqual(["a.weight"]);
});

test.each<[string, Shapes, object]>([
  ["MLX without biases", without(MLX_TENSORS, "a.biases"), MLX],
  ["MLX without scales", { "a.weight": ["U32", 8, 8] }, MLX],
  ["MLX of other bits than the settings say", MLX_TENSORS, { quantization: { group_size: 32, bits: 8 } }],
  ["MLX codes that are halves", { ...MLX_TENSORS, "a.weight": ["F16", 8, 8] }, MLX],
  ["GPTQ without zero points", without(GPTQ_TENSORS, "a.qzeros"), GPTQ],
  ["GPTQ without scales", without(GPTQ_TENSORS, "a.scales"), GPTQ],
  ["GPTQ in act order without an index", without(GPTQ_TENSORS, "a.g_idx"), ACT_ORDER],
  ["GPTQ with zero points of other rows", { ...GPTQ_TENSORS, "a.qzeros": ["I32", 2, 3] }, GPTQ],
  ["GPTQ with scales of other groups", { ...GPTQ_TENSORS, "a.scales": ["F16", 3, 16] }, GPTQ],
  ["GPTQ with a short index", { ...GPTQ_TENSORS, "a.g_idx": ["I32", 63] }, GPTQ],
  ["a weight both packed and plain", { ...GPTQ_TENSORS, "a.weight": ["F16", 16, 64] }, GPTQ],
  ["FP8 without scales", { "a.weight": ["F8_E4M3", 256, 128] }, FP8],
  [
    "FP8 with scales of other blocks",
    { "a.weight": ["F8_E4M3", 256, 128], "a.weight_scale_inv": ["F32", 3, 1] },
    FP8,
  ],
])("%s: refused", (_, tensors, config) => {
  expect(() => read(tensors, config)).toThrow(expect.objectContaining({ code: "CHECKPOINT_PACKED_INVALID" }));
});

test.each<[string, object]>([
  ["GPTQ of 5 bits", { quant_method: "gptq", bits: 5, group_size: 32 }],
  ["GPTQ in groups of nothing", { quant_method: "gptq", bits: 4, group_size: 0 }],
  ["GPTQ in Marlin's order", { quant_method: "gptq", bits: 4, group_size: 32, checkpoint_format: "marlin" }],
  [
    "GPTQ with settings for some layers",
    { quant_method: "gptq", bits: 4, group_size: 32, dynamic: { "+:a": {} } },
  ],
  ["AWQ as GEMV", { quant_method: "awq", bits: 4, group_size: 32, version: "gemv" }],
  ["FP8 in blocks of nothing", { quant_method: "fp8", weight_block_size: [0, 128] }],
])("%s: the settings are refused", (_, quantization_config) => {
  expect(() => quantizationScheme({ quantization_config })).toThrow(
    expect.objectContaining({ code: "CHECKPOINT_QUANTIZATION_UNSUPPORTED" }),
  );
});

test("methods are told by name", () => {
  expect(quantizationMethod(MLX)).toBe("mlx");
  expect(quantizationMethod({ quantization_config: { group_size: 64, bits: 4 } })).toBe("mlx");
  expect(quantizationMethod({ quantization_config: { quant_method: "hqq" } })).toBe("hqq");
  expect(quantizationMethod({ quantization_config: null })).toBeUndefined();
  expect(quantizationMethod(undefined)).toBeUndefined();
  expect(quantizationMethod({ quantization_config: "bitnet" })).toBe("bitnet");
});

test("any settings and shapes make tensors, or an error of this package", () => {
  const number = fc.oneof(fc.integer({ min: -1, max: 130 }), fc.constantFrom(0.5, 4, 8, 32, 2 ** 40));
  const settings = fc.dictionary(
    fc.constantFrom(
      "bits",
      "group_size",
      "desc_act",
      "version",
      "weight_block_size",
      "config_groups",
      "a",
      "mode",
    ),
    fc.oneof(number, fc.boolean(), fc.jsonValue(), fc.tuple(number, number)),
  );
  const method = fc.constantFrom(
    "gptq",
    "awq",
    "fp8",
    "fbgemm_fp8",
    "compressed-tensors",
    "mxfp4",
    undefined,
  );
  const dtype = fc.constantFrom<Dtype>("U32", "I32", "U8", "F16", "BF16", "F8_E4M3", "I8");
  const part = fc
    .tuple(dtype, fc.array(fc.constantFrom(0, 1, 2, 8, 16, 32, 64), { maxLength: 4 }))
    .map(([type, shape]): readonly [Dtype, ...number[]] => [type, ...shape]);
  const names = [
    "weight",
    "scales",
    "biases",
    "qweight",
    "qzeros",
    "g_idx",
    "weight_scale",
    "weight_scale_inv",
  ];
  const tensors = fc.dictionary(
    fc.constantFrom(...names.map((name) => `a.${name}`), "a.weight_packed", "a_blocks", "a_scales"),
    part,
  );
  fc.assert(
    fc.property(method, settings, tensors, (quant_method, given, shapes) => {
      const base = { bits: 4, group_size: 32, config_groups: { g: { weights: { num_bits: 4 } } } };
      const config = { ...base, ...given, ...(quant_method && { quant_method }) };
      try {
        for (const tensor of read(shapes, { quantization_config: config }).values()) {
          if (tensor.quantization === undefined) continue;
          // There is no such file; sources that contradict themselves are refused before it is opened.
          const { source, ops, shape } = tensor;
          readRows({ source: { ...source }, ops, shape }, [0]);
        }
      } catch (error) {
        if (!isPippinError(error)) throw error;
        expect(error.code).toMatch(/^CHECKPOINT_|^KERNELS_(EXPR_INVALID|SOURCE_UNREADABLE)$/);
      }
    }),
    { seed: 7, numRuns: 3000 },
  );
});
