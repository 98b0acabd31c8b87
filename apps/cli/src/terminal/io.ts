import { styleText } from "node:util";
import type { StageContext, Warning } from "@pippin/core";
import { createProgress, type Progress } from "./progress.ts";

export interface Streams {
  readonly stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  readonly stdout: NodeJS.WritableStream & { isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** What a command may touch of the outside: streams, and nothing else of the process. */
export interface Io extends Streams {
  readonly json: boolean;
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** Bold on a terminal, plain elsewhere. */
  strong(text: string): string;
  dim(text: string): string;
}

export function createIo(streams: Streams, json: boolean): Io {
  const { env, stderr, stdout } = streams;
  const colors = Boolean(stdout.isTTY) && !env.NO_COLOR && !json;
  const live = Boolean(stderr.isTTY) && !env.CI;
  const paint = (format: "bold" | "dim") => (text: string) => (colors ? styleText(format, text) : text);
  return {
    ...streams,
    json,
    signal: new AbortController().signal,
    progress: createProgress(stderr, live),
    strong: paint("bold"),
    dim: paint("dim"),
  };
}

/** Result lines for people, on stdout. */
export function say(io: Io, text = ""): void {
  io.progress.clear();
  if (!io.json) io.stdout.write(`${text}\n`);
}

/** The one JSON document of `--json`. */
export function sayJson(io: Io, value: unknown): void {
  io.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

export function printWarning(io: Io, { code, message, hint }: Warning): void {
  io.progress.clear();
  io.stderr.write(`warning: ${message} [${code}]\n${hint ? `         ${hint}\n` : ""}`);
}

/** A stage context that shows progress, prints warnings and keeps them for `--json`. */
export function stageContext(io: Io): StageContext & { readonly warnings: Warning[] } {
  const warnings: Warning[] = [];
  return {
    warnings,
    signal: io.signal,
    progress: (event) => io.progress.show(event),
    warn(warning) {
      warnings.push(warning);
      printWarning(io, warning);
    },
  };
}
