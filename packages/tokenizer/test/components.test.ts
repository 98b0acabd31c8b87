import { describe, expect, test } from "vitest";
import { compileTokenizer } from "../src/compile/compile.ts";
import { openTokenizer } from "../src/run/open.ts";
import { createTokenizer } from "../src/tokenizer.ts";

/** Every piece of text is unknown: the places of the tokens are those of the pieces. */
function pieces(text: string, stages: { normalizer?: object; pre_tokenizer?: object }): string[] {
  const tokenizerJson = {
    model: { type: "WordLevel", vocab: { "<unk>": 0 }, unk_token: "<unk>" },
    ...stages,
  };
  const tokens = createTokenizer({ tokenizerJson }).encodeWithOffsets(text);
  return tokens.map(({ start, end }) => text.slice(start, end));
}

/** What the normalizer makes of a text: each character is a token of its own. */
function normalized(text: string, normalizer: object): string {
  const characters = Array.from({ length: 0x400 }, (_, i) => String.fromCodePoint(i + 1)).concat(
    "ぁ",
    "か",
    "カ",
    "\u3099",
    "x",
  );
  const vocab = Object.fromEntries([...new Set(characters)].map((character, id) => [character, id]));
  const model = { type: "BPE", vocab, merges: [] };
  const tokenizer = openTokenizer(compileTokenizer({ tokenizerJson: { model, normalizer } }));
  return tokenizer
    .encode(text)
    .map((id) => tokenizer.tokenOf(id))
    .join("");
}

/** A `precompiled_charsmap`, as SentencePiece writes it. */
function charsmap(entries: Readonly<Record<string, string>>): string {
  const utf8 = new TextEncoder();
  const keys = new Map(Object.entries(entries).map(([key, to]) => [Array.from(utf8.encode(key)).join(), to]));
  const texts: number[] = [];
  const units: number[] = [];
  let free = 256;
  const build = (node: number, prefix: readonly number[]): void => {
    const base = free;
    free += 256;
    const to = keys.get(prefix.join());
    units[node] = ((units[node] ?? 0) & 0x3ff) | ((node ^ base) << 10) | (to === undefined ? 0 : 0x100);
    if (to !== undefined) {
      units[base] = 0x80000000 | texts.length;
      texts.push(...utf8.encode(to), 0);
    }
    for (let byte = 1; byte < 256; byte++) {
      const longer = [...prefix, byte];
      const found = [...keys.keys()].some(
        (key) => key === longer.join() || key.startsWith(`${longer.join()},`),
      );
      if (!found) continue;
      units[base ^ byte] = byte;
      build(base ^ byte, longer);
    }
  };
  build(0, []);
  const words = Uint32Array.from({ length: free + 1 }, (_, i) => (i === 0 ? 4 * free : (units[i - 1] ?? 0)));
  return Buffer.concat([Buffer.from(words.buffer), Buffer.from(texts)]).toString("base64");
}

describe("UnicodeScripts", () => {
  test.each([
    [" Apples りんご 林檎ー。Ya", ["Apples ", "りんご 林檎ー", "。", "Ya"]],
    ["aα1 б", ["a", "α", "1 ", "б"]],
    ["  ", []],
  ])("cuts %j where the reference does", (text, expected) => {
    expect(pieces(text, { pre_tokenizer: { type: "UnicodeScripts" } })).toEqual(expected);
  });
});

test("Metaspace's first piece is any that comes from the first character", () => {
  const model = { type: "WordLevel", vocab: { "<unk>": 0, "▁Â": 1, "▁½": 2, "½": 3 }, unk_token: "<unk>" };
  const pretokenizers = [{ type: "UnicodeScripts" }, { type: "Metaspace", prepend_scheme: "first" }];
  const tokenizer = createTokenizer({
    tokenizerJson: {
      model,
      normalizer: { type: "ByteLevel" },
      pre_tokenizer: { type: "Sequence", pretokenizers },
    },
  });
  expect(tokenizer.encode("½")).toEqual([1, 2]);
  expect(tokenizer.encode("½½")).toEqual([1, 2, 0, 3]);
});

describe("Precompiled", () => {
  const entries = { "e\u0301": "É", ﬁ: "fi", "\r\n": "\n", カ: "か", "\t": "" };
  const normalizer = { type: "Precompiled", precompiled_charsmap: charsmap(entries) };

  test.each([
    ["ﬁn", "fin"],
    ["e\u0301\u0302x", "Éx"],
    ["e\u0301\u0302\u0303x", "e\u0301\u0302\u0303x"],
    ["a\r\nb", "a\nb"],
    ["カ\u3099カ", "か\u3099か"],
    ["x\ty", "xy"],
  ])("%j becomes what the reference makes of it: short clusters are replaced whole", (text, expected) => {
    expect(normalized(text, normalizer)).toBe(expected);
  });

  test.each([
    ["no base64", "ü"],
    ["cut off", charsmap(entries).slice(0, 400)],
    ["empty", ""],
    [
      "a trie that leads back",
      Buffer.from(Uint32Array.of(2048, ...Array(512).fill(0x41))).toString("base64"),
    ],
  ])("%s is refused", (_, precompiled_charsmap) => {
    expect(() => normalized("a", { type: "Precompiled", precompiled_charsmap })).toThrow(
      expect.objectContaining({ code: "TOKENIZER_BROKEN_FILE" }),
    );
  });
});
