import { type EvaluateOptions, type Runner, type StageContext, throwIfCancelled } from "@pippin/core";
import { checkPrompt } from "./generate.ts";
import { FP16_MAX, LayerAudit, type LayerReport } from "./layers.ts";
import { allFinite } from "./logits.ts";
import { nextTurn } from "./next-turn.ts";
import { checkVocabularies, type RunnerPair } from "./parity.ts";
import { type TextReport, TextSums } from "./text-sums.ts";

/** A package among several that are measured on the same windows. */
export interface NamedRunner {
  /** For warnings and errors. */
  readonly name: string;
  readonly runner: Runner;
}

export interface TextOptions {
  /** How many windows there will be, for the progress; unknown by default. */
  readonly total?: number;
}

/** From this share of fp16's range on, an activation is worth a warning. */
const RANGE_WARNING = 1 / 4;

/**
 * Compares all logits of both models, and their layers where they show them, on windows that each start from nothing.
 *
 * Memory: logits and residual streams of one window, whatever the number of windows.
 *
 * @param windows - token ids, each window at least one and at most what both contexts hold.
 * @returns figures over all windows; `VERIFY_FP16_RANGE` goes to `context.warn` when values come near the end of fp16.
 * @throws PippinError `VERIFY_VOCABULARY_DIFFERS`, `VERIFY_PROMPT_INVALID`, `VERIFY_LOGITS_NOT_FINITE`, `CORE_CANCELLED`.
 */
export async function compareOnText(
  { reference, candidate }: RunnerPair,
  windows: Windows,
  options: TextOptions = {},
  context: StageContext = {},
): Promise<TextReport> {
  const measured = [new Measured(candidate, reference.vocabSize, "the package", "")];
  await measure(reference, measured, windows, { ...options, context });
  return measured[0]!.report();
}

/**
 * The same for several packages of one model: the original computes each window once.
 *
 * Memory: beside the runners, logits of two and residual streams of one for each package, of one window.
 *
 * @returns a report for each candidate, in their order.
 * @throws PippinError as `compareOnText`.
 */
export async function compareAllOnText(
  { reference, candidates }: { readonly reference: Runner; readonly candidates: readonly NamedRunner[] },
  windows: Windows,
  options: TextOptions = {},
  context: StageContext = {},
): Promise<TextReport[]> {
  const measured = candidates.map(
    ({ name, runner }) => new Measured(runner, reference.vocabSize, name, `${name}: `),
  );
  await measure(reference, measured, windows, { ...options, context });
  return measured.map((each) => each.report());
}

type Windows = Iterable<readonly number[]> | AsyncIterable<readonly number[]>;

/** A package with its sums over the windows so far. */
class Measured {
  readonly runner: Runner;
  readonly audit = new LayerAudit();
  readonly sums: TextSums;
  /** Before each warning. */
  readonly prefix: string;

  constructor(runner: Runner, vocabSize: number, name: string, prefix: string) {
    this.runner = runner;
    this.prefix = prefix;
    this.sums = new TextSums(vocabSize, name);
  }

  async add(window: readonly number[], wanted: Float32Array, context: StageContext): Promise<void> {
    const observer = this.audit.package(window.length);
    const got = await logitsOf(this.runner, window, { signal: context.signal, observer });
    // Where it overflowed says more than that it did.
    if (!allFinite(got)) this.warnOfRange(context);
    this.sums.add(window, wanted, got);
  }

  warnOfRange(context: StageContext): void {
    warnOfRange(this.audit.report(), this.prefix, context);
  }

  report(): TextReport {
    return { ...this.sums.report(), layers: this.audit.report() };
  }
}

async function measure(
  reference: Runner,
  measured: readonly Measured[],
  windows: Windows,
  { total, context }: TextOptions & { readonly context: StageContext },
): Promise<void> {
  for (const { runner } of measured) checkVocabularies({ reference, candidate: runner });
  const limit = Math.min(...[reference, ...measured.map(({ runner }) => runner)].map((r) => r.contextLength));
  const progress = (done: number) =>
    context.progress?.({ stage: "text", unit: "steps", done, ...(total === undefined ? {} : { total }) });
  let done = 0;
  progress(done);
  for await (const window of windows) {
    await nextTurn();
    throwIfCancelled(context.signal);
    checkPrompt(window, 0, limit);
    for (const { audit } of measured) audit.begin();
    const observer = {
      layer: (layer: number, hidden: Float32Array, position: number) => {
        for (const { audit } of measured) audit.original.layer(layer, hidden, position);
      },
    };
    const wanted = await logitsOf(reference, window, { signal: context.signal, observer });
    for (const each of measured) await each.add(window, wanted, context);
    progress(++done);
  }
  for (const each of measured) each.warnOfRange(context);
}

function logitsOf(
  runner: Runner,
  tokens: readonly number[],
  options: EvaluateOptions,
): Promise<Float32Array> {
  if (runner.evaluate) return runner.evaluate(tokens, options);
  return runner.start().feed(tokens, { signal: options.signal, rows: "all" });
}

function warnOfRange(report: LayerReport | null, prefix: string, { warn }: StageContext): void {
  const places = [
    ...(report?.layers ?? []).map(({ layer, range }) => ({ place: `layer ${layer}`, range })),
    { place: "the head", range: report?.head ?? null },
  ];
  const near = places.flatMap(({ place, range }) =>
    range !== null && range.share > RANGE_WARNING ? [{ place, range }] : [],
  );
  const [worst] = near.sort((a, b) => b.range.largest - a.range.largest);
  if (worst === undefined) return;
  const { largest, name, share } = worst.range;
  const found = Number.isFinite(largest)
    ? `reaches ${Math.round(largest)}, ${(100 * share).toFixed(0)} % of fp16's largest number`
    : "overflows fp16";
  const others = near.length > 1 ? `; ${near.length - 1} more come near it` : "";
  warn?.({
    code: "VERIFY_FP16_RANGE",
    message: `${prefix}in ${worst.place}, ${name} ${found}, ${FP16_MAX}${others}`,
    hint: "Other texts may go beyond it, and a device may round and add in another order. pippin convert --rescale auto divides these values by a power of two, exactly.",
  });
}
