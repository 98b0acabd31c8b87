import type { Checkpoint, CheckpointTensor } from "@pippin/checkpoint";
import { isFloatSource, type WeightExpr, type WeightOp } from "@pippin/kernels";
import { decoderError, roleUnknown } from "./errors.ts";
import type { Family, TensorUse } from "./family.ts";
import type { GlobalRole, LayerRole, WeightRole } from "./roles.ts";
import { weightRoles } from "./roles.ts";
import type { DecoderSpec } from "./spec.ts";

/** The weights of a model by role, each an expression over the checkpoint's tensors. Holds no weight itself. */
export interface WeightSet {
  /** All roles, in the order in which a forward pass meets them. */
  readonly roles: readonly WeightRole[];
  /** @throws PippinError `DECODER_ROLE_UNKNOWN`. */
  expr(role: WeightRole): WeightExpr;
}

/**
 * Tensors that many checkpoints carry and no model needs: tables that are computed from the config, and masks of
 * old exports.
 */
const HARMLESS = [/(^|\.)rotary_emb\.inv_freq$/, /\.masked_bias$/, /\.attn\.bias$/];

/**
 * Finds the tensor for each role and checks shapes and dtypes.
 *
 * @throws PippinError `DECODER_TENSOR_MISSING`, `DECODER_TENSOR_UNUSED`, `DECODER_TENSOR_SHAPE`,
 *   `DECODER_TENSOR_DTYPE`, `CHECKPOINT_DTYPE_UNSUPPORTED`.
 */
export function bindWeights(family: Family, spec: DecoderSpec, checkpoint: Checkpoint): WeightSet {
  const exprs = new Map<WeightRole, WeightExpr>();
  const used = new Set<string>();
  const missing: string[] = [];
  for (const [role, shape] of weightRoles(spec)) {
    const use = useOf(role, { family, spec, checkpoint });
    const tensor = checkpoint.tensors.get(use.tensor);
    if (tensor === undefined) {
      missing.push(use.tensor);
      continue;
    }
    used.add(use.tensor);
    exprs.set(role, bind(tensor, use, shape));
  }
  if (missing.length > 0) throw tensorsMissing(missing, checkpoint);
  checkUnused(checkpoint, used, family);
  return {
    roles: [...exprs.keys()],
    expr(role) {
      const expr = exprs.get(role);
      if (expr === undefined) throw roleUnknown(role);
      return expr;
    },
  };
}

/** The one tensor of a tied pair may be stored under the head's name. */
function useOf(
  role: WeightRole,
  { family, spec, checkpoint }: { family: Family; spec: DecoderSpec; checkpoint: Checkpoint },
): TensorUse {
  const use = tensorFor(family, spec, role);
  if (role !== "embedding.weight" || !spec.head.tied || checkpoint.tensors.has(use.tensor)) return use;
  const head = family.globalTensor("head.weight", spec);
  return checkpoint.tensors.has(head.tensor) ? head : use;
}

function tensorFor(family: Family, spec: DecoderSpec, role: WeightRole): TensorUse {
  const layer = /^layers\.(\d+)\.(.+)$/.exec(role);
  if (layer === null) return family.globalTensor(role as GlobalRole, spec);
  return family.layerTensor(Number(layer[1]), layer[2] as LayerRole, spec);
}

function bind(tensor: CheckpointTensor, use: TensorUse, shape: readonly number[]): WeightExpr {
  // The checkpoint knows best why a tensor cannot be read at all.
  const { source } = tensor;
  if (!isFloatSource(source)) {
    throw decoderError("DECODER_TENSOR_DTYPE", {
      message: `the tensor ${tensor.name} holds ${tensor.dtype}, which is not a plain float type`,
      hint: "This checkpoint is quantized in a way that its config.json does not tell: take the original one in bf16, fp16 or fp32.",
      details: { tensor: tensor.name, dtype: tensor.dtype },
    });
  }
  const ops: readonly WeightOp[] = [...tensor.ops, ...(use.ops ?? [])];
  const result = shapeAfter(tensor.shape, ops);
  if (result.length !== shape.length || result.some((size, axis) => size !== shape[axis])) {
    throw decoderError("DECODER_TENSOR_SHAPE", {
      message: `the tensor ${tensor.name} has shape [${result.join(", ")}], the config asks for [${shape.join(", ")}]`,
      hint: "config.json and the weights do not belong together.",
      details: { tensor: tensor.name, shape: result, expected: shape },
    });
  }
  return { source, ops, shape };
}

function shapeAfter(shape: readonly number[], ops: readonly WeightOp[]): readonly number[] {
  const slice = ops.findLast((op) => op.kind === "sliceRows");
  return slice ? [slice.end - slice.begin, ...shape.slice(1)] : shape;
}

function checkUnused(checkpoint: Checkpoint, used: ReadonlySet<string>, family: Family): void {
  const unused = [...checkpoint.tensors.keys()].filter(
    (name) => !used.has(name) && !HARMLESS.some((pattern) => pattern.test(name)),
  );
  if (unused.length === 0) return;
  throw decoderError("DECODER_TENSOR_UNUSED", {
    message: `${unused.length} tensors of ${checkpoint.name} have no place in a "${family.modelTypes[0]}" model: ${sample(unused)}`,
    hint: "The model has parts that config.json does not announce; converting without them would change its words.",
    details: { unused: unused.slice(0, 100) },
  });
}

function tensorsMissing(missing: readonly string[], checkpoint: Checkpoint) {
  return decoderError("DECODER_TENSOR_MISSING", {
    message: `${checkpoint.name} lacks ${missing.length} tensors that the model needs: ${sample(missing)}`,
    hint: "A shard may be missing, or config.json belongs to another model; fetch the model again.",
    details: { missing: missing.slice(0, 100) },
  });
}

function sample(names: readonly string[]): string {
  return names.slice(0, 3).join(", ") + (names.length > 3 ? ", …" : "");
}
