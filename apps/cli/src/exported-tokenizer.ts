import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withOutputFolder } from "@pippin/core/node";
import {
  describeTokenizer,
  exportTokenizer,
  type OpenedTokenizer,
  openTokenizer,
  type TokenizerDescription,
  type TokenizerExport,
} from "@pippin/tokenizer";
import { openWords } from "./model.ts";
import { formatBytes } from "./terminal/format.ts";
import { type Io, say, sayJson, stageContext } from "./terminal/io.ts";

/** What apps open, and what it is tested by. */
const FILE = "tokenizer.pippin";
const SELF_TEST = "tokenizer-selftest.jsonl";

export interface ExportFlags {
  readonly out: string;
  readonly template: boolean;
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

export async function exportTo(path: string, flags: ExportFlags, io: Io): Promise<void> {
  const { out, template, force = false, dryRun = false } = flags;
  const context = stageContext(io);
  const exported = await exportOf(path, io, template);
  if (!dryRun) {
    await withOutputFolder(out, { force, signal: io.signal }, (staging) => write(exported, staging));
  }
  const { bytes, selfTest, stopIds } = exported;
  const files = [
    { path: join(out, FILE), size: bytes.length },
    { path: join(out, SELF_TEST), questions: selfTest.length },
  ];
  if (io.json) sayJson(io, { ...(dryRun && { dryRun }), files, stopIds, warnings: context.warnings });
  const what = `${formatBytes(bytes.length)}, ${selfTest.length} questions to test it by, stops at ${stopIds.join(", ") || "nothing"}`;
  say(io, dryRun ? `would write ${join(out, FILE)}: ${what}` : `${io.strong(join(out, FILE))}  ${what}`);
}

async function exportOf(path: string, io: Io, template: boolean): Promise<TokenizerExport> {
  const { source } = await openWords(path, stageContext(io));
  return exportTokenizer(template ? source : { ...source, chatTemplate: null });
}

async function write({ bytes, selfTest }: TokenizerExport, folder: string): Promise<void> {
  await writeFile(join(folder, FILE), bytes);
  await writeFile(join(folder, SELF_TEST), selfTest.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

/** A compiled tokenizer, when `path` is one or the folder that holds only one. */
export async function compiledTokenizer(path: string): Promise<OpenedTokenizer | undefined> {
  const bytes = await compiledBytes(path);
  return bytes && openTokenizer(bytes);
}

async function compiledBytes(path: string): Promise<Uint8Array | undefined> {
  if (path.endsWith(".pippin")) return readFile(path);
  const isFile = (name: string): Promise<boolean> =>
    stat(join(path, name)).then(
      (found) => found.isFile(),
      () => false,
    );
  return (await isFile(FILE)) && !(await isFile("tokenizer.json")) ? readFile(join(path, FILE)) : undefined;
}

/** Prints what a tokenizer does. */
export async function describedTokenizer(path: string, io: Io): Promise<void> {
  const bytes = (await compiledBytes(path)) ?? (await exportOf(path, io, true)).bytes;
  openTokenizer(bytes).verify();
  const description = describeTokenizer(bytes);
  if (io.json) sayJson(io, description);
  for (const line of linesOf(description)) say(io, line);
}

function linesOf(one: TokenizerDescription): string[] {
  const stages = (names: readonly string[]): string => names.join(" → ") || "nothing";
  return [
    `model           ${one.model}, ${one.vocabSize} ids, ${one.addedTokens} of them added, ${one.merges} merges`,
    `normalizer      ${stages(one.normalizers)}`,
    `pre-tokenizer   ${stages(one.preTokenizers)}`,
    `decoder         ${stages(one.decoders)}`,
    `stops at        ${one.stopIds.join(", ") || "nothing"}`,
    `chat templates  ${one.chatTemplates.join(", ") || "none"}`,
    `compiled        ${formatBytes(one.bytes)} in ${one.sections.length} sections`,
    ...one.sections.map(({ kind, bytes }) => `  ${kind.padEnd(14)}${formatBytes(bytes)}`),
  ];
}
