import { readJsonFile } from "@pippin/core/node";
import type { ChatMessage } from "@pippin/tokenizer";
import type { SampleOptions } from "@pippin/verify";
import { type Command, Option } from "commander";
import { z } from "zod";
import { answer } from "../answer.ts";
import { usageError } from "../errors.ts";
import { needText, openPackage, startRunner } from "../package.ts";
import { numberWithin, positiveNumber, wholeNumber } from "../schema-options.ts";
import { type Io, say, sayJson, sayPiece, stageContext } from "../terminal/io.ts";
import { encodeChat, type Text } from "../text.ts";

interface Flags extends SamplingFlags {
  readonly prompt?: string;
  readonly messages?: string;
  readonly raw?: boolean;
}

/** What `addSampling` adds. */
export interface SamplingFlags extends Required<SampleOptions> {
  readonly maxTokens: number;
  readonly precision: "fp16" | "fp32";
}

const Messages = z.array(z.looseObject({ role: z.string() })).min(1);

export function define(command: Command, { io }: { io: Io }): void {
  command
    .argument("<package>", "folder that pippin convert wrote, or the package in it")
    .option("--prompt <text>", "what the user says; rendered with the model's chat template")
    .option("--messages <file>", "a JSON file with a list of {role, content}")
    .option("--raw", "continue the prompt as plain text, without the chat template");
  addSampling(command)
    .option("--json", "print ids and text as JSON")
    .addHelpText("after", '\nExample:\n  pippin generate build/pip --prompt "What is the capital of France?"')
    .action((path: string, flags: Flags) => generate(path, flags, io));
}

async function generate(path: string, flags: Flags, io: Io): Promise<void> {
  const context = stageContext(io);
  const question = await readQuestion(flags);
  await using opened = await openPackage(path, io);
  const text = needText(opened);
  const prompt = promptIds(text, question);
  await using runner = await startRunner(opened, { precision: flags.precision }, context);
  const onText = (piece: string) => {
    if (!io.json) sayPiece(io, piece);
  };
  const result = await answer({ runner, text }, prompt, { ...samplingOf(flags), onText }, context);
  if (io.json) sayJson(io, { promptIds: prompt, ...result });
  say(io);
}

const SHARE = { min: 0, max: 1 };
/** As OpenAI's API has it. */
const PENALTY = { min: -2, max: 2 };

/** Options that every command which generates has. */
export function addSampling(command: Command): Command {
  return command
    .option("--max-tokens <n>", "longest answer", wholeNumber({ min: 1 }), 256)
    .option("--temperature <n>", "0 takes the most likely token", numberWithin({ min: 0 }), 0)
    .option("--top-k <n>", "draw from the n most likely tokens; 0: from all", wholeNumber({ min: 0 }), 0)
    .option("--top-p <n>", "draw from the most likely tokens that have this share", numberWithin(SHARE), 1)
    .option("--min-p <n>", "draw from tokens this likely next to the best one", numberWithin(SHARE), 0)
    .option("--repetition-penalty <n>", "makes what was said or asked less likely; 1: off", positiveNumber, 1)
    .option(
      "--frequency-penalty <n>",
      "the same, each time that it was said; 0: off",
      numberWithin(PENALTY),
      0,
    )
    .option("--presence-penalty <n>", "the same, once it was said; 0: off", numberWithin(PENALTY), 0)
    .option("--seed <n>", "for temperatures above 0", wholeNumber({}), 0)
    .addOption(
      new Option("--precision <choice>", "fp16 rounds every operation as a strict device would")
        .choices(["fp16", "fp32"])
        .default("fp32"),
    );
}

/** The flags that say how an answer is made. */
export function samplingOf(flags: SamplingFlags): Omit<SamplingFlags, "precision"> {
  const { maxTokens, temperature, topK, topP, minP, seed } = flags;
  const { repetitionPenalty, frequencyPenalty, presencePenalty } = flags;
  const penalties = { repetitionPenalty, frequencyPenalty, presencePenalty };
  return { maxTokens, temperature, topK, topP, minP, seed, ...penalties };
}

type Question =
  | { readonly kind: "plain"; readonly text: string }
  | { readonly kind: "chat"; readonly messages: readonly ChatMessage[] };

async function readQuestion({ prompt, messages, raw = false }: Flags): Promise<Question> {
  if (prompt !== undefined && messages === undefined) {
    return raw
      ? { kind: "plain", text: prompt }
      : { kind: "chat", messages: [{ role: "user", content: prompt }] };
  }
  if (messages !== undefined && prompt === undefined && !raw) {
    return { kind: "chat", messages: await readMessages(messages) };
  }
  throw raw && messages !== undefined
    ? usageError("--raw goes with --prompt", "Messages are always rendered with the chat template.")
    : usageError("exactly one of --prompt and --messages is needed", 'For example --prompt "Hello".');
}

function promptIds(text: Text, question: Question): number[] {
  return question.kind === "plain"
    ? text.tokenizer.encode(question.text)
    : encodeChat(text, question.messages);
}

async function readMessages(file: string): Promise<readonly ChatMessage[]> {
  const hint = 'For example [{"role": "user", "content": "Hello"}].';
  const json = await readJsonFile(file).catch((cause) => {
    throw usageError(cause.message, hint);
  });
  const parsed = Messages.safeParse(json);
  if (parsed.success) return parsed.data;
  const reason = z.prettifyError(parsed.error).replaceAll("\n", " ");
  throw usageError(`${file} is not a list of messages: ${reason}`, hint);
}
