import type { License, Snapshot, SnapshotOptions, SnapshotPlan } from "@pippin/hub";
import type { Command } from "commander";
import { usageError } from "../errors.ts";
import { licenseName } from "../license.ts";
import { settingsOf } from "../model-argument.ts";
import { several } from "../schema-options.ts";
import {
  counted,
  formatBytes,
  formatSeconds,
  formatTable,
  printableLine,
  shellWord,
} from "../terminal/format.ts";
import { type Io, say, sayJson, stageContext } from "../terminal/io.ts";
import { outputPath } from "./convert.ts";

interface Flags {
  readonly revision?: string;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly localDir?: string;
  readonly dryRun?: boolean;
}

export function define(command: Command, { io }: { io: Io }): void {
  command
    .argument("<model>", "repository: ORG/NAME or ORG/NAME@revision")
    .option("--revision <name>", "branch, tag or commit (default: main)")
    .option(
      "--include <pattern>",
      "fetch the files that match, not what a conversion needs: '*.gguf'; several times",
      several,
    )
    .option("--exclude <pattern>", "leave out files that match; several times", several)
    .option("--local-dir <dir>", "put plain files into a folder, not into the cache", outputPath)
    .option("--dry-run", "say what would be fetched, and fetch nothing")
    .option("--json", "print the snapshot as JSON")
    .addHelpText(
      "after",
      "\nThe cache is that of the Hugging Face tools. HF_TOKEN, HF_ENDPOINT, HF_HOME and HF_HUB_OFFLINE mean what they mean there.\n\nExamples:\n  pippin fetch Qwen/Qwen2.5-0.5B-Instruct\n  pippin fetch Qwen/Qwen2.5-0.5B-Instruct-GGUF --include '*q4_0.gguf' --local-dir models/qwen",
    )
    .action((model: string, flags: Flags) => fetchModel(model, flags, io));
}

async function fetchModel(argument: string, flags: Flags, io: Io): Promise<void> {
  const { fetchSnapshot, planSnapshot } = await import("@pippin/hub");
  const context = stageContext(io);
  const { repo, options } = await requestOf(argument, flags, await settingsOf(context));
  if (flags.dryRun) {
    const plan = await planSnapshot(repo, options, context);
    if (io.json) sayJson(io, { dryRun: true, ...plan, warnings: context.warnings });
    return sayDryRun(io, plan);
  }
  const began = performance.now();
  const snapshot = await fetchSnapshot(repo, options, context);
  const seconds = (performance.now() - began) / 1000;
  if (io.json) sayJson(io, { ...snapshot, warnings: context.warnings, seconds });
  saySnapshot(io, snapshot, { seconds, localDir: flags.localDir });
}

async function requestOf(
  argument: string,
  { revision, include, exclude, localDir }: Flags,
  settings: SnapshotOptions,
): Promise<{ repo: string; options: SnapshotOptions }> {
  const { parseRepoId } = await import("@pippin/hub");
  const id = parseRepoId(argument);
  if (id === undefined)
    throw usageError(
      `${JSON.stringify(argument)} names no repository`,
      "Give ORG/NAME or ORG/NAME@revision.",
    );
  if (revision !== undefined && id.revision !== undefined && revision !== id.revision)
    throw usageError("two revisions are named", "Give one, behind @ or by --revision.");
  const wanted = revision ?? id.revision;
  return {
    repo: id.repo,
    options: {
      ...settings,
      ...(wanted !== undefined && { revision: wanted }),
      ...(include && { include }),
      ...(exclude && { exclude }),
      ...(localDir !== undefined && { localDir }),
    },
  };
}

interface Fetched {
  readonly seconds: number;
  readonly localDir: string | undefined;
}

/** As commands take it: a GGUF is named with its repository. */
function nameOf({ repo, requested, files }: Snapshot): string {
  const name = requested === "main" ? repo : `${repo}@${requested}`;
  const file = files.find(({ path }) => path.endsWith(".gguf"));
  return file === undefined ? name : `${name}/${file.path}`;
}

function isWeights(path: string): boolean {
  return /\.(?:safetensors|gguf)$/.test(path);
}

function saySnapshot(io: Io, snapshot: Snapshot, { seconds, localDir }: Fetched): void {
  const { repo, revision, path, files, fetchedBytes, reusedBytes } = snapshot;
  const size = files.reduce((sum, file) => sum + file.size, 0);
  const fetched =
    fetchedBytes === 0
      ? "all of it was there"
      : `fetched ${formatBytes(fetchedBytes)} in ${formatSeconds(seconds)}${reusedBytes > 0 ? `, ${formatBytes(reusedBytes)} were there` : ""}`;
  say(io, `${io.strong(printableLine(path))}  ${formatBytes(size)} in ${counted(files.length, "file")}`);
  say(io, io.dim(`${printableLine(repo)} at ${revision}; ${fetched}`));
  sayLicense(io, snapshot.license);
  const model = localDir === undefined ? nameOf(snapshot) : path;
  if (files.some((file) => isWeights(file.path))) say(io, `next: npx pippin convert ${shellWord(model)}`);
}

function sayDryRun(io: Io, { repo, revision, files, missingBytes, totalBytes, license }: SnapshotPlan): void {
  say(
    io,
    `would fetch ${printableLine(repo)} at ${revision}: ${formatBytes(missingBytes)} of ${formatBytes(totalBytes)}`,
  );
  const rows = files.map(({ path, size, present }) => [
    `  ${printableLine(path)}`,
    formatBytes(size),
    present ? "is there" : "",
  ]);
  for (const line of formatTable(rows)) say(io, line);
  sayLicense(io, license);
}

function sayLicense(io: Io, license: License | undefined): void {
  const text = license === undefined ? "not stated" : printableLine(licenseName(license));
  const where = license?.url === undefined ? "" : `, ${printableLine(license.url)}`;
  say(io, `licence: ${text}${where}`);
}
