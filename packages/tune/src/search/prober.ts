import { type StageContext, throwIfCancelled } from "@pippin/core";
import type { Decoder, WeightRole } from "@pippin/decoder";
import { loadResidentModel, type ReplaceProduct, type ResidentModel } from "@pippin/decoder/node";
import type { WeightExpr } from "@pippin/kernels";
import { createMatrixPool, readRows, readWeight } from "@pippin/kernels/node";
import { tuneError } from "../errors.ts";
import { Baseline } from "./baseline.ts";
import { type Candidate, candidatesOf } from "./candidates.ts";
import type { WeightChoices } from "./choose.ts";
import { encodedWeight } from "./inline-weight.ts";
import type { Unit } from "./units.ts";

export interface ProberOptions {
  readonly threads?: number | undefined;
  /** The most tokens of a window. */
  readonly contextLength: number;
}

interface Encoded extends Candidate {
  readonly expr: WeightExpr;
  /** Σ E[x²] · (w − w′)²: what the error of the weight does to its product. */
  readonly error: number;
}

/** Tries encodings of single matrices in the running model. */
export class Prober {
  readonly #decoder: Decoder;
  readonly #model: ResidentModel;
  readonly #baseline: Baseline;
  readonly #threads: number | undefined;
  readonly #context: StageContext;

  private constructor(
    decoder: Decoder,
    parts: {
      readonly model: ResidentModel;
      readonly baseline: Baseline;
      readonly threads: number | undefined;
    },
    context: StageContext,
  ) {
    this.#decoder = decoder;
    this.#model = parts.model;
    this.#baseline = parts.baseline;
    this.#threads = parts.threads;
    this.#context = context;
  }

  static async open(
    decoder: Decoder,
    windows: readonly (readonly number[])[],
    options: ProberOptions,
    context: StageContext,
  ): Promise<Prober> {
    const { threads, contextLength } = options;
    const model = await loadResidentModel(decoder, { contextLength, ...(threads && { threads }) }, context);
    try {
      const baseline = await Baseline.measure(decoder, model, windows, context);
      return new Prober(decoder, { model, baseline, threads }, context);
    } catch (error) {
      await model.close();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#model.close();
  }

  /** What each encoding of the unit's weights costs. */
  async measure(unit: Unit, names: readonly string[]): Promise<WeightChoices[]> {
    const weights: { role: WeightRole; encoded: Encoded[] }[] = [];
    for (const role of unit.roles) weights.push({ role, encoded: await this.#encode(role, names) });
    if (unit.layer === undefined) return this.#measureEach(weights[0]!);
    const probes = weights.map(({ encoded }) => probeOf(encoded));
    const total = probes.reduce((sum, { error }) => sum + error, 0);
    const pairs = weights.map(({ role }, i) => [role, probes[i]!.expr] as const);
    const loss = total === 0 ? 0 : await this.#divergence(unit.layer, pairs);
    return weights.map(({ role, encoded }) => ({
      role,
      choices: encoded.map(({ encoding, bytes, error }) => ({
        encoding,
        bytes,
        loss: total === 0 ? 0 : (loss * error) / total,
      })),
    }));
  }

  /** Embedding and head: every encoding for itself. */
  async #measureEach({ role, encoded }: { role: WeightRole; encoded: Encoded[] }): Promise<WeightChoices[]> {
    const choices = [];
    for (const { encoding, bytes, expr, error } of encoded) {
      const loss = error === 0 ? 0 : await this.#divergence(undefined, [[role, expr]]);
      choices.push({ encoding, bytes, loss });
    }
    return [{ role, choices }];
  }

  async #encode(role: WeightRole, names: readonly string[]): Promise<Encoded[]> {
    const expr = this.#decoder.weights.expr(role);
    const original = await readWeight(expr);
    const squares = this.#baseline.meanSquares(role);
    const result: Encoded[] = [];
    for (const candidate of candidatesOf(this.#decoder, role, names)) {
      throwIfCancelled(this.#context.signal);
      const encoded = await encodedWeight(expr, candidate.stored, role);
      const values = encoded === expr ? original : await readWeight(encoded);
      result.push({ ...candidate, expr: encoded, error: errorOf(original, values, squares) });
    }
    return result;
  }

  /** KL divergence with other weights; the layer that they belong to, if it is one. */
  async #divergence(
    layer: number | undefined,
    weights: readonly (readonly [WeightRole, WeightExpr])[],
  ): Promise<number> {
    const { spec } = this.#decoder;
    const pool = createMatrixPool({ threads: this.#threads });
    try {
      const names = new Set<string>();
      for (const [role, expr] of weights) {
        const looked = role === "embedding.weight" && !spec.head.tied;
        if (looked) continue;
        await pool.load(role, expr, "F32", this.#context.signal);
        names.add(role);
      }
      const replace: ReplaceProduct = (role, x, m) =>
        names.has(role) ? pool.multiply(role, x, m) : undefined;
      const [[first, expr] = []] = weights;
      const embed =
        first === "embedding.weight" && expr
          ? (tokens: readonly number[]) => readRows(expr, tokens).map((value) => value * spec.embedding.scale)
          : undefined;
      const from = layer ?? (embed ? 0 : spec.layers.length);
      const loss = await this.#baseline.divergence(from, replace, this.#context, embed);
      if (Number.isFinite(loss)) return Math.max(0, loss);
      throw tuneError("TUNE_NOT_FINITE", {
        message: `with ${weights.map(([role]) => role).join(" and ")} encoded, the model gives no finite words`,
        hint: "pippin verify shows where values overflow.",
      });
    } finally {
      await pool.close();
    }
  }
}

/** The candidate with the median error among those that lose something: neither drowned in noise nor beyond all small errors. */
function probeOf(encoded: readonly Encoded[]): Encoded {
  const losing = encoded.filter(({ error }) => error > 0).sort((a, b) => a.error - b.error);
  return losing[Math.floor(losing.length / 2)] ?? encoded[0]!;
}

function errorOf(original: Float32Array, values: Float32Array, squares: Float64Array | undefined): number {
  if (values === original) return 0;
  const columns = squares?.length ?? 1;
  let sum = 0;
  for (let at = 0; at < original.length; at += columns) {
    for (let i = 0; i < columns; i++) {
      const difference = original[at + i]! - values[at + i]!;
      sum += (squares?.[i] ?? 1) * difference * difference;
    }
  }
  return sum;
}
