import { expect, test } from "vitest";
import type { Candidate } from "../src/candidate.ts";
import { DEVICES, findDevice } from "../src/devices.ts";
import { planModel } from "../src/plan.ts";
import type { Lengths } from "../src/reshape.ts";
import { predictSpeed } from "../src/speed/predict.ts";
import { candidateOf, deviceOf, inputOf, manifestOf, specOf } from "./support/candidates.ts";

const NO_CHIP = { chip: undefined } as never;

function planOn(device: ReturnType<typeof deviceOf>, input = inputOf("Llama-3.2-3B")) {
  const plan = planModel(input, { devices: [device] });
  return plan.devices[0]!;
}

test("sizes of a candidate add up, and its cache is the model's", () => {
  const plan = planModel(inputOf("Qwen2.5-1.5B"), { devices: [deviceOf(3e9, 6e9)] });
  const [first] = plan.candidates;
  expect(first!.packageBytes).toBe(2 * 1_543_714_304);
  expect(first!.cacheBytes).toBe(2048 * plan.model.cacheBytesPerToken);
  expect(first!.peakBytes).toBe(
    first!.packageBytes + first!.cacheBytes + first!.activationBytes + first!.overheadBytes,
  );
  expect(first!.bitsPerWeight).toBe(16);
});

test("a plan is plain data and the same each time", () => {
  const make = () => planModel(inputOf("Qwen3-4B"), { devices: DEVICES });
  const plan = make();
  expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  expect(JSON.stringify(make())).toBe(JSON.stringify(plan));
});

test("the least lossy that fits and can be read along is taken, with its reasons and a whole config", () => {
  const { recommendation } = planOn(deviceOf(3.2e9, 6.4e9, { chip: "M4" }));
  expect(recommendation).toMatchObject({
    ...{ encoding: "int8", fit: "entitlement", contextTokens: 2048 },
    config: {
      model: "ORG/Llama-3.2-3B@0123abc",
      backend: "coreml",
      convert: { quantize: "int8", compute: "gpu", context: 2048 },
    },
  });
  expect(recommendation!.why).toMatch(
    /^int8 gpu fits with the entitlement, about \d+ tokens\/s.*; none gpu would take 6\.\d+ GB for next to no gain$/,
  );
  expect(recommendation!.config.convert.prefill).toBe(recommendation!.prefillTokens);
});

test("a recommendation has the sizes of its own lengths", () => {
  const spec = specOf("Llama-3.2-3B");
  const planned: Lengths[] = [];
  const replan = (lengths: Lengths) => {
    planned.push(lengths);
    return {
      outputBytes: 1_999_999_999,
      manifest: manifestOf(spec, lengths.contextTokens, lengths.prefillTokens),
    };
  };
  const candidates = [candidateOf(spec, "int4", 4.8, { replan })];
  const { recommendation } = planOn(deviceOf(2.2e9, 2.2e9), inputOf("Llama-3.2-3B", { candidates }));
  const { contextTokens, prefillTokens, packageBytes, cacheBytes } = recommendation!;
  expect(planned).toEqual([{ contextTokens, prefillTokens }]);
  expect(packageBytes).toBe(1_999_999_999);
  expect(cacheBytes).toBe(contextTokens * 28 * 2 * 8 * 128 * 2);
});

test("a rate that nobody can read along with is passed over", () => {
  const slow = planOn(deviceOf(8e9, 9e9, { chip: "A14" }));
  const rates = slow.candidates.map(({ speed }) => speed!.decodeTokensPerSecond.mid);
  expect(rates[0]).toBeLessThan(10);
  expect(slow.recommendation!.encoding).not.toBe("none");
});

test("where nothing is fast enough the fastest is taken, and says so", () => {
  const spec = specOf("Qwen3-4B");
  const input = inputOf("Qwen3-4B", {
    candidates: [candidateOf(spec, "none", 16), candidateOf(spec, "int8", 8)],
  });
  const { recommendation } = planOn(deviceOf(2e10, 2e10, { chip: "A14" }), input);
  expect(recommendation).toMatchObject({
    encoding: "int8",
    why: expect.stringContaining("this is the fastest"),
  });
});

test("without a chip there is no speed, and fit and loss decide", () => {
  const { candidates, recommendation } = planOn(deviceOf(4e9, 9e9, NO_CHIP));
  expect(candidates.map(({ speed }) => speed)).toEqual([null, null, null, null]);
  expect(recommendation).toMatchObject({ encoding: "int8", fit: "fits", prefillTokens: 64 });
});

test.each([
  ["a large model is stored in 8 bits, though fp16 would fit", 1, "int8"],
  ["a small one stays in fp16", 0.05, "none"],
])("%s", (_, share, encoding) => {
  const { candidates, ...input } = inputOf("Llama-3.2-1B");
  const smaller = candidates.map((each) => ({ ...each, outputBytes: each.outputBytes * share }));
  const { recommendation } = planOn(deviceOf(8e9, 8e9, { chip: "M4" }), { ...input, candidates: smaller });
  expect(recommendation).toMatchObject({ encoding, fit: "fits" });
});

test("a context is shortened before a model is given up", () => {
  const { candidates, recommendation } = planOn(deviceOf(2.15e9, 2.15e9, NO_CHIP));
  const int4 = candidates[2]!;
  expect(int4.fit).toBe("tooLarge");
  expect(recommendation).toMatchObject({ encoding: "int4", fit: "fits" });
  expect(recommendation!.contextTokens).toBe(int4.maxContextTokens);
  expect(recommendation!.contextTokens).toBeLessThan(2048);
  expect(recommendation!.contextTokens % 32).toBe(0);
});

test("a shorter context that fits with the entitlement alone says so", () => {
  const { recommendation } = planOn(deviceOf(1e9, 2.15e9, NO_CHIP));
  expect(recommendation).toMatchObject({ encoding: "int4", fit: "entitlement" });
  expect(recommendation!.why).toMatch(/^int4 gpu fits with a context of \d+ and the entitlement/);
});

test("longer calls of prefill do not make a package ask for the entitlement", () => {
  const int8 = planOn(deviceOf(8e9, 8e9)).candidates[1]!;
  const roomy = planOn(deviceOf(int8.neededBytes + 1e8, 6.4e9, { chip: "M4" }));
  const tight = planOn(deviceOf(int8.neededBytes + 1e6, 6.4e9, { chip: "M4" }));
  expect(roomy.recommendation).toMatchObject({ encoding: "int8", fit: "fits", prefillTokens: 128 });
  expect(tight.recommendation).toMatchObject({ encoding: "int8", fit: "fits", prefillTokens: 64 });
});

test("nothing is recommended where nothing fits, and the obstacle has the sizes", () => {
  const { recommendation, obstacle } = planOn(deviceOf(1e9, 1.2e9));
  expect(recommendation).toBeNull();
  expect(obstacle).toMatch(
    /^the smallest, lut4 ane, needs 1\.\d+ GB with a context of 512; an app gets 1\.2 GB$/,
  );
});

test("a package that would have to be cut is not taken, and says into how many files", () => {
  const { candidates, recommendation } = planOn(deviceOf(2.1e9, 2.1e9));
  const lut4 = candidates[3]!;
  expect(lut4.fit).toBe("fits");
  expect(lut4.remedies).toContainEqual({ kind: "chunks", count: 2, limitBytes: 1e9 });
  expect(recommendation?.encoding).not.toBe("lut4");
});

test("what is too large is told what would fit", () => {
  const { candidates } = planOn(deviceOf(2.5e9, 3.8e9));
  expect(candidates[0]!.remedies).toEqual([
    { kind: "encoding", encoding: "int8", engine: "coreml-gpu", fit: "entitlement" },
  ]);
  expect(candidates[0]!.maxContextTokens).toBe(0);
  expect(candidates[1]!.remedies).toEqual([]);
});

test("limits that are not known leave the fit open and recommend nothing", () => {
  const unknown = { kind: "unknown" } as const;
  const device = { ...deviceOf(0, 0), limit: unknown, entitledLimit: unknown };
  const { candidates, recommendation, obstacle } = planOn(device);
  expect(
    candidates.every(({ fit, maxContextTokens }) => fit === "unknown" && maxContextTokens === null),
  ).toBe(true);
  expect(recommendation).toBeNull();
  expect(obstacle).toMatch(/nothing is known/);
});

test("a checkpoint's own grid beats decompressing it to fp16", () => {
  const spec = specOf("Qwen2.5-0.5B");
  const candidates = [
    candidateOf(spec, "none", 16),
    candidateOf(spec, "int8", 8, { keepsGrid: true }),
    candidateOf(spec, "int4", 4.8, { keepsGrid: true }),
  ];
  const { recommendation } = planOn(deviceOf(3e9, 6e9), inputOf("Qwen2.5-0.5B", { candidates }));
  expect(recommendation).toMatchObject({ encoding: "int4", why: expect.stringContaining("own numbers") });
});

test("of two engines for one encoding the one without doubts is taken", () => {
  const spec = specOf("Qwen2.5-0.5B");
  const ane = candidateOf(spec, "int8", 8, { engine: "coreml-ane", unpacking: "none" });
  const candidates = [ane, candidateOf(spec, "int8", 8)];
  const { recommendation } = planOn(deviceOf(3e9, 6e9), inputOf("Qwen2.5-0.5B", { candidates }));
  expect(recommendation!.engine).toBe("coreml-gpu");
  const alone = planOn(deviceOf(3e9, 6e9), inputOf("Qwen2.5-0.5B", { candidates: [ane] }));
  expect(alone.recommendation).toMatchObject({
    prefillTokens: 32,
    caution: expect.stringContaining("Neural Engine"),
  });
});

test("a load that might not fit is warned of", () => {
  const { recommendation } = planOn(deviceOf(3.8e9, 6.4e9, { chip: "M4" }));
  expect(recommendation!.caution).toMatch(/unpacks the weights, loading takes up to 9\.\d+ GB/);
});

test("the first token waits for the prompt and one step", () => {
  const plan = planModel(inputOf("Qwen2.5-0.5B"), {
    devices: [findDevice("mac-m4-16gb")],
    promptTokens: 1000,
  });
  const { prefillTokensPerSecond, decodeTokensPerSecond, timeToFirstTokenSeconds } =
    plan.devices[0]!.candidates[0]!.speed!;
  const { low, mid, high } = timeToFirstTokenSeconds;
  expect(mid).toBeCloseTo(1000 / prefillTokensPerSecond.mid + 1 / decodeTokensPerSecond.mid, 9);
  expect(low).toBeLessThan(mid);
  expect(high).toBeGreaterThan(mid);
});

/** One candidate planned for a context, on one device, with a prompt of 128. */
function speedAt(context: number) {
  const spec = specOf("Qwen2.5-0.5B");
  const candidates = [candidateOf(spec, "int8", 8, { manifest: manifestOf(spec, context) })];
  const options = { devices: [deviceOf(6e9, 6e9)], promptTokens: 128 };
  const plan = planModel(inputOf("Qwen2.5-0.5B", { candidates }), options);
  return { model: plan.model, speed: plan.devices[0]!.candidates[0]!.speed! };
}

test("states are read whole in each call, so decoding is as with a full cache", () => {
  const { model, speed } = speedAt(2048);
  const work = {
    weightBytes: model.parameters.total,
    ...{ parameters: model.parameters.multipliedPerToken, layers: model.layers },
    cacheBytesPerToken: model.cacheBytesPerToken,
  };
  const query = { work, engine: "coreml-gpu", chip: "A17 Pro", promptTokens: 128 } as const;
  const full = predictSpeed({ ...query, contextTokens: 2048, promptSeesTokens: 2048 })!;
  expect(speed.decodeTokensPerSecond).toEqual(full.decode);
  expect(speed.prefillTokensPerSecond).toEqual(full.prefill);
});

test("a longer context makes a prompt of one length slower, since each of its tokens sees all slots", () => {
  const rate = (context: number) => speedAt(context).speed.prefillTokensPerSecond.mid;
  expect(rate(8192)).toBeLessThan(0.9 * rate(256));
});

test("without a cache each token costs the whole text", () => {
  const spec = specOf("Qwen2.5-0.5B");
  const [decode] = manifestOf(spec).functions;
  const manifest: Candidate["manifest"] = {
    ...manifestOf(spec),
    ...{ program: "stateless", states: [] },
    functions: [{ ...decode!, tokens: { min: 1, max: 2048 }, logitsRows: "all" }],
  };
  const candidates = [candidateOf(spec, "int8", 8, { manifest })];
  const input = inputOf("Qwen2.5-0.5B", { candidates });
  const plan = planModel(input, { devices: [deviceOf(6e9, 6e9)], promptTokens: 1024 });
  const {
    candidates: [only],
    recommendation,
  } = plan.devices[0]!;
  const { decodeTokensPerSecond, prefillTokensPerSecond, timeToFirstTokenSeconds } = only!.speed!;
  expect(decodeTokensPerSecond.mid).toBeCloseTo(prefillTokensPerSecond.mid / 1024, 9);
  expect(timeToFirstTokenSeconds.mid).toBeCloseTo(1024 / prefillTokensPerSecond.mid, 9);
  expect(recommendation!.prefillTokens).toBeNull();
  expect(recommendation!.config.convert).not.toHaveProperty("prefill");
});

test.each([0, -1, 1.5, 2048, Number.NaN])("a prompt of %d tokens is refused", (promptTokens) => {
  const plan = () => planModel(inputOf("Qwen2.5-0.5B"), { devices: [deviceOf(1e9, 1e9)], promptTokens });
  expect(plan).toThrow(expect.objectContaining({ code: "PLAN_LENGTH_INVALID" }));
});

test("candidates of different contexts cannot be compared", () => {
  const short = inputOf("Qwen2.5-0.5B");
  const [first, second] = short.candidates as [never, (typeof short.candidates)[number]];
  const candidates = [first, { ...second, manifest: { ...second.manifest, contextLength: 512 } }];
  const plan = () => planModel({ ...short, candidates }, { devices: [deviceOf(1e9, 1e9)] });
  expect(plan).toThrow(expect.objectContaining({ code: "PLAN_LENGTH_INVALID" }));
});

test.each([
  ["candidates", { candidates: undefined }, { devices: DEVICES }],
  ["devices", {}, {}],
  ["options", {}, undefined],
])("%s that are left out are an error with a code", (_, more, options) => {
  const plan = () => planModel({ ...inputOf("Qwen2.5-0.5B"), ...more } as never, options as never);
  expect(plan).toThrow(expect.objectContaining({ code: "PLAN_EMPTY" }));
});

test("no device and no candidate are errors", () => {
  const empty = expect.objectContaining({ code: "PLAN_EMPTY" });
  expect(() => planModel(inputOf("Qwen2.5-0.5B"), { devices: [] })).toThrow(empty);
  expect(() => planModel(inputOf("Qwen2.5-0.5B", { candidates: [] }), { devices: DEVICES })).toThrow(empty);
});
