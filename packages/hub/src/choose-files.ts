import { formatBytes, hubError, quoted } from "./errors.ts";
import { matchesAny, patternTest } from "./patterns.ts";
import type { RepoFile } from "./types.ts";

export interface FileChoice {
  readonly repo: string;
  readonly files: readonly RepoFile[];
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  /** The parsed content of a listed file: the shard index. */
  readonly readJson: (file: RepoFile) => Promise<unknown>;
}

/** What tells how a model is built and what its tokens are, and its terms. */
const COMPANIONS = [
  "config.json",
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "tokenizer.model",
  "vocab.json",
  "vocab.txt",
  "vocab.bpe",
  "merges.txt",
  "special_tokens_map.json",
  "added_tokens.json",
  "chat_template.jinja",
  "chat_template.json",
  "additional_chat_templates/*.jinja",
  "README.md",
  "LICENSE*",
  "LICENCE*",
  "NOTICE*",
];
const SINGLE_FILE = "model.safetensors";
export const INDEX_FILE = "model.safetensors.index.json";
/** Second copies of the weights: Mistral's own layout, other precisions (`model.fp16.safetensors`), adapters. */
const SECOND_COPY = /^(?:consolidated|adapter_model)\b|\.(?:fp16|bf16|fp32|non_ema)[.-]/;
const NUMBERED = /^(.*)-\d{5}-of-(\d{5})\.(safetensors|gguf)$/;
/** Formats whose readers run code that the file holds. */
const PICKLED = /\.(?:bin|pt|pth|ckpt|pkl|pickle)$/i;
/** The image part of a model that reads pictures, in llama.cpp's layout. */
const PROJECTOR = /^mmproj/i;

/**
 * The files to fetch. By default what a conversion needs: config, tokenizer, terms and one copy of the weights, as
 * safetensors or else as the only GGUF. With `include` all that match, but pickled files only where a pattern names
 * their ending: a bare `*` does not ask for them.
 *
 * @throws PippinError `HUB_NO_WEIGHTS`, `HUB_NO_FILES`, `HUB_RESPONSE_INVALID`; what `readJson` throws.
 */
export async function chooseFiles(choice: FileChoice): Promise<RepoFile[]> {
  const { files, include, exclude = [] } = choice;
  const left = files.filter((file) => !matchesAny(exclude, file.path));
  const chosen =
    include === undefined || include.length === 0
      ? await byDefault(choice, left)
      : left.filter((file) => include.some((pattern) => asksFor(pattern, file.path)));
  if (chosen.length === 0) throw noFiles(choice);
  return chosen.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function asksFor(pattern: string, path: string): boolean {
  if (!patternTest(pattern)(path)) return false;
  const ending = PICKLED.exec(path)?.[0].toLowerCase();
  return ending === undefined || pattern.toLowerCase().endsWith(ending);
}

async function byDefault(choice: FileChoice, left: readonly RepoFile[]): Promise<RepoFile[]> {
  const companions = left.filter((file) => matchesCompanion(file.path));
  return [...companions, ...(await weightsOf(choice, left))];
}

/** Top-level names only: the patterns' `*` would match folders below too. */
function matchesCompanion(path: string): boolean {
  return COMPANIONS.some(
    (pattern) => pattern.split("/").length === path.split("/").length && patternTest(pattern)(path),
  );
}

async function weightsOf(choice: FileChoice, left: readonly RepoFile[]): Promise<RepoFile[]> {
  const top = left.filter((file) => !file.path.includes("/"));
  const safetensors = top.filter((file) => file.path.endsWith(".safetensors"));
  // The order in which transformers and @pippin/checkpoint look for them.
  const single = safetensors.find((file) => file.path === SINGLE_FILE);
  if (single !== undefined) return [single];
  const index = top.find((file) => file.path === INDEX_FILE);
  if (index !== undefined) return [index, ...(await shardsOf(choice, index, left))];
  const plain = safetensors.filter((file) => !SECOND_COPY.test(file.path));
  if (safetensors.length > 0) return onlySet(choice, plain.length > 0 ? plain : safetensors);
  const ggufs = top.filter((file) => file.path.endsWith(".gguf") && !PROJECTOR.test(file.path));
  if (ggufs.length > 0) return onlySet(choice, ggufs);
  // Weights that `exclude` took away are not missed.
  const excludedSome = choice.files.some((file) => isWeights(file.path) && !left.includes(file));
  if (excludedSome) return [];
  throw noWeights(choice, left);
}

function isWeights(path: string): boolean {
  return /\.(?:safetensors|gguf)$/.test(path);
}

/** One file, or one numbered set: which of several is meant, the names do not tell. */
function onlySet(choice: FileChoice, candidates: readonly RepoFile[]): RepoFile[] {
  const sets = new Set(candidates.map((file) => NUMBERED.exec(file.path)?.slice(1).join("/") ?? file.path));
  if (sets.size === 1) return [...candidates];
  const all = candidates.map((file) => ({ path: file.path, size: file.size }));
  const first = all[0]!.path;
  const shown = all.slice(0, 40).map((file) => `${quoted(file.path)} (${formatBytes(file.size)})`);
  throw hubError("HUB_NO_WEIGHTS", {
    message: `${choice.repo} holds ${all.length} files of weights, and one is needed: ${shown.join(", ")}`,
    hint: first.endsWith(".gguf")
      ? `Name one as the model, such as ${choice.repo}/${first}, or fetch it with --include.`
      : `Name one with --include, such as --include ${quoted(first)}.`,
    details: { repo: choice.repo, files: all },
  });
}

async function shardsOf(choice: FileChoice, index: RepoFile, left: readonly RepoFile[]): Promise<RepoFile[]> {
  const names = shardNames(choice.repo, await choice.readJson(index));
  const shards: RepoFile[] = [];
  for (const name of names) {
    const listed = choice.files.find((file) => file.path === name);
    if (listed === undefined) throw shardMissing(choice.repo, name);
    if (left.includes(listed)) shards.push(listed);
  }
  return shards;
}

function shardNames(repo: string, index: unknown): Set<string> {
  const map =
    typeof index === "object" && index !== null && "weight_map" in index ? index.weight_map : undefined;
  const names = typeof map === "object" && map !== null ? Object.values(map) : [];
  if (names.length === 0 || !names.every((name): name is string => typeof name === "string")) {
    throw hubError("HUB_RESPONSE_INVALID", {
      message: `${INDEX_FILE} of ${repo} does not name the shards of the weights`,
      hint: "The publisher's index is damaged. Choose the files with --include.",
      details: { repo },
    });
  }
  return new Set(names);
}

function shardMissing(repo: string, name: string) {
  return hubError("HUB_NO_WEIGHTS", {
    message: `${INDEX_FILE} of ${repo} names the shard ${quoted(name)}, which the repository does not have`,
    hint: "The publisher's upload is not complete: try another revision, or choose the files with --include.",
    details: { repo, name },
  });
}

function noWeights({ repo }: FileChoice, left: readonly RepoFile[]) {
  const pickle = left.find((file) => PICKLED.test(file.path) && file.size > 1_000_000);
  const below = left.find((file) => isWeights(file.path));
  const found =
    pickle !== undefined
      ? `, only pickled ones such as ${quoted(pickle.path)}, which can run code`
      : below !== undefined
        ? ` at its top, only in folders, such as ${quoted(below.path)}`
        : "";
  return hubError("HUB_NO_WEIGHTS", {
    message: `${repo} holds no weights as safetensors or GGUF${found}`,
    hint: "Look for a repository with the same model as safetensors, or choose files with --include.",
    details: { repo },
  });
}

function noFiles({ repo, include, exclude, files }: FileChoice) {
  return hubError("HUB_NO_FILES", {
    message: `of the ${files.length} files of ${repo} the patterns leave none`,
    hint: "Check --include and --exclude; * matches across folders, and a pattern that ends in / means a folder.",
    details: { repo, include: include ?? [], exclude: exclude ?? [] },
  });
}
