import { stat } from "node:fs/promises";
import { join } from "node:path";
import { isPippinError, PippinError } from "@pippin/core";
import type { ModelId, RemoteModel, ResolvedSettings, Snapshot, SnapshotOptions } from "@pippin/hub";
import { type CliErrorCode, usageError } from "./errors.ts";
import type { CommandContext } from "./terminal/io.ts";

/** What a MODEL argument can be, for `--help`. */
export const MODEL_ARGUMENT =
  "repository (ORG/NAME, ORG/NAME@revision, ORG/NAME/FILE.gguf), folder, .safetensors or .gguf file";

/** A model argument understood. What is on this machine wins over a repository of the same name. */
export type ModelArgument = { readonly kind: "local"; readonly path: string } | RepositoryArgument;

export interface RepositoryArgument extends ModelId {
  readonly kind: "repository";
  /** One of several GGUF files. */
  readonly file?: string;
}

/** `ORG/NAME/FILE.gguf`, also with a revision behind the name. */
const FILE_OF_REPOSITORY = /^([^/]+\/[^/]+)\/(.+\.gguf)$/;

/** @throws PippinError `CLI_USAGE` for an empty argument and for the address of a page. */
export async function readModelArgument(argument: string): Promise<ModelArgument> {
  if (argument === "") throw usageError("the model is empty", `Name a ${MODEL_ARGUMENT}.`);
  const local = { kind: "local" as const, path: argument };
  if (await exists(argument)) return local;
  if (/^https?:\/\//.test(argument))
    throw usageError(
      "the model is the address of a page",
      `Give what stands behind the host, ORG/NAME; HF_ENDPOINT names another host.`,
    );
  const { parseModelId } = await import("@pippin/hub");
  const [, repository, file] = FILE_OF_REPOSITORY.exec(argument) ?? [];
  // Any other file that is not here is not looked for on the Hub.
  if (file === undefined && /\.(?:safetensors|gguf)$/.test(argument)) return local;
  const id = parseModelId(repository ?? argument);
  return id === undefined ? local : { kind: "repository", ...id, ...(file !== undefined && { file }) };
}

/** A model on this machine. */
export interface LocalModel {
  readonly path: string;
  /** Of a repository. */
  readonly snapshot?: Snapshot;
}

/**
 * The folder or file that a model argument means; a repository is fetched first.
 *
 * @param choice - which files of a repository; default: those that a conversion needs.
 * @throws PippinError `HUB_*`, `CLI_USAGE`.
 */
export async function localModel(
  argument: string,
  context: CommandContext,
  choice: Pick<SnapshotOptions, "include"> = {},
): Promise<LocalModel> {
  const model = await readModelArgument(argument);
  if (model.kind === "local") return { path: model.path };
  const { fetchSnapshot } = await import("@pippin/hub");
  const { file } = model;
  const one = file === undefined ? {} : { include: [file, "README.md"] };
  const options = { ...(await settingsOf(context)), ...revisionOf(model), ...choice, ...one };
  const snapshot = await fetchSnapshot(model.repo, options, context).catch((error) => {
    throw orFolder(error, argument);
  });
  return { path: file === undefined ? snapshot.path : join(snapshot.path, file), snapshot };
}

/**
 * A repository of which files are read by ranges, for who wants headers alone; nothing of it is kept.
 *
 * @throws PippinError `HUB_*`.
 */
export async function peekModelArgument(
  { repo, ...id }: RepositoryArgument,
  context: CommandContext,
): Promise<RemoteModel> {
  const { peekModel } = await import("@pippin/hub");
  const options = { ...(await settingsOf(context)), ...revisionOf(id) };
  return peekModel(repo, options, context).catch((error) => {
    throw orFolder(error, repo);
  });
}

/** Where the Hub and its cache are, from the environment. */
export async function settingsOf({ env }: Pick<CommandContext, "env">): Promise<ResolvedSettings> {
  const { hubSettings } = await import("@pippin/hub");
  return hubSettings(env);
}

function revisionOf({ revision }: Pick<ModelId, "revision">): { revision?: string } {
  return revision === undefined ? {} : { revision };
}

/** Who meant a folder and mistyped it must not look for a repository of that name. */
function orFolder(error: unknown, argument: string): unknown {
  if (!isPippinError(error) || error.code !== "HUB_REPO_NOT_FOUND") return error;
  return new PippinError<CliErrorCode>("CLI_MODEL_NOT_FOUND", {
    message: `there is no folder ${argument} here, and ${error.message}`,
    hint: error.hint,
    details: error.details,
    cause: error,
  });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
