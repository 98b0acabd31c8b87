import { describe, expect, test } from "vitest";
import { planDecoder } from "../src/decoder.ts";
import { tokenTexts } from "../src/stream.ts";

const replace = { type: "Replace", pattern: { String: "▁" }, content: " " };

describe("planDecoder", () => {
  test("a sequence of one stage is that stage", () => {
    expect(planDecoder({ type: "Sequence", decoders: [{ type: "ByteLevel" }] })).toEqual({ kind: "bytes" });
  });

  test("Gemma's sequence strips nothing", () => {
    const decoders = [replace, { type: "ByteFallback" }, { type: "Fuse" }];
    expect(planDecoder({ type: "Sequence", decoders })).toMatchObject({
      byteFallback: true,
      strip: { count: 0 },
    });
  });

  test("Metaspace drops the marks of the first token only", () => {
    const texts = tokenTexts(planDecoder({ type: "Metaspace", replacement: "▁" }), true);
    expect(["▁▁a", "▁b"].map((token) => texts.push(token))).toEqual(["a", " b"]);
  });

  test.each([
    ["no decoder", null],
    ["an unknown stage in a sequence", { type: "Sequence", decoders: [replace, { type: "CTC" }] }],
    ["Strip before Fuse", { type: "Sequence", decoders: [{ type: "Strip" }, { type: "Fuse" }] }],
    ["Strip at the end", { type: "Sequence", decoders: [{ type: "Fuse" }, { type: "Strip", stop: 1 }] }],
    [
      "Replace by a regex",
      { type: "Sequence", decoders: [{ type: "Replace", pattern: { Regex: "a" } }, replace] },
    ],
  ])("%s is not guessed at", (_, decoder) => {
    expect(() => planDecoder(decoder)).toThrow(
      expect.objectContaining({ code: "TOKENIZER_UNSUPPORTED_COMPONENT" }),
    );
  });
});
