import {
  type Coefficients,
  decodeTime,
  prefillMs,
  totalMs,
} from "../../packages/plan/src/speed/cost-model.ts";
import { fitRobustly, type Parameter } from "./least-squares.ts";
import { DECODE_PARAMETERS, lookUp, PREFILL_PARAMETERS, toCoefficients } from "./parameters.ts";
import type { ResolvedRow } from "./resolve.ts";

/** Scatter of published rates around a good formula, as a logarithm. */
const SCATTER = 0.1;

/** A measured rate, tokens per second, and what was measured. */
export interface Measured {
  readonly resolved: ResolvedRow;
  readonly rate: number;
}

/** Fits the decode formula. */
export function fitDecode(rows: readonly Measured[]): Coefficients {
  return fitFormula(rows, DECODE_PARAMETERS, {
    predict: decodeRate,
    complete: (value) => toCoefficients(value),
  });
}

/** Fits the prefill formula; decoding steps in it cost what `decode` says. */
export function fitPrefill(rows: readonly Measured[], decode: Coefficients): Coefficients {
  const complete = (value: (name: string) => number): Coefficients => {
    const { tokenMs, layerMs, layerFactor, expertLayerMs, bandwidthShare, bandwidthFactor, cacheShare } =
      decode;
    const fromDecode = {
      tokenMs,
      layerMs,
      layerFactor,
      expertLayerMs,
      bandwidthShare,
      bandwidthFactor,
      cacheShare,
    };
    return { ...toCoefficients(value), ...fromDecode };
  };
  return fitFormula(rows, PREFILL_PARAMETERS, { predict: prefillRate, complete });
}

/** Decoded tokens per second of a row. */
export function decodeRate(
  { work, chip, engine, contextTokens }: ResolvedRow,
  coefficients: Coefficients,
): number {
  return 1000 / totalMs(decodeTime(work, contextTokens, { chip, engine, coefficients }));
}

/** Prompt tokens per second of a row. */
export function prefillRate(
  { work, chip, engine, promptTokens }: ResolvedRow,
  coefficients: Coefficients,
): number {
  const tokens = promptTokens ?? Number.NaN;
  return (1000 * tokens) / prefillMs(work, tokens, { chip, engine, coefficients });
}

interface Formula {
  readonly predict: (row: ResolvedRow, coefficients: Coefficients) => number;
  readonly complete: (value: (name: string) => number) => Coefficients;
}

function fitFormula(
  rows: readonly Measured[],
  parameters: readonly Parameter[],
  { predict, complete }: Formula,
): Coefficients {
  const named = lookUp(parameters);
  const residuals = (values: readonly number[]) => {
    const coefficients = complete(named(values));
    return rows.map(({ resolved, rate }) => Math.log(predict(resolved, coefficients) / rate) / SCATTER);
  };
  return complete(named(fitRobustly(parameters, residuals, weightsOf(rows))));
}

/** Rows that repeat a measurement with another prompt share one and a half measurements' weight. */
function weightsOf(rows: readonly Measured[]): number[] {
  const key = ({ resolved: { row, engine, chip, bits } }: Measured) =>
    [row.device, chip.name, row.model, engine, bits].join("|");
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(key(row), (counts.get(key(row)) ?? 0) + 1);
  return rows.map((row) => {
    const count = counts.get(key(row)) as number;
    return count === 1 ? 1 : 1.5 / count;
  });
}
