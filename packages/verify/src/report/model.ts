import type { Warning } from "@pippin/core";
import type { ParityReport } from "../parity.ts";
import type { TextReport } from "../text-sums.ts";
import type { Verdict } from "../verdict.ts";

/** An answer of both models, as text. */
export interface AnswerText {
  readonly prompt: string;
  readonly original: string;
  readonly package: string;
  /** The first token that differs, counted from 0; `null` when the answers are equal. */
  readonly divergesAt: number | null;
}

/** Everything that a page about one package shows. */
export interface VerifyReport {
  readonly package: string;
  readonly original: string;
  /** How the package was executed: `fp16` rounds each operation, `fp32` does not. */
  readonly precision: string;
  readonly passed: boolean;
  /** Empty when the default criterion decided: greedy tokens equal, but for near ties. */
  readonly conditions: Verdict["conditions"];
  readonly chat: ParityReport;
  readonly text: TextReport | null;
  readonly answers: readonly AnswerText[];
  readonly warnings: readonly Warning[];
}

/** One of several packages that were made from the same model. */
export interface ComparedPackage {
  /** Unlike those of the others. */
  readonly package: string;
  /** Encoding of the weights as the manifest calls it; `unknown` without a manifest. */
  readonly encoding: string;
  /** On disk: the package without the tokenizer's files. */
  readonly bytes: number;
  /** How it was executed. */
  readonly precision: string;
  readonly passed: boolean;
  readonly conditions: Verdict["conditions"];
  readonly chat: ParityReport;
  readonly text: TextReport | null;
  readonly answers: readonly AnswerText[];
}

/** Everything that a page about several packages shows. */
export interface ComparisonReport {
  readonly original: string;
  readonly passed: boolean;
  /** In the order in which they were named. */
  readonly packages: readonly ComparedPackage[];
  readonly warnings: readonly Warning[];
}
