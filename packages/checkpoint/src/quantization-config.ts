import { z } from "zod";
import { checkpointError, quoted } from "./errors.ts";

/** Values of `quant_method` that are read, and `mlx`, whose configs have none. */
export const QUANTIZATION_METHODS = [
  ...(["mlx", "gptq", "awq", "fp8", "fbgemm_fp8", "compressed-tensors", "mxfp4"] as const),
] as const;
export type QuantizationMethod = (typeof QUANTIZATION_METHODS)[number];

const bits = z.union([2, 3, 4, 5, 6, 8].map((value) => z.literal(value as 2 | 3 | 4 | 5 | 6 | 8)));
const groupSize = z.int().positive();

const Mlx = z.looseObject({
  group_size: groupSize,
  bits,
  mode: z.enum(["affine", "mxfp4", "mxfp8"]).default("affine"),
});
const MlxLayer = z.union([Mlx, z.boolean()]);

const Gptq = z.looseObject({
  bits: z.union([z.literal(2), z.literal(3), z.literal(4), z.literal(8)]),
  /** −1: one group for the whole row. */
  group_size: z.union([groupSize, z.literal(-1)]),
  desc_act: z.boolean().default(false),
  /** Files of the second format hold zero points as they are, others less one. */
  checkpoint_format: z.enum(["gptq", "gptq_v2"]).nullish(),
  /** Settings for some layers: those that begin with `-` are not quantized. */
  dynamic: z.record(z.string().startsWith("-"), z.unknown()).nullish(),
});

const Awq = z
  .looseObject({
    bits: z.literal(4).optional(),
    w_bit: z.literal(4).optional(),
    group_size: z.union([groupSize, z.literal(-1)]).optional(),
    q_group_size: z.union([groupSize, z.literal(-1)]).optional(),
    version: z.string().toLowerCase().pipe(z.literal("gemm")).default("gemm"),
  })
  .refine((config) => (config.group_size ?? config.q_group_size) !== undefined, "no group_size");

const Fp8 = z.looseObject({ weight_block_size: z.tuple([groupSize, groupSize]).nullish() });

const CompressedTensors = z.looseObject({
  config_groups: z.record(
    z.string(),
    z.looseObject({
      weights: z.looseObject({
        num_bits: z.int(),
        block_structure: z.union([z.tuple([groupSize, groupSize]), z.unknown()]).nullish(),
      }),
    }),
  ),
});

const SCHEMAS = {
  mlx: Mlx,
  gptq: Gptq,
  awq: Awq,
  fp8: Fp8,
  fbgemm_fp8: z.looseObject({}),
  "compressed-tensors": CompressedTensors,
  mxfp4: z.looseObject({}),
} as const satisfies Record<QuantizationMethod, z.ZodType>;

type Schemes = { [Method in QuantizationMethod]: { method: Method } & z.infer<(typeof SCHEMAS)[Method]> };
/** What a config.json says about how its weights are quantized. */
export type QuantizationScheme = Schemes[QuantizationMethod];
export type MlxScheme = Schemes["mlx"];
export type GptqScheme = Schemes["gptq"];
export type AwqScheme = Schemes["awq"];
export type CompressedScheme = Schemes["compressed-tensors"];

/**
 * The name of the method by which a config.json says its weights are quantized: its `quant_method`, or `mlx`.
 *
 * @returns `undefined` when they are not; a value of any kind, when it stands where a name should.
 */
export function quantizationMethod(config: unknown): unknown {
  const { quantization, quantization_config } = record(config) ?? {};
  // MLX writes its settings under both keys.
  const settings = record(quantization) ?? record(quantization_config);
  if (settings === undefined) return quantization_config ?? undefined;
  if (settings.quant_method !== undefined) return settings.quant_method;
  return "bits" in settings && "group_size" in settings ? "mlx" : settings;
}

/**
 * What a config.json says about how its weights are quantized.
 *
 * @returns `undefined` when they are not, or by a method that is not read here (`quantizationMethod` names it).
 * @throws PippinError `CHECKPOINT_QUANTIZATION_UNSUPPORTED` when a known method has settings that are not read.
 */
export function quantizationScheme(config: unknown): QuantizationScheme | undefined {
  const name = quantizationMethod(config);
  const method = QUANTIZATION_METHODS.find((known) => known === name);
  if (method === undefined) return undefined;
  const { quantization, quantization_config } = record(config) ?? {};
  const parsed = SCHEMAS[method].safeParse(record(quantization) ?? quantization_config);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw quantizationUnsupported(method, `${issue?.path.join(".") || "its settings"}: ${issue?.message}`);
  }
  // The schema is the one of this method.
  return { ...parsed.data, method } as QuantizationScheme;
}

/** MLX settings of one layer, by its name without `.weight`; `false` for a layer that is said to be left as it is. */
export function mlxLayer(scheme: MlxScheme, layer: string): z.infer<typeof Mlx> | false {
  if (!Object.hasOwn(scheme, layer)) return scheme;
  const parsed = MlxLayer.safeParse(scheme[layer]);
  if (!parsed.success) throw quantizationUnsupported("mlx", `the settings of ${quoted(layer)} are not known`);
  return parsed.data === true ? scheme : parsed.data;
}

function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
  // Objects from JSON have string keys.
  return isRecord ? (value as Record<string, unknown>) : undefined;
}

export function quantizationUnsupported(method: string, reason: string) {
  return checkpointError("CHECKPOINT_QUANTIZATION_UNSUPPORTED", {
    message: `the weights are quantized with ${method} in a way that is not read: ${reason}`,
    hint: "Take the original model in bf16 or fp16, or a GGUF or MLX version of it.",
    details: { method, reason },
  });
}
