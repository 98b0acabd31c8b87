/**
 * Answers test_palettes.py with `@pippin/quantize`: JSON Lines in, JSON Lines out.
 *
 *     node tools/oracles/palettes.ts
 *
 * `{ codes, shape, encoding, indices, lut }` reads F16 codes from the file `codes` (little-endian), writes the two
 * results to files of these names, and gives the error figures and the seconds of CPU that they took.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { PaletteEncoding, palettize } from "@pippin/quantize";

interface Question {
  readonly codes: string;
  readonly shape: [rows: number, cols: number];
  readonly encoding: unknown;
  readonly indices: string;
  readonly lut: string;
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(answer(JSON.parse(line))));
}

function answer(question: Question): object {
  const { buffer } = Uint8Array.from(readFileSync(question.codes));
  const encoding = PaletteEncoding.parse(question.encoding);
  const began = process.cpuUsage();
  const result = palettize(new Uint16Array(buffer), question.shape, encoding, { name: question.codes });
  const { user, system } = process.cpuUsage(began);
  writeFileSync(question.indices, result.indices);
  writeFileSync(question.lut, new Uint8Array(result.lut.buffer));
  const { groups, squaredError, sumOfSquares, lowerBound } = result;
  return { groups, squaredError, sumOfSquares, lowerBound, cpuSeconds: (user + system) / 1e6 };
}
