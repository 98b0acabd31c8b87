import { basename, dirname, resolve } from "node:path";
import { type Checkpoint, GgufArray, type GgufValue } from "@pippin/checkpoint";
import { openCheckpoint, readGgufMetadata } from "@pippin/checkpoint/node";
import { isPippinError, type ModelFacts } from "@pippin/core";
import { fileSource } from "@pippin/core/node";
import { type Decoder, readDecoder } from "@pippin/decoder";
import { type License, readLicense } from "@pippin/hub";
import {
  createChatTemplate,
  createTokenizer,
  findChatTemplate,
  stopTokenIds,
  tokenizerFromGguf,
} from "@pippin/tokenizer";
import { loadTokenizer } from "@pippin/tokenizer/node";
import { licenseName } from "./license.ts";
import { localModel } from "./model-argument.ts";
import type { CommandContext } from "./terminal/io.ts";
import type { Text } from "./text.ts";

/** A model opened: its headers, its meaning, its tokenizer. No weight is read. */
export interface OpenModel {
  /** The folder that holds it. */
  readonly folder: string;
  readonly checkpoint: Checkpoint;
  readonly decoder: Decoder;
  /** Absent for weights without a tokenizer. */
  readonly text: Text | undefined;
  /** As the model's card says it. */
  readonly license: License | undefined;
  readonly facts: ModelFacts;
}

/**
 * Opens what a model argument means; a repository of the Hub is fetched first.
 *
 * @throws PippinError `HUB_*`, `CHECKPOINT_*`, `DECODER_*`, `TOKENIZER_*`.
 */
export async function openModel(argument: string, context: CommandContext): Promise<OpenModel> {
  const model = await openFiles(argument, context);
  return { ...model, decoder: readDecoder(model.checkpoint) };
}

/** The same for models of which Pippin may not know what they compute. */
export async function openFiles(
  argument: string,
  context: CommandContext,
): Promise<Omit<OpenModel, "decoder">> {
  const { path, snapshot } = await localModel(argument, context);
  const checkpoint = await openCheckpoint(path, { signal: context.signal });
  for (const warning of checkpoint.warnings) context.warn(warning);
  const full = resolve(path);
  const folder = /\.(safetensors|gguf)$/.test(full) ? dirname(full) : full;
  const text = await openText(checkpoint, folder).catch((error) => withoutWords(error, context));
  const place = snapshot ?? hubPlace(full);
  const license = await licenseOf(folder);
  return {
    folder,
    checkpoint,
    text,
    license,
    facts: {
      name: place?.repo ?? checkpoint.name,
      revision: place?.revision,
      license: license && licenseName(license),
      chatTemplate: text?.template?.source,
      stopTokens:
        text?.stopTokens ??
        stopTokenIds({ config: checkpoint.config, generationConfig: checkpoint.generationConfig }),
    },
  };
}

/** Files of a repository that turn text into ids and back; a GGUF holds them too, with its weights. */
const WORDS = ["*.json", "*.jinja", "merges.txt", "tokenizer.model", "vocab.txt"];

/**
 * The words alone of a model or a package: its weights may be missing.
 *
 * @throws PippinError `TOKENIZER_MISSING`, and what broken files of a tokenizer or a GGUF file throw.
 */
export async function openWords(argument: string, context: CommandContext): Promise<Text> {
  const { signal } = context;
  const { path } = await localModel(argument, context, { include: WORDS });
  if (path.endsWith(".gguf")) {
    return ggufText({ metadata: await readGgufMetadata(path, { signal }) }, {}).catch(async (error) => {
      const beside = await loadTokenizer(dirname(resolve(path))).then(textOf, withoutTokenizer);
      if (beside === undefined) throw error;
      return beside;
    });
  }
  const folder = path.endsWith(".safetensors") ? dirname(resolve(path)) : path;
  try {
    return textOf(await loadTokenizer(folder));
  } catch (error) {
    if (withoutTokenizer(error) !== undefined) throw error;
    // A folder may hold a GGUF file; one without weights still lacks a tokenizer.
    const checkpoint = await openCheckpoint(path, { signal }).catch(() => undefined);
    const text = checkpoint && (await openText(checkpoint, folder));
    if (text === undefined) throw error;
    return text;
  }
}

async function openText(checkpoint: Checkpoint, folder: string): Promise<Text | undefined> {
  const inFolder = () => loadTokenizer(folder).then(textOf, withoutTokenizer);
  if (checkpoint.gguf === undefined) return inFolder();
  try {
    return await ggufText(checkpoint.gguf, checkpoint);
  } catch (error) {
    const beside = await inFolder();
    if (beside !== undefined) return beside;
    throw error;
  }
}

async function ggufText(
  gguf: NonNullable<Checkpoint["gguf"]>,
  { config, generationConfig }: { readonly config?: unknown; readonly generationConfig?: unknown },
): Promise<Text> {
  const files = tokenizerFromGguf({ get: (key) => plainValue(gguf.metadata.get(key)) });
  const tokenizer = createTokenizer(files);
  const source = findChatTemplate(files);
  const { bosToken, eosToken } = tokenizer;
  const template =
    source === undefined ? undefined : createChatTemplate({ template: source, bosToken, eosToken });
  const stopTokens = stopTokenIds({
    ...{ tokenizer, chatTemplate: template, config },
    generationConfig: generationConfig ?? files.generationConfig,
  });
  const made = { kind: "made" as const, ...files };
  return {
    tokenizer,
    template,
    stopTokens,
    files: made,
    source: { ...files, chatTemplate: source ?? null, config },
  };
}

/** Arrays of a GGUF stay as bytes until somebody wants them. */
function plainValue(value: GgufValue | undefined): unknown {
  return value instanceof GgufArray ? value.values() : value;
}

type Loaded = Awaited<ReturnType<typeof loadTokenizer>>;

export function textOf({ tokenizer, chatTemplate, stopTokens, files, source }: Loaded): Text {
  return { tokenizer, template: chatTemplate, stopTokens, files: { kind: "copied", names: files }, source };
}

/** Weights alone can be converted; what needs text says so later. */
export function withoutTokenizer(error: unknown): undefined {
  if (isPippinError(error) && error.code === "TOKENIZER_MISSING") return undefined;
  throw error;
}

/** A tokenizer of a kind that cannot be executed keeps nobody from the weights. */
function withoutWords(error: unknown, context: CommandContext): undefined {
  if (!isPippinError(error) || error.code !== "TOKENIZER_UNSUPPORTED_COMPONENT") throw error;
  const hint =
    "Token ids can be fed, text cannot: bring a tokenizer of your own, and report the model's name.";
  context.warn({ code: error.code, message: error.message, hint });
}

/** Repository and revision of a snapshot in the Hub's cache layout, `models--ORG--NAME/snapshots/REVISION`. */
function hubPlace(path: string): { repo: string; revision: string } | undefined {
  const match = /models--([^/\\]+)[/\\]snapshots[/\\]([0-9a-f]{40})/.exec(path);
  return match ? { repo: match[1]!.replaceAll("--", "/"), revision: match[2]! } : undefined;
}

/** Of a model's card only the front matter is of interest. */
const MAX_CARD_BYTES = 200_000;

/** What the model's card says. */
async function licenseOf(folder: string): Promise<License | undefined> {
  const card = await fileSource(`${folder}/README.md`).catch(() => undefined);
  if (card === undefined) return undefined;
  try {
    // The front matter; a card may have any size.
    const front = await card.read(0, Math.min(card.byteLength, MAX_CARD_BYTES));
    return readLicense(new TextDecoder().decode(front));
  } finally {
    await card.close();
  }
}

/** A file name for the package: the model's own, reduced to characters that Xcode, shells and Swift take. */
export function packageName(model: string): string {
  const name = basename(model)
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replaceAll(/^[^A-Za-z]+|[-.]+$/g, "")
    .slice(0, 64);
  return name === "" ? "Model" : name;
}
