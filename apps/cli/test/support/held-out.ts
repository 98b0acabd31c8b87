import { readFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "./run-cli.ts";

/** A question that the bundled model was never trained with. */
export interface HeldOut {
  readonly topic: string;
  readonly question: string;
  /** Regular expressions. */
  readonly expect: readonly string[];
}

export function readHeldOut(): HeldOut[] {
  const lines = readFileSync(join(REPOSITORY, "models/train/held-out.jsonl"), "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line));
}

/** An answer is right when, in lower case, it matches every expression. */
export function isRight({ expect }: HeldOut, answer: string): boolean {
  return expect.every((pattern) => new RegExp(pattern).test(answer.toLowerCase()));
}
