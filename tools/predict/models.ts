/** Geometry of a model, as far as speed needs it. */
export interface ModelFacts {
  /** Billions of weights multiplied for each token: without the input table of an untied model, without idle experts. */
  readonly active: number;
  readonly layers: number;
  /** Layers whose feed-forward is a mixture of experts. */
  readonly expertLayers: number;
  /** Elements that a token adds to the cache: 2 × layers with full attention × KV heads × head size. */
  readonly cacheElements: number;
  /** Billions of weights that stay at 8 bits or more where the experts have 4: gpt-oss as it is published. */
  readonly denseAtEightBits: number;
  readonly from: "table" | "name";
}

interface Family {
  readonly name: RegExp;
  /** Size in the name → [billions multiplied, layers, layers with full attention × KV heads × head size, expert layers?]. */
  readonly sizes: Readonly<Record<string, readonly [number, number, number, number?]>>;
}

/*
 * From each model's config.json: total minus the input table when it is not tied to the head; for mixtures the attention, the
 * shared and the chosen experts, and the head; for Gemma 3n and 4 "E" models without the per-layer embeddings, of which a token
 * reads one row. Sliding-window layers are left out of the cache: it does not grow with the context.
 * The first family whose pattern is found in the name is taken.
 */
const FAMILIES: readonly Family[] = [
  {
    name: /qwen-?3-?coder-?next|qwen-?3-?next|^coder\b/,
    sizes: { "80b": [3.56, 48, 12 * 512, 48], "": [3.56, 48, 12 * 512, 48] },
  },
  {
    name: /qwen-?3\.[5-9]/,
    sizes: {
      "0.8b": [0.75, 24, 6 * 512],
      "2b": [1.88, 24, 6 * 512],
      "4b": [4.2, 32, 8 * 1024],
      "9b": [7.93, 32, 8 * 1024],
      "27b": [25.6, 64, 16 * 1024],
      "35b": [2.94, 40, 10 * 512, 40],
      "122b": [9.3, 48, 12 * 512, 48],
      "397b": [16, 60, 15 * 512, 60],
      // The size is not in the name: AlexHiesch's "Qwen3.5" held 19.4 GB at 4 bits, which is the 35B-A3B.
      "": [2.94, 40, 10 * 512, 40],
    },
  },
  {
    name: /qwen-?3/,
    sizes: {
      "0.6b": [0.596, 28, 28 * 1024],
      "1.7b": [1.72, 28, 28 * 1024],
      "2b": [1.72, 28, 28 * 1024],
      "4b": [4.02, 36, 36 * 1024],
      "8b": [7.57, 36, 36 * 1024],
      "14b": [13.99, 40, 40 * 1024],
      "32b": [31.98, 64, 64 * 1024],
      "30b": [3.04, 48, 48 * 512, 48],
      "235b": [21.5, 94, 94 * 512, 94],
    },
  },
  {
    name: /qwen-?2(\.5)?|tinyswallow|vibethinker|deepseek-?r1-distill-qwen/,
    sizes: {
      "0.5b": [0.494, 24, 24 * 128],
      "1.5b": [1.54, 28, 28 * 256],
      "3b": [3.09, 36, 36 * 256],
      "7b": [7.07, 28, 28 * 512],
      "14b": [13.99, 48, 48 * 1024],
      "32b": [31.98, 64, 64 * 1024],
      "72b": [71.5, 80, 80 * 1024],
    },
  },
  {
    name: /gemma-?4/,
    sizes: {
      e2b: [2.7, 35, 3 * 512],
      e4b: [5.2, 42, 7 * 1024],
      "12b": [11.8, 48, 8 * 512],
      "26b": [3.8, 30, 5 * 1024, 30],
      "31b": [30.7, 60, 10 * 2048],
    },
  },
  { name: /gemma-?3n/, sizes: { e2b: [2.45, 30, 4 * 512], e4b: [4.5, 35, 4 * 512] } },
  {
    name: /gemma-?3/,
    sizes: {
      "270m": [0.268, 18, 3 * 256],
      "1b": [1.0, 26, 4 * 256],
      "4b": [3.88, 34, 5 * 1024],
      "12b": [11.77, 48, 8 * 2048],
      "27b": [27.0, 62, 10 * 2048],
    },
  },
  {
    name: /gemma-?2/,
    sizes: { "2b": [2.61, 26, 13 * 1024], "9b": [9.24, 42, 21 * 2048], "27b": [27.2, 46, 23 * 2048] },
  },
  { name: /gemma/, sizes: { "2b": [2.51, 18, 18 * 256], "7b": [8.54, 28, 28 * 4096] } },
  {
    name: /llama-?4/,
    sizes: { "17b": [15.0, 48, 12 * 1024, 48], "109b": [15.0, 48, 12 * 1024, 48] },
  },
  {
    name: /llama-?3|deepseek-?r1-distill-llama|hermes-?3/,
    sizes: {
      "1b": [1.236, 16, 16 * 512],
      "3b": [3.21, 28, 28 * 1024],
      "8b": [7.5, 32, 32 * 1024],
      "70b": [69.5, 80, 80 * 1024],
      "405b": [403, 126, 126 * 1024],
    },
  },
  { name: /tiny-?llama/, sizes: { "1.1b": [1.035, 22, 22 * 256], "": [1.035, 22, 22 * 256] } },
  {
    name: /llama|vicuna|alpaca|wizardlm/,
    sizes: {
      "7b": [6.61, 32, 32 * 4096],
      "13b": [12.85, 40, 40 * 5120],
      "30b": [32.3, 60, 60 * 6656],
      "65b": [65.0, 80, 80 * 8192],
      "70b": [68.7, 80, 80 * 1024],
    },
  },
  {
    name: /ministral-?3/,
    sizes: { "3b": [3.43, 26, 26 * 1024], "8b": [7.95, 34, 34 * 1024], "14b": [12.85, 40, 40 * 1024] },
  },
  { name: /ministral/, sizes: { "3b": [3.3, 28, 28 * 1024], "8b": [7.5, 36, 36 * 1024] } },
  { name: /mixtral/, sizes: { "7b": [12.75, 32, 32 * 1024, 32] } },
  {
    name: /mistral|devstral|magistral|codestral/,
    sizes: {
      "7b": [7.11, 32, 32 * 1024],
      "12b": [11.6, 40, 40 * 1024],
      "24b": [22.9, 40, 40 * 1024],
      "123b": [122, 88, 88 * 1024],
      "": [7.11, 32, 32 * 1024],
    },
  },
  {
    name: /phi-?4-?mini/,
    sizes: { "": [3.84, 32, 32 * 1024] },
  },
  { name: /phi-?4/, sizes: { "": [14.1, 40, 40 * 1280] } },
  { name: /phi-?3(\.5)?/, sizes: { "14b": [13.8, 40, 40 * 1280], "": [3.72, 32, 32 * 3072] } },
  { name: /phi-?2/, sizes: { "": [2.65, 32, 32 * 2560] } },
  { name: /phi-?1/, sizes: { "": [1.31, 24, 24 * 2048] } },
  { name: /smollm-?3/, sizes: { "": [3.08, 36, 36 * 512] } },
  {
    name: /smollm/,
    sizes: { "135m": [0.135, 30, 30 * 192], "360m": [0.362, 32, 32 * 320], "1.7b": [1.71, 24, 24 * 2048] },
  },
  {
    name: /lfm-?2/,
    sizes: {
      "350m": [0.354, 16, 6 * 512],
      "700m": [0.742, 16, 6 * 512],
      "1.2b": [1.17, 16, 6 * 512],
      "1.6b": [1.17, 16, 6 * 512],
      "2.6b": [2.57, 30, 8 * 512],
      "8b": [1.5, 24, 6 * 512, 22],
      "24b": [2.3, 40, 10 * 512, 38],
    },
  },
  {
    name: /gpt-?oss/,
    sizes: { "20b": [3.61, 24, 12 * 512, 24], "120b": [5.13, 36, 18 * 512, 36] },
  },
  { name: /olmoe/, sizes: { "": [1.2, 16, 16 * 2048, 16] } },
  {
    name: /olmo/,
    sizes: {
      "1b": [1.28, 16, 16 * 2048],
      "7b": [6.89, 32, 32 * 4096],
      "13b": [13.2, 40, 40 * 5120],
      "32b": [31.7, 64, 64 * 1024],
    },
  },
  { name: /redpajama/, sizes: { "3b": [2.65, 32, 32 * 2560], "7b": [6.65, 32, 32 * 4096] } },
  { name: /stablelm|stable-lm/, sizes: { "1.6b": [1.44, 24, 24 * 2048], "3b": [2.67, 32, 32 * 2560] } },
  {
    name: /granite/,
    sizes: { "2b": [2.53, 40, 40 * 512], "8b": [8.17, 40, 40 * 1024], "3b": [3.4, 40, 40 * 512] },
  },
  { name: /nemotron/, sizes: { "30b": [3.2, 52, 6 * 256, 23] } },
  { name: /glm-?4\.[5-9]-?air/, sizes: { "": [11.5, 46, 46 * 1024, 45] } },
  { name: /glm-?4\.[5-9]-?flash/, sizes: { "": [3.0, 47, 47 * 288, 46] } },
  { name: /minimax-?m2/, sizes: { "": [9.8, 62, 62 * 1024, 62] } },
  // "On-device, about 3B": Apple Intelligence Foundation Language Models, tech report 2025; 5 of 8 layers own a cache.
  { name: /apple.*foundation|apple-?fm|\bafm\b/, sizes: { "": [3.18, 56, 35 * 256] } },
];

/** Published sizes of models whose names in a table may lack them. Billions. */
const SIZE_OF_NAME: readonly (readonly [RegExp, string])[] = [
  [/mixtral/, "7b"],
  [/olmo-2-0425/, "1b"],
  [/vibethinker|tinyswallow/, "1.5b"],
];

/**
 * Finds a model's geometry by its name. A family and size of the table are taken as they are; for others the sizes in the name
 * ("7B", "30B-A3B", "E2B", "350M") or the given number of billions stand, with the layers that such models usually have.
 *
 * @returns undefined when the name tells no size.
 */
export function findModel(name: string, billions?: number): ModelFacts | undefined {
  const plain = name.toLowerCase().replaceAll("_", "-").replaceAll(" ", "-");
  const sizes = sizesIn(plain);
  const family = FAMILIES.find((each) => each.name.test(plain));
  const implied = SIZE_OF_NAME.find(([pattern]) => pattern.test(plain))?.[1];
  const given = billions === undefined ? undefined : closestSize(family, billions);
  for (const size of [
    ...sizes.names,
    implied,
    given,
    isOnlySize(family) || sizes.names.length === 0 ? "" : undefined,
  ]) {
    const row = size === undefined ? undefined : family?.sizes[size];
    if (row !== undefined) return fromTable(row, /gpt-?oss/.test(plain));
  }
  return fromSizes(
    sizes.active ?? sizes.total ?? billions,
    sizes.active === undefined ? undefined : sizes.total,
  );
}

/** A family of one model: its name alone says which. */
function isOnlySize(family: Family | undefined): boolean {
  return family !== undefined && Object.keys(family.sizes).join() === "";
}

interface Sizes {
  readonly names: readonly string[];
  readonly total: number | undefined;
  readonly active: number | undefined;
}

function sizesIn(name: string): Sizes {
  const found = [...name.matchAll(/(?<![a-z0-9.])(e|a)?(\d+(?:\.\d+)?)([bm])(?![a-z0-9])/g)];
  const value = ([, , digits, unit]: RegExpExecArray) => Number(digits) * (unit === "m" ? 1e-3 : 1);
  const total = found.find(([, kind]) => kind !== "a");
  const active = found.find(([, kind]) => kind === "a");
  return {
    names: found
      .filter(([, kind]) => kind !== "a")
      .map(([, kind = "", digits, unit]) => `${kind}${digits}${unit}`),
    total: total === undefined ? undefined : value(total),
    active: active === undefined ? undefined : value(active),
  };
}

/** A size of the family within a tenth of the given billions. */
function closestSize(family: Family | undefined, billions: number): string | undefined {
  for (const size of Object.keys(family?.sizes ?? {})) {
    const value = Number.parseFloat(size.replace("e", "")) * (size.endsWith("m") ? 1e-3 : 1);
    if (Math.abs(value / billions - 1) < 0.1) return size;
  }
  return undefined;
}

function fromTable(row: Family["sizes"][string], isGptOss: boolean): ModelFacts {
  const [active, layers, cached, expertLayers = 0] = row;
  // Attention and head of gpt-oss-20b: 24 × 26.5M + 201,088 × 2,880.
  const denseAtEightBits = isGptOss ? (layers * 26.5e6 + 201_088 * 2880) / 1e9 : 0;
  return { active, layers, expertLayers, cacheElements: 2 * cached, denseAtEightBits, from: "table" };
}

function fromSizes(active: number | undefined, total: number | undefined): ModelFacts | undefined {
  if (active === undefined || !(active > 0)) return undefined;
  const layers = usualLayers(total ?? active);
  return {
    active,
    layers,
    expertLayers: total === undefined ? 0 : layers,
    cacheElements: 2 * layers * 1024,
    denseAtEightBits: 0,
    from: "name",
  };
}

/** Layers of published dense models of this size: 16 to 28 at 1B, 32 to 36 at 7B, 64 at 32B, 80 at 70B. */
function usualLayers(billions: number): number {
  return Math.round(Math.min(100, Math.max(12, 21 * billions ** 0.3)));
}
