import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseCsv } from "../../../../tools/predict/csv.ts";
import { findEngine } from "../../../../tools/predict/engines.ts";
import { decodeRate, fitDecode, type Measured } from "../../../../tools/predict/fit-rows.ts";
import { fitRobustly } from "../../../../tools/predict/least-squares.ts";
import { findModel } from "../../../../tools/predict/models.ts";
import { toPublishedRow } from "../../../../tools/predict/published-row.ts";
import { findQuantization } from "../../../../tools/predict/quantization.ts";
import { resolveRow } from "../../../../tools/predict/resolve.ts";
import { selectRows } from "../../../../tools/predict/select-rows.ts";
import { median, quantile } from "../../../../tools/predict/statistics.ts";

/** A row with the columns of a table of measurements; those not given are empty. */
function row(given: Readonly<Record<string, string>>, index = 0) {
  const columns =
    "device,chip,gpu_cores,model,params_b,quant,engine,compute_unit,prompt_tokens,gen_tokens,prefill_tps,decode_tps,ttft_ms,conditions,source";
  const empty = Object.fromEntries(columns.split(",").map((column) => [column, ""]));
  return toPublishedRow({ ...empty, ...given }, index);
}

describe("comma-separated values", () => {
  test("quoted fields hold commas, quotes and line ends", () => {
    expect(parseCsv('a,b\r\n"1,5","say ""hi""\nthere"\r\n2,\r\n')).toEqual([
      { a: "1,5", b: 'say "hi"\nthere' },
      { a: "2", b: "" },
    ]);
  });

  test.each([
    ["too few fields", "a,b\n1\n2"],
    ["too many fields", "a,b\n1,2,3"],
    ["an open quote", 'a,b\n"1,2'],
    ["a quote inside a field", 'a,b\n1"2,3'],
  ])("%s is an error", (_, text) => {
    expect(() => parseCsv(text)).toThrow(/fields|quote/);
  });

  test("what is written comes back", () => {
    const field = fc.string().filter((text) => !text.includes("\r"));
    fc.assert(
      fc.property(fc.array(fc.tuple(field, field)), (records) => {
        const quoted = records.map((fields) =>
          fields.map((each) => `"${each.replaceAll('"', '""')}"`).join(","),
        );
        const parsed = parseCsv(["x,y", ...quoted].join("\n"));
        expect(parsed).toEqual(records.map(([x, y]) => ({ x, y })));
      }),
    );
  });
});

test.each([
  ["mlx-community/Qwen3-0.6B-4bit", undefined, 0.596, 28, 0],
  ["LLaMA-7B (Llama 2)", 6.74, 6.61, 32, 0],
  ["Qwen3.6-35B-A3B vllm-mlx 4bit", undefined, 2.94, 40, 40],
  ["unsloth/gemma-4-E4B-it-GGUF/Q4_K_M", undefined, 5.2, 42, 0],
  ["gpt-oss-20b", 20.9, 3.61, 24, 24],
  ["DeepSeek-R1-Distill-Llama-8B", undefined, 7.5, 32, 0],
  ["TinySwallow-1.5B", undefined, 1.54, 28, 0],
  ["Apple Foundation Model (on-device, ~3B)", undefined, 3.18, 56, 0],
])("%s has its geometry from the table", (name, billions, active, layers, expertLayers) => {
  expect(findModel(name, billions)).toMatchObject({ active, layers, expertLayers, from: "table" });
});

test.each([
  ["Unheard-Of-13B-Instruct", undefined, 13, 0],
  ["someone/NewMoE-40B-A4B", undefined, 4, 64],
  ["Nameless", 2.5, 2.5, 0],
  ["tiny-500M", undefined, 0.5, 0],
])("%s, which is in no table, has its sizes from the name", (name, billions, active, expertLayers) => {
  expect(findModel(name, billions)).toMatchObject({ active, expertLayers, from: "name" });
});

test("a name without a size is not guessed", () => {
  expect(findModel("Mystery")).toBeUndefined();
});

test.each([
  ["Q4_0", "llama.cpp", 4.55],
  ["q4_k_m", "ollama", 4.87],
  ["UD-Q2_K_XL", "llama-server", 3.1],
  ["4bit", "mlx-swift", 4.5],
  ["8-bit", "mlx-lm", 8.5],
  ["INT8 palettized", "coreml-llm", 8],
  ["4-bit palettized (uniform g32)", "core-ai", 4],
  ["INT4 (mixed, blockwise gs32)", "litert-lm", 4.5],
  ["mxfp4", "mlx-lm", 4.25],
  ["BF16", "executorch", 16],
  ["q3f16", "mlc-llm", 3.5],
])("%s of %s takes %d bits a weight", (quant, engine, bits) => {
  expect(findQuantization(row({ quant, engine, model: "m" }))).toEqual({ bits, from: "table" });
});

test("a quantization that is not stated is the engine's usual one, and says so", () => {
  const quantization = findQuantization(row({ engine: "mlx-swift", model: "Llama-3.2-3B" }));
  expect(quantization).toEqual({ bits: 4.5, from: "assumed" });
  expect(findQuantization(row({ engine: "mlx", quant: "magic" }))).toBeUndefined();
});

test.each([
  ["mlx-swift 3.31.4", "GPU Metal", "4bit", "mlx"],
  ["rapid-mlx 0.7.9", "GPU Metal", "4bit", "rapid-mlx"],
  ["mlc-llm (2023)", "GPU Metal", "q4f16", "mlc"],
  ["coreml", "GPU", "int4", "coreml-gpu"],
  ["coreml-llm", "ANE", "INT8", "coreml-ane"],
  ["ollama", "GPU Metal", "Q4_K_M", "ollama"],
  ["ollama", "GPU Metal", "int4", "mlx-lm"],
  ["never heard of", "GPU", "int4", "other-gpu"],
  ["never heard of", "CPU", "int4", "other-cpu"],
])("engine %s on %s with %s is %s", (name, unit, quant, engine) => {
  expect(findEngine(name, unit, quant)).toBe(engine);
});

describe("rows", () => {
  const known = { chip: "M1", model: "Qwen3-0.6B", quant: "4bit", engine: "mlx", decode_tps: "100" };

  test("stated cores choose the variant of the chip", () => {
    const small = resolveRow(row({ ...known, chip: "M4 Max", gpu_cores: "32" }));
    const plain = resolveRow(row({ ...known, chip: "M4 Max" }));
    expect(small).toMatchObject({ chip: { gpuCores: 32, bandwidth: { gigabytesPerSecond: 410 } } });
    expect(plain).toMatchObject({ chip: { gpuCores: 40, bandwidth: { gigabytesPerSecond: 546 } } });
  });

  test("llama-bench decodes with an empty cache, an app behind its prompt", () => {
    const lengths = { prompt_tokens: "512", gen_tokens: "128" };
    const bench = resolveRow(row({ ...known, ...lengths, engine: "llama.cpp" }));
    expect(bench).toMatchObject({ contextTokens: 64, promptTokens: 512 });
    expect(resolveRow(row({ ...known, ...lengths }))).toMatchObject({ contextTokens: 576 });
  });

  test("what cannot be resolved or is out of scope is counted with its reason", () => {
    const selection = selectRows([
      row(known),
      row({ ...known, chip: "" }, 1),
      row({ ...known, model: "Mystery" }, 2),
      row({ ...known, conditions: "with speculative decoding" }, 3),
      row({ ...known, decode_tps: "9000" }, 4),
      row({ ...known, chip: "A16", conditions: "sustained suite" }, 5),
      row({ ...known, decode_tps: "" }, 6),
    ]);
    expect(selection.decode.map(({ rate }) => rate)).toEqual([100]);
    expect(selection.sustained).toHaveLength(1);
    expect(selection.unresolved.map(({ reason }) => reason)).toEqual([
      "the chip is not stated",
      "no size in the model's name Mystery",
    ]);
    expect([...selection.decodeLeftOut.keys()]).toEqual([
      "decode counts speculated tokens",
      "faster than the weights can be read by the stated unit",
      "no decode rate",
    ]);
  });

  test("a missing column and a number that is none are errors", () => {
    expect(() => toPublishedRow({}, 0)).toThrow("the table has no column device");
    expect(() => row({ ...known, decode_tps: "fast" })).toThrow("record 1: decode_tps is fast");
  });
});

describe("the fit", () => {
  test("finds a line in spite of one far point", () => {
    const xs = [0, 1, 2, 3, 4, 5, 6, 7];
    const ys = xs.map((x) => (x === 5 ? 90 : 3 + 2 * x));
    const parameters = ["a", "b"].map((name) => ({ name, mean: 0, deviation: 100 }));
    const residuals = ([a = 0, b = 0]: readonly number[]) =>
      xs.map((x, i) => (a + b * x - (ys[i] as number)) / 0.1);
    const [a, b] = fitRobustly(parameters, residuals, [1, 1, 1, 1, 1, 1, 1, 1]);
    // The far point pulls by about 1/90 of its distance.
    expect(a).toBeCloseTo(3, 1);
    expect(b).toBeCloseTo(2, 1);
  });

  test("a parameter that no row depends on stays where it starts", () => {
    const parameters = [
      { name: "used", mean: 1, deviation: 10 },
      { name: "idle", mean: 5, deviation: 10 },
    ];
    const [used, idle] = fitRobustly(parameters, ([first = 0]) => [(first - 3) / 0.01], [1]);
    expect(used).toBeCloseTo(3, 2);
    expect(idle).toBe(5);
  });

  test("rates of a made-up machine are predicted for a size that it had not seen", () => {
    const sizes = { "Qwen3-0.6B": 0.596, "Qwen3-1.7B": 1.72, "Qwen3-8B": 7.57, "Qwen3-14B": 13.99 };
    const layers = { "Qwen3-0.6B": 28, "Qwen3-1.7B": 28, "Qwen3-8B": 36, "Qwen3-14B": 40 };
    const rate = (model: keyof typeof sizes, bits: number) =>
      1000 / (0.3 + 0.1 * layers[model] + (sizes[model] * bits) / 8 / (0.7 * 0.1));
    const measured = Object.keys(sizes).flatMap((name) =>
      ["4bit", "8bit", "bf16"].map((quant): Measured => {
        const resolved = resolveRow(row({ chip: "M2", model: name, quant, engine: "mlx" }));
        if (typeof resolved === "string") throw new Error(resolved);
        return { resolved, rate: rate(name as keyof typeof sizes, resolved.bits) };
      }),
    );
    const isUnseen = ({ resolved }: Measured) => resolved.row.model === "Qwen3-8B";
    const coefficients = fitDecode(measured.filter((each) => !isUnseen(each)));
    for (const each of measured.filter(isUnseen)) {
      // Shrinkage towards what engines usually cost leaves a few percent.
      expect(decodeRate(each.resolved, coefficients) / each.rate).toBeCloseTo(1, 1);
    }
  });
});

test("quantiles lie between neighbours", () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(quantile([0, 10], 0.8)).toBe(8);
  expect(median([])).toBeNaN();
});
