import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type CoreErrorCode, PippinError } from "@pippin/core";
import { checkpointError, listed, quoted } from "../errors.ts";

/** Where the weights of a path are. `files` are relative to `folder`. */
export type WeightsPlace =
  | { readonly kind: "safetensors"; readonly folder: string; readonly files: readonly string[] }
  | { readonly kind: "indexed"; readonly folder: string; readonly index: string }
  | { readonly kind: "gguf"; readonly folder: string; readonly file: string };

const SINGLE_FILE = "model.safetensors";
const INDEX_FILE = "model.safetensors.index.json";
/** How `torch.save` files are called. */
const PICKLED = /\.(?:bin|pt|pth|ckpt)$/;
const NUMBERED = /-(\d{5})-of-(\d{5})\.safetensors$/;

/**
 * Finds the weights that a path means. In a folder, as transformers does: `model.safetensors`, then the index; then
 * any other safetensors together; then a single GGUF.
 *
 * @throws PippinError `CHECKPOINT_NOT_FOUND`, `CHECKPOINT_NO_WEIGHTS`, `CHECKPOINT_AMBIGUOUS`, `CHECKPOINT_PICKLED`,
 *   `CHECKPOINT_FORMAT_UNKNOWN`, `CHECKPOINT_SHARD_MISSING`, `CORE_FILE_UNREADABLE`.
 */
export async function findWeights(path: string): Promise<WeightsPlace> {
  const cannotOpen = (cause: unknown): never => {
    throw isAbsent(cause) ? notFound(path, cause) : unreadable(path, cause);
  };
  const found = await stat(path).catch(cannotOpen);
  if (found.isDirectory()) return inFolder(path, (await readdir(path).catch(cannotOpen)).sort());
  const folder = dirname(path);
  const file = basename(path);
  if (file.endsWith(".safetensors")) return { kind: "safetensors", folder, files: [file] };
  if (file.endsWith(".safetensors.index.json")) return { kind: "indexed", folder, index: file };
  if (file.endsWith(".gguf")) return { kind: "gguf", folder, file };
  if (PICKLED.test(file)) throw pickled(folder, [file]);
  throw formatUnknown(path);
}

function inFolder(folder: string, names: readonly string[]): WeightsPlace {
  if (names.includes(SINGLE_FILE)) return { kind: "safetensors", folder, files: [SINGLE_FILE] };
  if (names.includes(INDEX_FILE)) return { kind: "indexed", folder, index: INDEX_FILE };
  const files = names.filter((name) => name.endsWith(".safetensors"));
  if (files.length > 0) {
    checkNumbering(folder, files);
    return { kind: "safetensors", folder, files };
  }
  const ggufs = names.filter((name) => name.endsWith(".gguf"));
  if (ggufs.length === 1) return { kind: "gguf", folder, file: ggufs[0]! };
  if (ggufs.length > 1) throw ambiguous(folder, ggufs);
  const pickles = names.filter((name) => PICKLED.test(name));
  if (pickles.length > 0) throw pickled(folder, pickles);
  throw noWeights(folder, names);
}

/** Without an index, only the names `…-00001-of-00003.safetensors` tell that a shard is absent. */
function checkNumbering(folder: string, files: readonly string[]): void {
  const present = new Set(files);
  for (const file of files) {
    const [suffix, , total] = NUMBERED.exec(file) ?? [];
    if (suffix === undefined) continue;
    for (let number = 1; number <= Number(total); number++) {
      const expected = file.replace(suffix, `-${String(number).padStart(5, "0")}-of-${total}.safetensors`);
      if (!present.has(expected)) throw shardMissing(join(folder, expected));
    }
  }
}

export function shardMissing(path: string, cause?: unknown) {
  return checkpointError("CHECKPOINT_SHARD_MISSING", {
    message: `the shard ${path} is not there`,
    hint: "The download is not complete: download the missing file into the same folder.",
    details: { path },
    cause,
  });
}

function notFound(path: string, cause: unknown) {
  return checkpointError("CHECKPOINT_NOT_FOUND", {
    message: `there is no file or folder ${path}`,
    hint: "Check the path. A model on the Hub must be fetched first.",
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

/** Whether a file system error says that a path leads nowhere. */
export function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

function noWeights(folder: string, names: readonly string[]) {
  const found = names.length === 0 ? "is empty" : `holds no weights, only ${listed(names)}`;
  return checkpointError("CHECKPOINT_NO_WEIGHTS", {
    message: `the folder ${folder} ${found}`,
    hint: `Expected ${SINGLE_FILE}, ${INDEX_FILE} with its shards, or one .gguf file.`,
    details: { folder },
  });
}

function ambiguous(folder: string, files: readonly string[]) {
  return checkpointError("CHECKPOINT_AMBIGUOUS", {
    message: `the folder ${folder} holds ${files.length} GGUF files: ${listed(files)}`,
    hint: "Give the path of the file that you mean.",
    details: { folder, files: files.slice(0, 100) },
  });
}

function formatUnknown(path: string) {
  return checkpointError("CHECKPOINT_FORMAT_UNKNOWN", {
    message: `${quoted(basename(path))} is neither .safetensors nor .gguf`,
    hint: "Give a model's folder, a .safetensors file with its config.json beside it, or a .gguf file.",
    details: { path },
  });
}

function pickled(folder: string, files: readonly string[]) {
  const input = files[0]!;
  const output = input === "pytorch_model.bin" ? SINGLE_FILE : input.replace(PICKLED, ".safetensors");
  const others = files.length > 1 ? ` Do the same with the other ${files.length - 1}.` : "";
  return checkpointError("CHECKPOINT_PICKLED", {
    message: `the weights in ${folder} are pickled (${listed(files)}): only Python reads them, and they can run code`,
    hint:
      `Look for safetensors of the same model, or convert them with Python in that folder:\n` +
      `  import torch; from safetensors.torch import save_file\n` +
      `  save_file({k: v.clone().contiguous() for k, v in torch.load(${JSON.stringify(input)}, map_location="cpu", ` +
      `weights_only=True).items()}, ${JSON.stringify(output)}, metadata={"format": "pt"})${others && `\n${others.trim()}`}`,
    details: { folder, files: files.slice(0, 100) },
  });
}
