import { type Chip, findChip } from "../../packages/plan/src/chips.ts";
import { ENGINES, type EngineId } from "../../packages/plan/src/speed/engines.ts";
import type { Work } from "../../packages/plan/src/speed/query.ts";
import { findEngine } from "./engines.ts";
import { findModel, type ModelFacts } from "./models.ts";
import type { PublishedRow } from "./published-row.ts";
import { findQuantization } from "./quantization.ts";

/** A published row, said in the predictor's terms. */
export interface ResolvedRow {
  readonly row: PublishedRow;
  readonly chip: Chip;
  readonly engine: EngineId;
  readonly work: Work;
  readonly bits: number;
  readonly bitsAssumed: boolean;
  readonly sizeFromName: boolean;
  readonly contextTokens: number;
  readonly promptTokens: number | undefined;
}

/** Context of a short chat, where a publication says nothing. */
const SHORT_CONTEXT = 128;

/** Finds chip, engine, bytes and context of a row; a string says what could not be found. */
export function resolveRow(row: PublishedRow): ResolvedRow | string {
  const chip = chipOf(row);
  if (chip === undefined) return row.chip === "" ? "the chip is not stated" : `unknown chip ${row.chip}`;
  const model = findModel(row.model, row.billions);
  if (model === undefined) return `no size in the model's name ${row.model}`;
  const quantization = findQuantization(row);
  if (quantization === undefined) return `unknown quantization ${row.quant}`;
  return {
    row,
    chip,
    engine: findEngine(row.engine, row.computeUnit, row.quant),
    work: workOf(model, quantization.bits),
    bits: quantization.bits,
    bitsAssumed: quantization.from === "assumed",
    sizeFromName: model.from === "name",
    contextTokens: contextOf(row),
    promptTokens: row.promptTokens,
  };
}

/** Bytes and operations of a model at so many bits a weight; the cache is fp16. */
function workOf(model: ModelFacts, bits: number): Work {
  const dense = bits < 8 ? model.denseAtEightBits : 0;
  return {
    weightBytes: (((model.active - dense) * bits + dense * 8.5) / 8) * 1e9,
    cacheBytesPerToken: 2 * model.cacheElements,
    parameters: model.active * 1e9,
    layers: model.layers,
    expertLayers: model.expertLayers,
  };
}

/** The chip with the GPU that the row states: by its cores where they are given. */
function chipOf(row: PublishedRow): Chip | undefined {
  const cores = row.gpuCores;
  const chip =
    (cores === undefined ? undefined : findChip(`${row.chip} (${cores}-core GPU)`)) ?? findChip(row.chip);
  return chip === undefined || cores === undefined ? chip : { ...chip, gpuCores: cores };
}

/** Tokens in the cache in the middle of the answer; a prompt that is not stated is time to first token × prefill rate. */
function contextOf(row: PublishedRow): number {
  const { promptTokens, prefill, timeToFirstTokenMs, generatedTokens } = row;
  const implied =
    prefill === undefined || timeToFirstTokenMs === undefined
      ? undefined
      : (prefill * timeToFirstTokenMs) / 1000;
  const prompt = isLlamaBench(row) ? 0 : (promptTokens ?? implied);
  if (prompt === undefined) return SHORT_CONTEXT;
  return Math.round(prompt + (generatedTokens ?? SHORT_CONTEXT) / 2);
}

/** llama-bench measures prompt and answer in two tests, and the answer's starts with an empty cache. */
function isLlamaBench({
  engine,
  conditions,
  timeToFirstTokenMs,
  promptTokens,
  generatedTokens,
}: PublishedRow): boolean {
  if (/llama-bench/i.test(conditions)) return true;
  const hasBoth = promptTokens !== undefined && generatedTokens !== undefined;
  return engine === "llama.cpp" && hasBoth && timeToFirstTokenMs === undefined;
}

/** Rows of one model on one device: they are left out together when a fit is checked. */
export function groupOf({ row, work }: ResolvedRow): string {
  return `${row.device}|${row.chip}|${(work.parameters / 1e9).toPrecision(2)}|${work.layers}`;
}

/** The gathering that a row comes from: one author's repository or thread, whatever the file in it. */
export function sourceOf({ row }: ResolvedRow): string {
  return /^[\w.-]+\/[\w.-]+/.exec(row.source)?.[0] ?? row.source.slice(0, 40);
}

/** Part of the chip that computed the row. */
export function processorOf({ engine }: ResolvedRow): "gpu" | "ane" | "cpu" {
  return ENGINES[engine].processor;
}
