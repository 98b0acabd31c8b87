import type { ChipClass, GpuGeneration } from "../../packages/plan/src/chips.ts";
import type { Coefficients } from "../../packages/plan/src/speed/cost-model.ts";
import { ENGINE_IDS, ENGINES, type EngineId, type Processor } from "../../packages/plan/src/speed/engines.ts";
import type { Parameter } from "./least-squares.ts";

export const CHIP_CLASSES: readonly ChipClass[] = [
  "iphone",
  "mac-base",
  "mac-pro",
  "mac-max",
  "mac-ultra",
  "android",
];

export const GENERATIONS: readonly GpuGeneration[] = [
  "apple6",
  "apple7",
  "apple8",
  "apple9",
  "apple9-m4",
  "apple10",
  "other",
];

const PROCESSORS: readonly Processor[] = ["gpu", "ane", "cpu"];

/** A quantity of engines: where its logarithm starts on each processor, and how far families and engines stray. */
interface Pooled {
  readonly name: string;
  readonly start: Readonly<Record<Processor, number>>;
  readonly deviation: number;
  readonly family: number;
  readonly engine: number;
}

const TOKEN: Pooled = {
  name: "token",
  start: { gpu: 0.5, ane: 8, cpu: 1 },
  deviation: 0.7,
  family: 0.5,
  engine: 0.5,
};

const LAYER: Pooled = {
  name: "layer",
  start: { gpu: 0.08, ane: 0.1, cpu: 0.1 },
  deviation: 0.7,
  family: 0.4,
  engine: 0.4,
};

const SHARE: Pooled = {
  name: "share",
  start: { gpu: 0.8, ane: 0.8, cpu: 0.5 },
  deviation: 0.15,
  family: 0.15,
  engine: 0.12,
};

const COMPUTE: Pooled = {
  name: "compute",
  start: { gpu: 1, ane: 1, cpu: 0.3 },
  deviation: 0.3,
  family: 0.25,
  engine: 0.25,
};

const STEPS: Pooled = {
  name: "steps",
  start: { gpu: 1, ane: 1, cpu: 1 },
  deviation: 0.5,
  family: 0.5,
  engine: 0.7,
};

/** Parameters of the decode formula, as logarithms. */
export const DECODE_PARAMETERS: readonly Parameter[] = [
  ...pooled(TOKEN),
  ...pooled(LAYER),
  ...pooled(SHARE),
  ...CHIP_CLASSES.map((each) => ({ name: `layer class ${each}`, mean: 0, deviation: 0.4 })),
  ...CHIP_CLASSES.map((each) => ({ name: `share class ${each}`, mean: 0, deviation: 0.1 })),
  { name: "expert layer", mean: Math.log(0.05), deviation: 0.7 },
  { name: "cache share", mean: Math.log(0.7), deviation: 0.3 },
];

/** Parameters of the prefill formula, as logarithms. */
export const PREFILL_PARAMETERS: readonly Parameter[] = [
  ...pooled(COMPUTE),
  ...pooled(STEPS),
  // From the prompt rates of llama.cpp: 2 × 6.6e9 weights × rate / cores.
  ...GENERATIONS.map((each) => ({ name: `core ${each}`, mean: Math.log(230), deviation: 0.3 })),
  ...CHIP_CLASSES.map((each) => ({ name: `compute class ${each}`, mean: 0, deviation: 0.15 })),
  { name: "expert compute", mean: Math.log(0.8), deviation: 0.3 },
  // Causal attention takes 2 × tokens² × heads × head size a layer: half as many operations a byte of fp16 cache as heads share it.
  { name: "attention", mean: Math.log(2), deviation: 0.5 },
];

/** Builds the formulas' numbers from the parameters' values, by name. */
export function toCoefficients(value: (name: string) => number): Coefficients {
  const perEngine = (quantity: Pooled) =>
    fromEntries(ENGINE_IDS, (id) => Math.exp(pooledValue(quantity, id, value)));
  const perClass = (name: string) =>
    fromEntries(CHIP_CLASSES, (each) => Math.exp(value(`${name} class ${each}`)));
  return {
    tokenMs: perEngine(TOKEN),
    layerMs: perEngine(LAYER),
    layerFactor: perClass("layer"),
    expertLayerMs: Math.exp(value("expert layer")),
    bandwidthShare: perEngine(SHARE),
    bandwidthFactor: perClass("share"),
    cacheShare: Math.exp(value("cache share")),
    coreGigaflops: fromEntries(GENERATIONS, (each) => Math.exp(value(`core ${each}`))),
    computeFactor: perEngine(COMPUTE),
    computeClassFactor: perClass("compute"),
    expertComputeFactor: Math.exp(value("expert compute")),
    attentionOperations: Math.exp(value("attention")),
    promptSteps: perEngine(STEPS),
  };
}

const STARTS: ReadonlyMap<string, number> = new Map(
  [...DECODE_PARAMETERS, ...PREFILL_PARAMETERS].map(({ name, mean }) => [name, mean]),
);

/** Reads values by name: those of the given parameters, else where they start. */
export function lookUp(
  parameters: readonly Parameter[],
): (values: readonly number[]) => (name: string) => number {
  const places = new Map(parameters.map(({ name }, i) => [name, i]));
  return (values) => (name) => {
    const place = places.get(name);
    const found = place === undefined ? STARTS.get(name) : values[place];
    if (found === undefined) throw new Error(`no parameter ${name}`);
    return found;
  };
}

function pooled({ name, start, deviation, family, engine }: Pooled): Parameter[] {
  return [
    ...PROCESSORS.map((each) => ({ name: `${name} ${each}`, mean: Math.log(start[each]), deviation })),
    ...familyKeys().map((key) => ({ name: `${name} ${key}`, mean: 0, deviation: family })),
    ...ENGINE_IDS.map((id) => ({ name: `${name} engine ${id}`, mean: 0, deviation: engine })),
  ];
}

function pooledValue({ name }: Pooled, id: EngineId, value: (name: string) => number): number {
  return (
    value(`${name} ${ENGINES[id].processor}`) +
    value(`${name} ${familyKey(id)}`) +
    value(`${name} engine ${id}`)
  );
}

function familyKeys(): string[] {
  return [...new Set(ENGINE_IDS.map(familyKey))];
}

function familyKey(id: EngineId): string {
  return `family ${ENGINES[id].family} on ${ENGINES[id].processor}`;
}

/** A record with a value for each of the keys. */
export function fromEntries<K extends string>(
  keys: readonly K[],
  of: (key: K) => number,
): Readonly<Record<K, number>> {
  // Each key of K is in `keys`, so the record is complete.
  return Object.fromEntries(keys.map((key) => [key, of(key)])) as Record<K, number>;
}
