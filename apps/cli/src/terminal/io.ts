import { styleText } from "node:util";
import type { StageContext, Warning } from "@pippin/core";
import { jsonText, printable } from "./format.ts";
import { createProgress, type Progress } from "./progress.ts";

export interface Streams {
  readonly stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  readonly stdout: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  readonly stderr: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** How a command and the process around it talk. */
export interface Control {
  readonly json: boolean;
  readonly signal: AbortSignal;
  /** Does what Ctrl-C does. */
  interrupt(): void;
  /** Makes the exit status 1 although no error is thrown: the work is done, its finding is bad. */
  fail(): void;
  /** Makes the exit status 3: this machine lacks what was asked for. */
  unfit(): void;
}

/** What a command may touch of the outside: streams, and nothing else of the process. */
export interface Io extends Streams, Control {
  readonly progress: Progress;
  /** Bold on a terminal, plain elsewhere. */
  strong(text: string): string;
  dim(text: string): string;
}

export function createIo(streams: Streams, control: Control): Io {
  const { env, stderr, stdout } = streams;
  const smart = env.TERM !== "dumb";
  const colors = Boolean(stdout.isTTY) && smart && !env.NO_COLOR && !control.json;
  const live = Boolean(stderr.isTTY) && smart && !env.CI;
  const paint = (format: "bold" | "dim") => (text: string) =>
    colors ? styleText(format, text, { validateStream: false }) : text;
  return {
    ...streams,
    ...control,
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

/** A piece of a model's answer as it comes. */
export function sayPiece(io: Io, piece: string): void {
  io.progress.clear();
  io.stdout.write(printable(piece));
}

/** The one JSON document of `--json`. */
export function sayJson(io: Io, value: unknown): void {
  io.progress.clear();
  io.stdout.write(`${jsonText(value, 2)}\n`);
}

function printWarning(io: Io, { code, message, hint }: Warning): void {
  io.progress.clear();
  io.stderr.write(`warning: ${printable(message)} [${printable(code)}]\n`);
  if (hint) io.stderr.write(`         ${printable(hint)}\n`);
}

/** A stage context that prints warnings and keeps them for `--json`. */
export interface CommandContext extends StageContext {
  readonly signal: AbortSignal;
  /** Where settings of the Hub come from. */
  readonly env: Streams["env"];
  readonly warnings: readonly Warning[];
  warn(warning: Warning): void;
}

/** What a command passes to the stages: progress is shown, warnings are printed. */
export function stageContext(io: Io): CommandContext {
  const warnings: Warning[] = [];
  return {
    warnings,
    signal: io.signal,
    env: io.env,
    progress: (event) => io.progress.show(event),
    warn(warning) {
      warnings.push(warning);
      printWarning(io, warning);
    },
  };
}

/** The same without warnings of a code: what is said already, or answered. */
export function withoutWarning(context: CommandContext, code: string): CommandContext {
  const warn: CommandContext["warn"] = (warning) => {
    if (warning.code !== code) context.warn(warning);
  };
  return { ...context, warn };
}
