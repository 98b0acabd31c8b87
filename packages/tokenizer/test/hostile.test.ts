/** Compiled files that were cut off or changed: an error, or other ids, but never a crash or a wait without end. */
import { isPippinError } from "@pippin/core";
import { describe, expect, test } from "vitest";
import { exportTokenizer } from "../src/export.ts";
import { openTokenizer } from "../src/run/open.ts";
import { goldenCases } from "./golden.ts";

const files = goldenCases.map(({ name, tokenizerJson, tokenizerConfig }) => ({
  name,
  bytes: exportTokenizer({ tokenizerJson, tokenizerConfig }).bytes,
}));

const broken = expect.objectContaining({ code: "TOKENIZER_IMAGE_BROKEN" });

describe.each(files)("$name", ({ bytes }) => {
  test("cut off anywhere it is refused", () => {
    for (let length = 0; length < bytes.length; length += length < 2048 ? 1 : 131) {
      expect(() => openTokenizer(bytes.slice(0, length))).toThrow(broken);
    }
  });

  test("a changed header or section table is refused", () => {
    const end = 64 + 32 * bytes[12]!;
    for (let at = 0; at < end; at++) expect(() => openTokenizer(flipped(bytes, at, at % 8))).toThrow(broken);
  });

  test("a changed body is found by verify, and does no harm without it", () => {
    let state = 1;
    const random = (below: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    let opened = 0;
    for (let round = 0; round < 1500; round++) {
      const changed = bytes.slice();
      const place = 64 + 32 * bytes[12]! + random(bytes.length - 64 - 32 * bytes[12]!);
      changed[place]! ^= 1 << random(8);
      try {
        const tokenizer = openTokenizer(changed);
        opened++;
        // What lies between sections belongs to none.
        if (!isPadding(bytes, place)) expect(() => tokenizer.verify()).toThrow(broken);
        const ids = tokenizer.encode("Hello wörld, 你好 👩‍🚀  12\n\n▁x <|end|>");
        tokenizer.decode(ids, { skipSpecialTokens: true });
        tokenizer.chatTemplate?.render([{ role: "user", content: "Hi" }]);
      } catch (error) {
        if (!isPippinError(error)) throw error;
      }
    }
    expect(opened).toBeGreaterThan(100);
  });
});

test("a buffer inside of a larger one is read in its place, and not written to", () => {
  const { bytes } = files[0]!;
  const whole = Buffer.alloc(bytes.length + 16, 0xff);
  whole.set(bytes, 3);
  const before = Buffer.from(whole);
  openTokenizer(whole.subarray(3, 3 + bytes.length)).verify();
  expect(whole.equals(before)).toBe(true);
});

function flipped(bytes: Uint8Array, at: number, bit: number): Uint8Array {
  const changed = bytes.slice();
  changed[at]! ^= 1 << bit;
  return changed;
}

function isPadding(bytes: Uint8Array, place: number): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return !Array.from({ length: bytes[12]! }, (_, i) => 64 + 32 * i).some((entry) => {
    const offset = Number(view.getBigUint64(entry + 8, true));
    return place >= offset && place < offset + Number(view.getBigUint64(entry + 16, true));
  });
}

describe("tokenizer.json that no tokenizer wrote", () => {
  const model = { type: "BPE", vocab: { a: 0, b: 1, ab: 2 }, merges: ["a b"] };
  test.each([
    ["an id twice", { model: { ...model, vocab: { a: 0, b: 0 }, merges: [] } }],
    ["an id beyond all bounds", { model: { ...model, vocab: { a: 2 ** 40 }, merges: [] } }],
    ["a negative id", { model: { ...model, vocab: { a: -1 }, merges: [] } }],
    ["a merge of no tokens", { model: { ...model, merges: ["a c"] } }],
    ["a merge of three", { model: { ...model, merges: ["a b c"] } }],
    ["an expression that does not end", { model, pre_tokenizer: split("(a") }],
    ["an expression nested too deep", { model, pre_tokenizer: split("(".repeat(5000) + ")".repeat(5000)) }],
    ["an expression with too many states", { model, pre_tokenizer: split("(?:a|b)*a(?:a|b){900}") }],
    [
      "an expression that repeats without end",
      { model, pre_tokenizer: split("(?:(?:a{1000}){1000}){1000}") },
    ],
    ["a look behind of words", { model, pre_tokenizer: split("(?<=the )a") }],
    ["an unknown token that is none", { model: { ...model, unk_token: "?" } }],
    ["an added token of 10,000 bytes", { model, added_tokens: [{ id: 3, content: "x".repeat(10_000) }] }],
    ["no model", {}],
    ["a list", []],
  ])("%s is named", (_, tokenizerJson) => {
    expect(() => exportTokenizer({ tokenizerJson })).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^TOKENIZER_(BROKEN_FILE|UNSUPPORTED_)/) }),
    );
  });

  test("merges that lead in a circle end", () => {
    const vocab = { a: 0, b: 1, ab: 2, ba: 3, aba: 4 };
    const merges = ["a b", "b a", "ab a", "a ba"];
    const tokenizer = openTokenizer(
      exportTokenizer({ tokenizerJson: { model: { type: "BPE", vocab, merges } } }).bytes,
    );
    expect(tokenizer.decode(tokenizer.encode("ab".repeat(5000))).replaceAll(" ", "")).toBe("ab".repeat(5000));
  });
});

function split(Regex: string): object {
  return { type: "Split", pattern: { Regex }, behavior: "Isolated", invert: false };
}

describe("long texts take time in proportion", () => {
  // A quadratic way would take minutes for these.
  test.each(["a", "中", " ", "\n", "<|end|>", "ab "])("%j, 100,000 times", { timeout: 20_000 }, (piece) => {
    for (const { bytes } of files) {
      const tokenizer = openTokenizer(bytes);
      expect(
        tokenizer.decode(tokenizer.encode(piece.repeat(100_000), { addSpecialTokens: false })).length,
      ).toBeGreaterThan(0);
    }
  });
});
