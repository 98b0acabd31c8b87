/**
 * Answers test_calibrate.py with `@pippin/tune`.
 *
 *     node tools/oracles/calibrate.ts CASES ANSWERS
 *
 * Both are JSON Lines: `{ weight, rows, inputs, target, search }` gives `{ codes, scales, zeros, method, error }`, arrays in
 * base64. Products run in the threaded pool, as in a conversion.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createProductPool } from "@pippin/kernels/node";
import {
  type CalibrationTarget,
  compensate,
  DEFAULT_SEARCH,
  factorHessian,
  Hessian,
  NO_SEARCH,
} from "@pippin/tune";

interface Question {
  readonly weight: string;
  readonly rows: number;
  readonly inputs: string;
  readonly target: CalibrationTarget;
  readonly search: boolean;
}

const [cases = "", answers = ""] = process.argv.slice(2);
const products = createProductPool({ threads: 2 });
const lines = readFileSync(cases, "utf8").trim().split("\n");
writeFileSync(answers, lines.map((line) => `${JSON.stringify(answer(JSON.parse(line)))}\n`).join(""));
await products.close();

function answer({ weight, rows, inputs, target, search }: Question): object {
  const values = floats(weight);
  const columns = values.length / rows;
  const hessian = new Hessian(columns, products);
  hessian.add(floats(inputs));
  const factor = factorHessian(hessian, { products });
  const options = { products, search: search ? DEFAULT_SEARCH : NO_SEARCH };
  const { codes, scales, zeros, method, error } = compensate(
    { rows, columns, values },
    factor,
    target,
    options,
  );
  return {
    codes: base64(codes),
    scales: base64(scales),
    zeros: base64(zeros ?? new Uint8Array(0)),
    ...{ method, error },
  };
}

function floats(text: string): Float32Array {
  return new Float32Array(new Uint8Array(Buffer.from(text, "base64")).buffer);
}

function base64({ buffer, byteOffset, byteLength }: Uint8Array | Uint16Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}
