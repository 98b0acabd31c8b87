import { setImmediate as nextTurn } from "node:timers/promises";
import type { TensorBytes } from "@pippin/checkpoint/node";
import { type StageContext, throwIfCancelled } from "@pippin/core";
import type { Decoder, WeightRole, WeightSet } from "@pippin/decoder";
import { createLayerEngine, type LayerEngine } from "@pippin/decoder/node";
import type { WeightExpr } from "@pippin/kernels";
import { createProductPool, type ProductPool, readWeight } from "@pippin/kernels/node";
import { cacheKey } from "../cache-key.ts";
import { type CompensateOptions, compensate, DEFAULT_SEARCH } from "./compensate.ts";
import { type CalibrateWarningCode, calibrateError } from "./errors.ts";
import { DEFAULT_DAMPING, factorHessian } from "./factor.ts";
import { Hessian } from "./hessian.ts";
import { type LayerFile, layerPath, readLayer, writeLayer } from "./layer-file.ts";
import { packedExpr, packedTensors } from "./packed-weight.ts";
import type { CalibratedMatrix, CalibrationReport } from "./report.ts";
import { checkRoles, type InputGroup, inputGroups } from "./roles.ts";
import type { CalibrationTarget } from "./target.ts";

/** Part of the cache's key: raised when the same input gives other codes. */
const VERSION = 1;

export interface CalibrateOptions extends Pick<CompensateOptions, "search"> {
  /** Where finished layers are kept, a safetensors file each; a later call with the same input reuses them. */
  readonly cacheFolder: string;
  readonly threads?: number | undefined;
  /** λ as a share of the mean diagonal of a Hessian; default 0.01. */
  readonly damping?: number | undefined;
}

export interface Calibrated {
  /** The decoder's weights, with the calibrated ones on their grids. */
  readonly weights: WeightSet;
  readonly report: CalibrationReport;
}

/**
 * Quantizes matrices of a decoder's layers so that what they compute on a text changes least: GPTQ (Frantar et al., 2022),
 * layer after layer, each on the outputs of the quantized layers before it.
 *
 * Memory: one layer's weights in F32 and its Hessians (4 · columns² bytes for each of at most four inputs), and the hidden
 * states of all windows. Time: two forward passes over the windows, and rows · columns² steps a matrix.
 *
 * @param targets - grids by role; other weights stay as they are.
 * @param windows - token ids, each window read from an empty context; 4,000 tokens or more make good Hessians.
 * @throws PippinError `TUNE_CALIBRATION_EMPTY`, `TUNE_CALIBRATION_ROLE`, `TUNE_CALIBRATION_SHAPE`,
 *   `TUNE_HESSIAN_NOT_FINITE`, `CORE_CANCELLED`; as reading weights and writing files. Finished layers stay in the cache.
 */
export async function calibrate(
  decoder: Decoder,
  targets: ReadonlyMap<WeightRole, CalibrationTarget>,
  windows: readonly (readonly number[])[],
  options: CalibrateOptions,
  context: StageContext = {},
): Promise<Calibrated> {
  const { layers } = decoder.spec;
  checkRoles(targets, layers.length);
  const contextLength = windows.reduce((most, { length }) => Math.max(most, length), 0);
  if (contextLength === 0) throw noText();
  const tokens = windows.reduce((sum, { length }) => sum + length, 0);
  warnIfShort(decoder, targets, tokens, context);
  const engine = createLayerEngine(decoder, { threads: options.threads, contextLength });
  const products = createProductPool({ threads: options.threads });
  const { damping = DEFAULT_DAMPING, search = DEFAULT_SEARCH } = options;
  const rest = ["calibrate", VERSION, [...targets], windows, damping, search];
  const key = await cacheKey(decoder, rest);
  const run: Run = { decoder, targets, options, context, engine, products, key };
  const exprs = new Map<WeightRole, WeightExpr>();
  const matrices: CalibratedMatrix[] = [];
  let reused = 0;
  try {
    const states = windows.filter(({ length }) => length > 0).map((window) => engine.embed(window));
    const last = layers.findLastIndex((_, layer) => inputGroups(layer, targets).length > 0);
    for (let layer = 0; layer <= last; layer++) {
      throwIfCancelled(context.signal);
      const path = layerPath(options.cacheFolder, layer);
      const finished = await readLayer(path, key);
      if (finished !== undefined) reused++;
      const file = finished ?? (await calibrateLayer(run, layer, states, path));
      for (const { role, target, shape } of file.matrices) {
        exprs.set(role, packedExpr(role, target, shape, file.part));
      }
      matrices.push(...file.matrices);
      const done = matrices.length;
      context.progress?.({
        stage: "calibrate",
        unit: "tensors",
        done,
        total: targets.size,
        item: `layer ${layer}`,
      });
      if (layer < last) await advance(run, layer, states, exprs);
    }
  } finally {
    await products.close();
  }
  const { weights } = decoder;
  return {
    weights: { roles: weights.roles, expr: (role) => exprs.get(role) ?? weights.expr(role) },
    report: { tokens, matrices, reused },
  };
}

interface Run {
  readonly decoder: Decoder;
  readonly targets: ReadonlyMap<WeightRole, CalibrationTarget>;
  readonly options: CalibrateOptions;
  readonly context: StageContext;
  readonly engine: LayerEngine;
  readonly products: ProductPool;
  readonly key: string;
}

/** Quantizes a layer on what the layers before it give, and writes it to its file. */
async function calibrateLayer(
  run: Run,
  layer: number,
  states: readonly Float32Array[],
  path: string,
): Promise<LayerFile> {
  const { context, decoder, options, products } = run;
  const groups = inputGroups(layer, run.targets);
  const hessians = await observe(run, layer, groups, states);
  const tensors = new Map<string, TensorBytes>();
  const matrices: CalibratedMatrix[] = [];
  const { damping = DEFAULT_DAMPING, search = DEFAULT_SEARCH } = options;
  for (const { observed, targets } of groups) {
    const factor = factorHessian(hessians.get(observed)!, { damping, products });
    for (const [role, target] of targets) {
      await nextTurn();
      throwIfCancelled(context.signal);
      const expr = decoder.weights.expr(role);
      const [rows = 0, columns = 0] = expr.shape;
      const shape = [rows, columns] as const;
      const values = await readWeight(expr);
      const result = compensate({ rows, columns, values }, factor, target, { products, search });
      for (const [name, tensor] of packedTensors(role, result, target, shape)) tensors.set(name, tensor);
      matrices.push({ role, shape, target, method: result.method, error: result.error });
    }
  }
  await writeLayer(path, run.key, tensors, matrices, context);
  // Where tensors lie is known to the file alone.
  return (await readLayer(path, run.key))!;
}

/** The Hessians of a layer's inputs, computed with its original weights. */
async function observe(
  run: Run,
  layer: number,
  groups: readonly InputGroup[],
  states: readonly Float32Array[],
): Promise<Map<WeightRole, Hessian>> {
  const hessians = new Map<WeightRole, Hessian>();
  for (const { observed } of groups) {
    const columns = run.decoder.weights.expr(observed).shape[1]!;
    hessians.set(observed, new Hessian(columns, run.products));
  }
  if (groups.length === 0) return hessians;
  const loaded = await run.engine.load(layer, undefined, run.context);
  try {
    for (const state of states) {
      await nextTurn();
      throwIfCancelled(run.context.signal);
      loaded.run(state.slice(), (role, inputs) => hessians.get(role)?.add(inputs));
    }
  } finally {
    await loaded.close();
  }
  return hessians;
}

/** Replaces the states by the layer's outputs, computed with the weights that have been calibrated. */
async function advance(
  { engine, context }: Run,
  layer: number,
  states: readonly Float32Array[],
  exprs: ReadonlyMap<WeightRole, WeightExpr>,
): Promise<void> {
  const loaded = await engine.load(layer, (role) => exprs.get(role), context);
  try {
    for (const state of states) {
      await nextTurn();
      throwIfCancelled(context.signal);
      loaded.run(state);
    }
  } finally {
    await loaded.close();
  }
}

function warnIfShort(
  { weights }: Decoder,
  targets: ReadonlyMap<WeightRole, CalibrationTarget>,
  tokens: number,
  { warn }: StageContext,
): void {
  const widest = [...targets.keys()].reduce((most, role) => Math.max(most, weights.expr(role).shape[1]!), 0);
  if (tokens >= widest) return;
  const code: CalibrateWarningCode = "TUNE_CALIBRATION_SHORT";
  warn?.({
    code,
    message: `the calibration text has ${tokens} tokens, and matrices of up to ${widest} columns learn from it`,
    hint: "Give a longer text: at least twice as many tokens as columns.",
  });
}

function noText() {
  return calibrateError("TUNE_CALIBRATION_EMPTY", {
    message: "there is no token to calibrate on",
    hint: "Give a text of a few thousand tokens that is like what the model will read.",
  });
}
