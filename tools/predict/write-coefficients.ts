import { writeFileSync } from "node:fs";
import type { FittedSpeed } from "../../packages/plan/src/speed/cost-model.ts";
import { ENGINE_IDS } from "../../packages/plan/src/speed/engines.ts";

const FILE = new URL("../../packages/plan/src/speed/coefficients.ts", import.meta.url);

/** Writes the fit as a module; numbers keep four digits. */
export function writeCoefficients(fitted: FittedSpeed): void {
  writeFileSync(FILE, moduleOf(fitted));
}

function moduleOf({
  coefficients,
  decodeSpread,
  prefillSpread,
  sustained,
  measurements,
}: FittedSpeed): string {
  const { layerMs, bandwidthShare, computeFactor, promptSteps, ...rest } = coefficients;
  const counted = (id: string) =>
    Object.values(measurements[id as never] ?? {}).reduce((sum: number, n) => sum + (n as number), 0);
  const perEngine = (name: string, values: Readonly<Record<string, number>>) =>
    [
      `${name}: {`,
      ...ENGINE_IDS.map((id) => `"${id}": ${digits(values[id] as number)}, // ${counted(id)} measurements`),
      "},",
    ].join("\n");
  return `// Made by \`npm run predict:fit -- FILE.csv --write\`; do not edit.
import type { FittedSpeed } from "./cost-model.ts";

/** The fit of docs/speed-prediction.md. The comments count the decode measurements of the engine behind a number. */
export const FITTED: FittedSpeed = {
coefficients: {
${perEngine("layerMs", layerMs)}
${perEngine("bandwidthShare", bandwidthShare)}
${perEngine("computeFactor", computeFactor)}
${perEngine("promptSteps", promptSteps)}
${Object.entries(rest)
  .map(([name, value]) => `${name}: ${plain(value)},`)
  .join("\n")}
},
${perEngine("decodeSpread", decodeSpread)}
${perEngine("prefillSpread", prefillSpread)}
sustained: ${plain(sustained)},
measurements: ${plain(measurements)},
};
`;
}

function plain(value: unknown): string {
  return JSON.stringify(value, (_, part) => (typeof part === "number" ? digits(part) : part), 2);
}

function digits(value: number): number {
  return Number(value.toPrecision(4));
}
