import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { type CoreErrorCode, type FileTree, PippinError } from "@pippin/core";
import { folderTree } from "@pippin/core/node";
import { checkpointError } from "../errors.ts";
import { chooseWeights, isAbsent, type Weights, weightsOfFile } from "../find-weights.ts";

/** Where a path's weights are. */
export interface WeightsPlace {
  readonly tree: FileTree;
  readonly weights: Weights;
}

/**
 * Finds the weights that a path means: a folder's, or the file itself.
 *
 * @throws PippinError `CHECKPOINT_NOT_FOUND`, `CORE_FILE_UNREADABLE`, and as `chooseWeights` and `weightsOfFile`.
 */
export async function findWeights(path: string): Promise<WeightsPlace> {
  const found = await stat(path).catch((cause) => {
    throw isAbsent(cause) ? notFound(path, cause) : unreadable(path, cause);
  });
  const tree = folderTree(found.isDirectory() ? path : dirname(path));
  const weights = found.isDirectory() ? await chooseWeights(tree) : weightsOfFile(tree, basename(path));
  return { tree, weights };
}

function notFound(path: string, cause: unknown) {
  return checkpointError("CHECKPOINT_NOT_FOUND", {
    message: `there is no file or folder ${path}`,
    hint: "Check the path. Pippin's commands take a repository of the Hub as ORG/NAME.",
    details: { path },
    cause,
  });
}

function unreadable(path: string, cause: unknown) {
  return new PippinError<CoreErrorCode>("CORE_FILE_UNREADABLE", {
    message: `cannot read ${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
    hint: "Check the path and its permissions.",
    details: { path },
    cause,
  });
}
