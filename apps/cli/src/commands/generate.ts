import { readJsonFile } from "@pippin/core/node";
import type { ChatMessage } from "@pippin/tokenizer";
import { type Command, Option } from "commander";
import { z } from "zod";
import { answer } from "../answer.ts";
import { usageError } from "../errors.ts";
import { needText, openPackage, startRunner } from "../package.ts";
import { parseTemperature, wholeNumber } from "../schema-options.ts";
import { type Io, say, sayJson, sayPiece, stageContext } from "../terminal/io.ts";
import { encodeChat, type Text } from "../text.ts";

interface Flags {
  readonly prompt?: string;
  readonly messages?: string;
  readonly raw?: boolean;
  readonly maxTokens: number;
  readonly temperature: number;
  readonly seed: number;
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
  const { maxTokens, temperature, seed, precision } = flags;
  await using runner = await startRunner(opened, { precision }, context);
  const onText = (piece: string) => {
    if (!io.json) sayPiece(io, piece);
  };
  const result = await answer({ runner, text }, prompt, { maxTokens, temperature, seed, onText }, context);
  if (io.json) sayJson(io, { promptIds: prompt, ...result });
  say(io);
}

/** Options that every command which generates has. */
export function addSampling(command: Command): Command {
  return command
    .option("--max-tokens <n>", "longest answer", wholeNumber({ min: 1 }), 256)
    .option("--temperature <n>", "0 takes the most likely token", parseTemperature, 0)
    .option("--seed <n>", "for temperatures above 0", wholeNumber({}), 0)
    .addOption(
      new Option("--precision <choice>", "fp16 rounds every operation as a strict device would")
        .choices(["fp16", "fp32"])
        .default("fp32"),
    );
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
