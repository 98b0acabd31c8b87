import { type Checkpoint, openCheckpointTree } from "@pippin/checkpoint";
import {
  type ByteSource,
  type FileTree,
  type ModelFacts,
  type ReadTextOptions,
  readJson,
  readText,
  withFile,
} from "@pippin/core";
import { type Decoder, readDecoder } from "@pippin/decoder";
import type { License, RemoteModel } from "@pippin/hub";
import { chatFacts } from "@pippin/tokenizer";
import { licenseName } from "./license.ts";
import { type OpenModel, openModel } from "./model.ts";
import { peekModelArgument, readModelArgument } from "./model-argument.ts";
import { type CommandContext, withoutWarning } from "./terminal/io.ts";

/** A model of which only headers and small files were read. */
export interface PeekedModel {
  readonly checkpoint: Checkpoint;
  readonly decoder: Decoder;
  readonly facts: ModelFacts;
  readonly license: License | undefined;
  /** Of a repository: what it took to look. */
  readonly remote?: RemoteModel;
  /** The whole model; a repository is fetched. */
  open(): Promise<OpenModel>;
}

/**
 * Opens what a model argument means, and of a repository only config, headers and chat template, by ranges.
 *
 * @throws PippinError `HUB_*`, `CHECKPOINT_*`, `DECODER_*`, `TOKENIZER_*`.
 */
export async function peek(argument: string, context: CommandContext): Promise<PeekedModel> {
  const model = await readModelArgument(argument);
  if (model.kind === "local") {
    const opened = await openModel(argument, context);
    return { ...opened, open: async () => opened };
  }
  const remote = await peekModelArgument(model, context);
  const checkpoint = await openCheckpointTree(remote, model, context);
  for (const warning of checkpoint.warnings) context.warn(warning);
  const { license, repo, revision } = remote;
  const { chatTemplate, stopTokens } = await chatFactsOf(remote, checkpoint, context);
  return {
    ...{ checkpoint, remote, license },
    open: () => openModel(argument, saidOnce(context)),
    decoder: readDecoder(checkpoint),
    facts: {
      ...{ name: repo, revision, stopTokens },
      license: license && licenseName(license),
      chatTemplate: chatTemplate?.source,
    },
  };
}

/** Who has heard that the cache was taken need not hear it again when the weights come from there too. */
function saidOnce(context: CommandContext): CommandContext {
  const code = "HUB_USED_CACHE";
  const isSaid = context.warnings.some((warning) => warning.code === code);
  return isSaid ? withoutWarning(context, code) : context;
}

async function chatFactsOf(
  tree: FileTree,
  { config, generationConfig, gguf }: Checkpoint,
  { signal }: CommandContext,
): Promise<ReturnType<typeof chatFacts>> {
  const present = new Set(await tree.list(signal));
  const read = async <Value>(
    name: string,
    as: (source: ByteSource, options: ReadTextOptions) => Promise<Value>,
  ) => (present.has(name) ? withFile(tree, name, (source) => as(source, { signal }), signal) : undefined);
  const ofGguf = gguf?.metadata.get("tokenizer.chat_template");
  return chatFacts({
    ...{ config, generationConfig },
    tokenizerConfig: await read("tokenizer_config.json", readJson),
    specialTokensMap: await read("special_tokens_map.json", readJson),
    jinjaFile: typeof ofGguf === "string" ? ofGguf : await read("chat_template.jinja", readText),
  });
}
