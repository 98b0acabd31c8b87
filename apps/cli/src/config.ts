import { access } from "node:fs/promises";
import { createRequire } from "node:module";
import { isAbsolute, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Backend, PippinError } from "@pippin/core";
import { readJsonFile } from "@pippin/core/node";
import type { DecoderSpec, WeightSet } from "@pippin/decoder";
import { z } from "zod";
import type { CliErrorCode } from "./errors.ts";
import { usageError } from "./errors.ts";

export const CONFIG_FILE = "pippin.json";

/** `pippin.json` of the current folder. It is never read from a model's folder: it names code to load. */
export const Config = z.strictObject({
  $schema: z.string().optional(),
  /** Modules that export `backend`: npm packages, or files by a path that begins with a dot. */
  backends: z.array(z.string()).default(["@pippin/coreml"]),
  /** The model of this folder's app, when a command names none: `ORG/NAME@commit`, or a path. */
  model: z.string().min(1).optional(),
  /** The backend of its conversion, when `--backend` names none. */
  backend: z.string().optional(),
  /** Options of that backend by their names, when no flag gives them: `{"quantize": "int4", "context": 2048}`. */
  convert: z.record(z.string(), z.unknown()).optional(),
});
export type Config = z.infer<typeof Config>;

/** A backend as the command line sees it: its options and plan are its own affair. */
export type AnyBackend = Backend<DecoderSpec, WeightSet, unknown>;

/** @throws PippinError `CLI_CONFIG_INVALID`. */
export async function readConfig(folder: string): Promise<Config> {
  const parsed = Config.safeParse(await readConfigFile(folder));
  if (parsed.success) return parsed.data;
  throw invalid(`${CONFIG_FILE} is not valid: ${z.prettifyError(parsed.error).replaceAll("\n", " ")}`);
}

/** The file as it is, unchecked, and an empty one where there is none. */
export async function readConfigFile(folder: string): Promise<unknown> {
  const path = join(folder, CONFIG_FILE);
  const present = await access(path).then(
    () => true,
    () => false,
  );
  if (!present) return {};
  return readJsonFile(path).catch((cause) => Promise.reject(invalid(cause.message, cause)));
}

function invalid(message: string, cause?: unknown): PippinError<CliErrorCode> {
  return new PippinError("CLI_CONFIG_INVALID", {
    message,
    cause,
    hint: 'An example: {"backends": ["@pippin/coreml"], "model": "Qwen/Qwen2.5-0.5B-Instruct", "convert": {"quantize": "int8"}}.',
  });
}

/**
 * Loads the backends of the config, in its order.
 *
 * @param config - that of the folder, for who has read it.
 * @throws PippinError `CLI_BACKEND_UNUSABLE`, `CLI_CONFIG_INVALID`.
 */
export async function loadBackends(cwd: string, config?: Config): Promise<AnyBackend[]> {
  const { backends } = config ?? (await readConfig(cwd));
  return Promise.all(backends.map((name) => loadBackend(name, cwd)));
}

async function loadBackend(name: string, cwd: string): Promise<AnyBackend> {
  const loaded = await importFrom(name, cwd).catch((cause) => {
    // Node appends the files that asked for it.
    const [reason] = String(cause instanceof Error ? cause.message : cause).split("\n");
    throw unusable(name, reason!, cause);
  });
  const backend = (loaded as { backend?: AnyBackend }).backend;
  const complete =
    typeof backend?.id === "string" &&
    [backend.plan, backend.emit, backend.detect, backend.open].every(
      (method) => typeof method === "function",
    ) &&
    typeof backend.options?.safeParse === "function";
  if (!complete)
    throw unusable(name, "it exports no `backend` with id, options, plan, emit, detect and open");
  return backend;
}

async function importFrom(name: string, cwd: string): Promise<unknown> {
  if (isAbsolute(name)) return import(pathToFileURL(name).href);
  if (name.startsWith(".")) return import(pathToFileURL(join(cwd, name)).href);
  // Pippin's own backends come with it; a third party's is installed beside the config.
  if (name === "@pippin/coreml") return import("@pippin/coreml");
  const require = createRequire(join(cwd, CONFIG_FILE));
  return import(pathToFileURL(require.resolve(name)).href);
}

function unusable(name: string, reason: string, cause?: unknown): PippinError<CliErrorCode> {
  return new PippinError("CLI_BACKEND_UNUSABLE", {
    message: `the backend ${JSON.stringify(name)} of ${CONFIG_FILE} cannot be used: ${reason}`,
    hint: "Install it in this folder, or correct its path, which begins with ./; docs/backends.md shows how one is written.",
    details: { name },
    cause,
  });
}

/** The backend with that id; the first one when none is named. */
export function chooseBackend(backends: readonly AnyBackend[], id: string | undefined): AnyBackend {
  const backend = id === undefined ? backends[0] : backends.find((candidate) => candidate.id === id);
  if (backend !== undefined) return backend;
  throw usageError(
    `there is no backend "${id}"`,
    `These are known: ${backends.map((candidate) => candidate.id).join(", ")}; others are named in ${CONFIG_FILE}.`,
  );
}
