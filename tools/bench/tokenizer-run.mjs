/**
 * Times one tokenizer in a process of its own and prints one line of JSON.
 *
 *     node tools/bench/tokenizer-run.mjs pippin FILE TEXT | rust FOLDER TEXT MODULES | hf FOLDER TEXT MODULES
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [kind, path, textFile, modules] = process.argv.slice(2);
const text = readFileSync(textFile, "utf8");
const ms = (began) => performance.now() - began;
const json = (name) => JSON.parse(readFileSync(join(path, name), "utf8"));

/** Each gives a function from text to ids; importing a library is not counted. */
const OPEN = {
  async pippin() {
    const { openTokenizer } = await import("@pippin/tokenizer");
    return () => {
      const tokenizer = openTokenizer(readFileSync(path));
      return (one) => tokenizer.encodeIds(one, { addSpecialTokens: false });
    };
  },
  async rust() {
    const { Tokenizer } = createRequire(pathToFileURL(`${modules}/`))("tokenizers");
    return () => {
      const tokenizer = Tokenizer.fromFile(join(path, "tokenizer.json"));
      return async (one) => (await tokenizer.encode(one, null, { addSpecialTokens: false })).getIds();
    };
  },
  async hf() {
    const require = createRequire(pathToFileURL(`${modules}/`));
    const { Tokenizer } = require("@huggingface/tokenizers");
    return () => {
      const tokenizer = new Tokenizer(json("tokenizer.json"), json("tokenizer_config.json"));
      return (one) => tokenizer.encode(one, { add_special_tokens: false }).ids;
    };
  },
};

const open = await OPEN[kind]();
let began = performance.now();
const encode = open();
const openMs = ms(began);
began = performance.now();
await encode("Hello");
const firstMs = ms(began);
let best = Number.POSITIVE_INFINITY;
let ids = [];
for (let round = 0; round < 4; round++) {
  began = performance.now();
  ids = await encode(text);
  best = Math.min(best, ms(began));
}
const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"))[1] / 1000;
const sum = ids.reduce((all, id) => (Math.imul(all, 31) + Number(id)) >>> 0, 0);
console.log(
  JSON.stringify({
    openMs,
    firstMs,
    megabytesPerSecond: Buffer.byteLength(text) / best / 1e3,
    ids: ids.length,
    sum,
    peak,
  }),
);
