import { type StageContext, throwIfCancelled } from "@pippin/core";
import { isPackedSource, type WeightSource } from "@pippin/kernels";
import { createMatrixPool, type MatrixPool, readRows, readWeight } from "@pippin/kernels/node";
import { decoderError } from "../errors.ts";
import { type WeightRole, weightRoles } from "../roles.ts";
import type { DecoderSpec } from "../spec.ts";
import type { WeightSet } from "../weights.ts";

export interface LoadOptions {
  readonly threads?: number;
}

/** A weight by its role in F32, row-major. */
export type TensorOfRole = (
  role: WeightRole,
  context?: StageContext,
) => Promise<{ readonly shape: readonly number[]; readonly data: Float32Array }>;

/** The weights of a model, ready to compute with. */
export interface LoadedWeights {
  /** The matrices that are multiplied, by role. */
  readonly pool: MatrixPool;
  readonly vectors: ReadonlyMap<WeightRole, Float32Array>;
  /** Rows of the embedding, `[tokens, hidden]`. */
  embed(tokens: readonly number[]): Float32Array | Promise<Float32Array>;
}

/** From a checkpoint: the embedding stays on disk, unless it is the head too. */
export async function loadCheckpoint(
  spec: DecoderSpec,
  weights: WeightSet,
  { threads }: LoadOptions,
  context: StageContext,
): Promise<LoadedWeights> {
  const pool = createMatrixPool({ threads });
  const vectors = new Map<WeightRole, Float32Array>();
  await loadAll(pool, weights.roles, context, async (role) => {
    const expr = weights.expr(role);
    if (expr.shape.length === 1) vectors.set(role, await readWeight(expr));
    else if (role !== "embedding.weight" || spec.head.tied)
      await pool.load(role, expr, keptAs(expr.source), context.signal);
  });
  return { pool, vectors, embed: (tokens) => readRows(weights.expr("embedding.weight"), tokens) };
}

/**
 * From tensors, one after the other.
 *
 * @throws PippinError `DECODER_TENSOR_SHAPE` when one is not of the size that the spec asks for.
 */
export async function loadTensors(
  spec: DecoderSpec,
  tensor: TensorOfRole,
  { threads }: LoadOptions,
  context: StageContext,
): Promise<LoadedWeights> {
  const pool = createMatrixPool({ threads });
  const vectors = new Map<WeightRole, Float32Array>();
  const shapes = weightRoles(spec);
  let table = new Float32Array();
  await loadAll(pool, [...shapes.keys()], context, async (role) => {
    const [rows = 1, columns] = shapes.get(role)!;
    const { shape, data } = await tensor(role, context);
    if (data.length !== rows * (columns ?? 1)) throw wrongSize(role, shape, shapes.get(role)!);
    if (columns === undefined) vectors.set(role, data);
    else if (role !== "embedding.weight" || spec.head.tied) await pool.loadValues(role, rows, columns, data);
    if (role === "embedding.weight") table = data as Float32Array<ArrayBuffer>;
  });
  const width = spec.hiddenSize;
  const embed = (tokens: readonly number[]) => {
    const rows = new Float32Array(tokens.length * width);
    tokens.forEach((token, row) => {
      rows.set(table.subarray(token * width, (token + 1) * width), row * width);
    });
    return rows;
  };
  return { pool, vectors, embed };
}

/** Loads role by role with progress; closes the pool when one fails. */
async function loadAll(
  pool: MatrixPool,
  roles: readonly WeightRole[],
  { signal, progress }: StageContext,
  load: (role: WeightRole) => Promise<void>,
): Promise<void> {
  try {
    for (const [index, role] of roles.entries()) {
      throwIfCancelled(signal);
      await load(role);
      progress?.({ stage: "reference", unit: "tensors", done: index + 1, total: roles.length, item: role });
    }
  } catch (error) {
    await pool.close();
    throw error;
  }
}

/** How a matrix of a checkpoint is held. */
export function keptAs(source: WeightSource): "F16" | "BF16" | "F32" {
  if (isPackedSource(source)) return "F32";
  const { dtype } = source;
  return dtype === "F16" || dtype === "BF16" ? dtype : "F32";
}

function wrongSize(role: WeightRole, shape: readonly number[], wanted: readonly number[]) {
  return decoderError("DECODER_TENSOR_SHAPE", {
    message: `the weight ${role} has shape [${shape}], the spec asks for [${wanted}]`,
    hint: "The package is damaged, or its spec belongs to another model.",
    details: { role, shape, wanted },
  });
}
