import { type FileTree, isPippinError } from "@pippin/core";
import { checkpointError, listed, quoted } from "./errors.ts";

/** Which files of a model's folder hold its weights. */
export type Weights =
  | { readonly kind: "safetensors"; readonly files: readonly string[] }
  | { readonly kind: "indexed"; readonly index: string }
  | { readonly kind: "gguf"; readonly file: string };

const SINGLE_FILE = "model.safetensors";
const INDEX_FILE = "model.safetensors.index.json";
/** How `torch.save` files are called. */
const PICKLED = /\.(?:bin|pt|pth|ckpt)$/;
const NUMBERED = /-(\d{5})-of-(\d{5})\.safetensors$/;

/**
 * Chooses among a folder's files as transformers does: `model.safetensors`, then the index; then any other safetensors
 * together; then a single GGUF.
 *
 * @throws PippinError `CHECKPOINT_NO_WEIGHTS`, `CHECKPOINT_AMBIGUOUS`, `CHECKPOINT_PICKLED`, `CHECKPOINT_SHARD_MISSING`.
 */
export async function chooseWeights(tree: FileTree, signal?: AbortSignal): Promise<Weights> {
  // What lies in folders of a repository are other formats and other models.
  const names = (await tree.list(signal)).filter((name) => !name.includes("/"));
  if (names.includes(SINGLE_FILE)) return { kind: "safetensors", files: [SINGLE_FILE] };
  if (names.includes(INDEX_FILE)) return { kind: "indexed", index: INDEX_FILE };
  const files = names.filter((name) => name.endsWith(".safetensors"));
  if (files.length > 0) {
    checkNumbering(tree, files);
    return { kind: "safetensors", files };
  }
  const ggufs = names.filter((name) => name.endsWith(".gguf"));
  if (ggufs.length === 1) return { kind: "gguf", file: ggufs[0]! };
  if (ggufs.length > 1) throw ambiguous(tree.name, ggufs);
  const pickles = names.filter((name) => PICKLED.test(name));
  if (pickles.length > 0) throw pickled(tree.name, pickles);
  throw noWeights(tree.name, names);
}

/**
 * Takes a file at its word.
 *
 * @throws PippinError `CHECKPOINT_PICKLED`, `CHECKPOINT_FORMAT_UNKNOWN`.
 */
export function weightsOfFile(tree: FileTree, file: string): Weights {
  if (file.endsWith(".safetensors")) return { kind: "safetensors", files: [file] };
  if (file.endsWith(".safetensors.index.json")) return { kind: "indexed", index: file };
  if (file.endsWith(".gguf")) return { kind: "gguf", file };
  if (PICKLED.test(file)) throw pickled(tree.name, [file]);
  throw formatUnknown(tree.locate(file), file);
}

/** Without an index, only the names `…-00001-of-00003.safetensors` tell that a shard is absent. */
function checkNumbering(tree: FileTree, files: readonly string[]): void {
  const present = new Set(files);
  for (const file of files) {
    const [suffix, , total] = NUMBERED.exec(file) ?? [];
    if (suffix === undefined) continue;
    for (let number = 1; number <= Number(total); number++) {
      const expected = file.replace(suffix, `-${String(number).padStart(5, "0")}-of-${total}.safetensors`);
      if (!present.has(expected)) throw shardMissing(tree.locate(expected));
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

/** Whether a file system's error says that a path leads nowhere. */
export function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

/** Whether a tree's file could not be opened because it is not there, and not for want of a permission. */
export function isMissing(error: unknown): error is Error {
  if (!isPippinError(error) || error.code !== "CORE_FILE_UNREADABLE") return false;
  return error.cause === undefined || isAbsent(error.cause);
}

function noWeights(folder: string, names: readonly string[]) {
  const found = names.length === 0 ? "holds no files" : `holds no weights, only ${listed(names)}`;
  return checkpointError("CHECKPOINT_NO_WEIGHTS", {
    message: `${folder} ${found}`,
    hint: `Expected ${SINGLE_FILE}, ${INDEX_FILE} with its shards, or one .gguf file.`,
    details: { folder },
  });
}

function ambiguous(folder: string, files: readonly string[]) {
  return checkpointError("CHECKPOINT_AMBIGUOUS", {
    message: `${folder} holds ${files.length} GGUF files: ${listed(files)}`,
    hint: "Give the path of the file that you mean.",
    details: { folder, files: files.slice(0, 100) },
  });
}

function formatUnknown(path: string, file: string) {
  return checkpointError("CHECKPOINT_FORMAT_UNKNOWN", {
    message: `${quoted(file)} is neither .safetensors nor .gguf`,
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
