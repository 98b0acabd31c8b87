import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type AppLogRecord, collectAppLog, type NumberedRecord } from "../src/index.ts";

/** docs/app-log.md. */
export const DOCUMENT: string = readFileSync(join(import.meta.dirname, "../../../docs/app-log.md"), "utf8");

/** The example log of the document. */
export const EXAMPLE: string = /```jsonl\n(.*?)```/s.exec(DOCUMENT)![1]!;

/** The records of the example, changed: by returning another record, several, or none. */
export async function changedExample(
  change: (record: AppLogRecord) => AppLogRecord | readonly AppLogRecord[] | undefined,
): Promise<NumberedRecord[]> {
  const { records } = await collectAppLog(EXAMPLE);
  return records
    .flatMap(({ record }) => change(structuredClone(record)) ?? [])
    .map((record, index) => ({ line: index + 1, record }));
}
