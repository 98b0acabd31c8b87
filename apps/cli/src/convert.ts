import { writeFile } from "node:fs/promises";
import { basename, join, posix } from "node:path";
import { type Artifact, type BackendPlan, RuntimeManifest, type StageContext } from "@pippin/core";
import { readJsonFile, recoverOutputFolder, withOutputFolder } from "@pippin/core/node";
import type { AnyBackend } from "./config.ts";
import { type OpenModel, packageName } from "./model.ts";
import { type Text, tokenizerFiles, writeText } from "./text.ts";

export const MANIFEST_FILE = "pippin-manifest.json";

/** The backend's plan for a model: sizes and choices, nothing written. */
export function planConversion(
  backend: AnyBackend,
  model: Pick<OpenModel, "decoder" | "facts">,
  options: unknown,
): BackendPlan {
  const { decoder, facts } = model;
  return backend.plan({ ...decoder, facts, name: packageName(facts.name) }, options);
}

/** The folder that is written where `--out` names none. */
export function defaultOut(model: string): string {
  return `build/${packageName(model)}`;
}

export interface WriteOptions {
  readonly out: string;
  readonly force: boolean;
}

/**
 * Writes the package, the tokenizer's files and the manifest into one folder, which appears whole or not at all.
 *
 * @returns the artifacts with their final paths.
 */
export async function writeConversion(
  {
    backend,
    model,
    plan,
  }: { readonly backend: AnyBackend; readonly model: OpenModel; readonly plan: BackendPlan },
  options: WriteOptions,
  context: StageContext,
): Promise<Artifact[]> {
  const { text, folder, decoder } = model;
  return writeOutput({ text, folder }, options, context, async (staging) => ({
    manifest: plan.manifest,
    artifacts: await backend.emit(plan, decoder.weights, staging, context),
  }));
}

/** What a backend wrote. */
export interface Emitted {
  readonly artifacts: Artifact[];
  /** Absent for packages of other tools. */
  readonly manifest: RuntimeManifest | undefined;
}

/**
 * Writes what `emit` puts into a folder, with the tokenizer's files and the manifest, whole or not at all.
 *
 * @param folder - where the tokenizer's files lie.
 */
export async function writeOutput(
  { text, folder }: { readonly text: Text | undefined; readonly folder: string },
  { out, force }: WriteOptions,
  { signal }: StageContext,
  emit: (staging: string) => Promise<Emitted>,
): Promise<Artifact[]> {
  const former = await formerEntries(out);
  const keep = (name: string) => !former.has(name);
  return withOutputFolder(out, { force, keep, signal }, async (staging) => {
    const { artifacts, manifest } = await emit(staging);
    if (text) await writeText(text, folder, staging);
    if (manifest) await writeFile(join(staging, MANIFEST_FILE), manifestText(manifest, artifacts));
    return artifacts.map((artifact) => ({ ...artifact, path: join(out, basename(artifact.path)) }));
  });
}

/** The manifest beside the package also lists its files, by whose hashes a phone resumes a download. */
function manifestText(manifest: RuntimeManifest, artifacts: readonly Artifact[]): string {
  const files = artifacts.flatMap((artifact) =>
    artifact.files.map((file) => ({ ...file, path: posix.join(basename(artifact.path), file.path) })),
  );
  return `${JSON.stringify({ ...manifest, files }, null, 2)}\n`;
}

/** What an earlier run wrote into the folder goes when it is replaced: another model may have fewer files. */
async function formerEntries(out: string): Promise<ReadonlySet<string>> {
  // A run that was killed may have left the old folder aside: what it holds is only known when it is back.
  await recoverOutputFolder(out);
  const parsed = RuntimeManifest.safeParse(
    await readJsonFile(join(out, MANIFEST_FILE)).catch(() => undefined),
  );
  if (!parsed.success) return new Set();
  return new Set([...parsed.data.packages, ...(await tokenizerFiles(out))]);
}
