import type { Warning } from "@pippin/core";
import { APP_LOG_KINDS, APP_LOG_VERSION, AppLogRecord } from "./app-log.ts";
import { type LineSource, type NumberedLine, readLines } from "./lines.ts";

/** What can be wrong with a line of a log. None of it stops the reading. */
export type AppLogWarningCode =
  /** The last line is cut off: the app was ended while it wrote. */
  | "BENCH_LOG_TRUNCATED"
  /** The line is no JSON object. */
  | "BENCH_LOG_NOT_JSON"
  /** The line is longer than `MAX_LINE_LENGTH`. */
  | "BENCH_LOG_LINE_TOO_LONG"
  /** The log is of a version that this package does not know. */
  | "BENCH_LOG_VERSION"
  /** The record is of a kind that version 1 does not have. */
  | "BENCH_LOG_UNKNOWN_KIND"
  /** The record lacks a key, or one has a value that it cannot have. */
  | "BENCH_LOG_BAD_RECORD";

export interface AppLogWarning extends Warning {
  readonly code: AppLogWarningCode;
}

/** A line of a log, numbered from 1. */
export type AppLogLine =
  | { readonly status: "record"; readonly line: number; readonly record: AppLogRecord }
  /** JSON of a foreign kind, as it is. */
  | {
      readonly status: "foreign";
      readonly line: number;
      readonly value: Readonly<Record<string, unknown>>;
      readonly warning: AppLogWarning;
    }
  | { readonly status: "unreadable"; readonly line: number; readonly warning: AppLogWarning };

/** A record and its line. */
export interface NumberedRecord {
  readonly line: number;
  readonly record: AppLogRecord;
}

export interface AppLog {
  readonly records: readonly NumberedRecord[];
  /** In the order of lines. */
  readonly warnings: readonly { readonly line: number; readonly warning: AppLogWarning }[];
}

/**
 * Reads a log while it streams; holds one line at a time. Empty lines are skipped.
 *
 * @param source - the text, or pieces of it as strings or UTF-8 bytes, cut anywhere. Its errors pass through; the
 * content of a log throws nothing.
 */
export async function* readAppLog(source: LineSource): AsyncGenerator<AppLogLine> {
  for await (const line of readLines(source)) yield readLine(line);
}

/** Reads a whole log into memory. */
export async function collectAppLog(source: LineSource): Promise<AppLog> {
  const records: NumberedRecord[] = [];
  const warnings: { line: number; warning: AppLogWarning }[] = [];
  for await (const line of readAppLog(source)) {
    if (line.status === "record") records.push({ line: line.line, record: line.record });
    else warnings.push({ line: line.line, warning: line.warning });
  }
  return { records, warnings };
}

function readLine({ line, text, ended }: NumberedLine): AppLogLine {
  if (text === undefined)
    return unreadable(line, "BENCH_LOG_LINE_TOO_LONG", "the line is too long for a log");
  const value = parseObject(text);
  if (value === undefined) {
    return ended
      ? unreadable(line, "BENCH_LOG_NOT_JSON", "the line is no JSON object")
      : unreadable(line, "BENCH_LOG_TRUNCATED", "the last line is cut off");
  }
  if (typeof value.kind === "string" && !APP_LOG_KINDS.includes(value.kind)) {
    const message = `records of kind ${JSON.stringify(value.kind)} are not known`;
    return { status: "foreign", line, value, warning: { code: "BENCH_LOG_UNKNOWN_KIND", message } };
  }
  if (value.kind === "session" && value.version !== APP_LOG_VERSION) {
    const message = `the log is of version ${JSON.stringify(value.version)}, known is ${APP_LOG_VERSION}`;
    return unreadable(line, "BENCH_LOG_VERSION", message);
  }
  const parsed = AppLogRecord.safeParse(value);
  if (parsed.success) return { status: "record", line, record: parsed.data };
  const [issue] = parsed.error.issues;
  const message = `${String(value.kind)}: ${issue?.path.join(".")}: ${issue?.message}`;
  return unreadable(line, "BENCH_LOG_BAD_RECORD", message);
}

function unreadable(line: number, code: AppLogWarningCode, message: string): AppLogLine {
  return { status: "unreadable", line, warning: { code, message } };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return value as Record<string, unknown>;
  } catch {
    // What the line is instead does not matter: the caller warns with its number.
    return undefined;
  }
}
