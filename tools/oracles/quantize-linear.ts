/**
 * Answers test_quantize_linear.py with `@pippin/quantize`.
 *
 *     node tools/oracles/quantize-linear.ts CASES ANSWERS
 *
 * Both are JSON Lines: `{ codes, shape, encoding }` gives `{ data, scale, offset, back }`, arrays in base64.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dequantizeLinear, LinearEncoding, quantizeLinear } from "@pippin/quantize";

const [cases = "", answers = ""] = process.argv.slice(2);
const lines = readFileSync(cases, "utf8").trim().split("\n");
writeFileSync(answers, lines.map((line) => `${JSON.stringify(answer(JSON.parse(line)))}\n`).join(""));

function answer(question: { codes: string; shape: [number, number]; encoding: unknown }): object {
  const bytes = new Uint8Array(Buffer.from(question.codes, "base64"));
  const encoding = LinearEncoding.parse(question.encoding);
  const weight = quantizeLinear(new Uint16Array(bytes.buffer), question.shape, encoding);
  return {
    data: base64(weight.data),
    scale: base64(weight.scale),
    offset: base64(weight.offset ?? new Uint8Array(0)),
    back: base64(dequantizeLinear(weight, question.shape, encoding)),
    wideScales: weight.error.wideScales,
  };
}

function base64({ buffer, byteOffset, byteLength }: Uint8Array | Uint16Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}
