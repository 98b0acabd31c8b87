import { readFileSync } from "node:fs";
import { parseCsv } from "./csv.ts";

/** One published measurement. Numbers that the publication does not state are undefined. */
export interface PublishedRow {
  /** Place in the file, from 0. */
  readonly index: number;
  readonly device: string;
  readonly chip: string;
  readonly gpuCores: number | undefined;
  readonly model: string;
  readonly billions: number | undefined;
  readonly quant: string;
  readonly engine: string;
  readonly computeUnit: string;
  readonly promptTokens: number | undefined;
  readonly generatedTokens: number | undefined;
  readonly prefill: number | undefined;
  readonly decode: number | undefined;
  readonly timeToFirstTokenMs: number | undefined;
  readonly conditions: string;
  readonly source: string;
}

/** Reads a table of measurements; its columns are listed in docs/speed-prediction.md. */
export function readPublishedRows(file: string): PublishedRow[] {
  return parseCsv(readFileSync(file, "utf8")).map(toPublishedRow);
}

/** Names a record's fields; throws when a column is missing or a number is none. */
export function toPublishedRow(record: Readonly<Record<string, string>>, index: number): PublishedRow {
  const text = (column: string): string => {
    const value = record[column];
    if (value === undefined) throw new Error(`the table has no column ${column}`);
    return value.trim();
  };
  const number = (column: string): number | undefined => {
    const value = text(column);
    if (value === "") return undefined;
    if (!Number.isFinite(Number(value))) throw new Error(`record ${index + 1}: ${column} is ${value}`);
    return Number(value);
  };
  return {
    index,
    device: text("device"),
    chip: text("chip"),
    gpuCores: number("gpu_cores"),
    model: text("model"),
    billions: number("params_b"),
    quant: text("quant"),
    engine: text("engine"),
    computeUnit: text("compute_unit"),
    promptTokens: number("prompt_tokens"),
    generatedTokens: number("gen_tokens"),
    prefill: number("prefill_tps"),
    decode: number("decode_tps"),
    timeToFirstTokenMs: number("ttft_ms"),
    conditions: text("conditions"),
    source: text("source"),
  };
}
