import { fileURLToPath } from "node:url";
import type { FittedSpeed } from "../../packages/plan/src/speed/cost-model.ts";
import { ENGINE_IDS, type EngineId } from "../../packages/plan/src/speed/engines.ts";

/** The module that the predictor reads. */
export const COEFFICIENTS_FILE = fileURLToPath(
  new URL("../../packages/plan/src/speed/coefficients.ts", import.meta.url),
);

/** Text of the module: the fit with numbers of four digits. */
export function coefficientsModule(fitted: FittedSpeed): string {
  const { coefficients, decodeSpread, decodeWidening, prefillSpread, prefillWidening } = fitted;
  const { sustainedShare, measurements } = fitted;
  const { tokenMs, layerMs, bandwidthShare, computeFactor, promptSteps, ...rest } = coefficients;
  const perEngine = (name: string, values: Readonly<Record<EngineId, number>>) =>
    [
      `${name}: {`,
      ...ENGINE_IDS.map((id) => `"${id}": ${digits(values[id])}, // ${countOf(id, fitted)}`),
      "},",
    ].join("\n");
  const others = Object.entries(rest).map(([name, value]) => `${name}: ${plain(value)},`);
  return `// Made by \`npm run predict:fit -- FILE.csv --write\`; do not edit.
// biome-ignore-all lint/suspicious/noApproximativeNumericConstant: a fitted number may be near log2(e) by chance
import type { FittedSpeed } from "./cost-model.ts";

/** The fit of docs/speed-prediction.md. The comments count the decode rates of the engine that were fitted. */
export const FITTED: FittedSpeed = {
coefficients: {
${perEngine("tokenMs", tokenMs)}
${perEngine("layerMs", layerMs)}
${perEngine("bandwidthShare", bandwidthShare)}
${perEngine("computeFactor", computeFactor)}
${perEngine("promptSteps", promptSteps)}
${others.join("\n")}
},
${perEngine("decodeSpread", decodeSpread)}
decodeWidening: ${plain(decodeWidening)},
${perEngine("prefillSpread", prefillSpread)}
prefillWidening: ${plain(prefillWidening)},
sustainedShare: ${plain(sustainedShare)},
measurements: ${plain(measurements)},
};
`;
}

function countOf(id: EngineId, { measurements }: FittedSpeed): number {
  return Object.values(measurements[id] ?? {}).reduce((sum, count) => sum + count, 0);
}

function plain(value: unknown): string {
  return JSON.stringify(value, (_, part) => (typeof part === "number" ? digits(part) : part), 2);
}

function digits(value: number): number {
  return Number(value.toPrecision(4));
}
