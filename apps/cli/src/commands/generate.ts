import { readFile } from "node:fs/promises";
import type { ChatMessage } from "@pippin/tokenizer";
import { type Command, Option } from "commander";
import { z } from "zod";
import { answer } from "../answer.ts";
import { usageError } from "../errors.ts";
import { needText, openPackage, startRunner } from "../package.ts";
import { parseNumber } from "../schema-options.ts";
import { type Io, say, sayJson, stageContext } from "../terminal/io.ts";
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
    .action(async (path: string, flags: Flags) => {
      const context = stageContext(io);
      const opened = await openPackage(path, io);
      const text = needText(opened);
      const prompt = await promptIds(text, flags);
      const runner = await startRunner(opened, { precision: flags.precision }, context);
      try {
        const onText = io.json ? undefined : (piece: string) => void io.stdout.write(piece);
        io.progress.clear();
        const { maxTokens, temperature, seed } = flags;
        const options = { maxTokens, temperature, seed, ...(onText ? { onText } : {}) };
        const result = await answer({ runner, text }, prompt, options, context);
        if (io.json) sayJson(io, { promptIds: prompt, ...result });
        say(io);
      } finally {
        await runner.close();
        await opened.opened.close();
      }
    });
}

/** Options that every command which generates has. */
export function addSampling(command: Command): Command {
  return command
    .option("--max-tokens <n>", "longest answer", parseNumber, 256)
    .option("--temperature <n>", "0 takes the most likely token", parseNumber, 0)
    .option("--seed <n>", "for temperatures above 0", parseNumber, 0)
    .addOption(
      new Option("--precision <choice>", "fp16 rounds every operation as a strict device would")
        .choices(["fp16", "fp32"])
        .default("fp32"),
    );
}

async function promptIds(text: Text, { prompt, messages, raw }: Flags): Promise<number[]> {
  if ((prompt === undefined) === (messages === undefined)) {
    throw usageError("exactly one of --prompt and --messages is needed", 'For example --prompt "Hello".');
  }
  if (prompt !== undefined) {
    return raw ? text.tokenizer.encode(prompt) : encodeChat(text, [{ role: "user", content: prompt }]);
  }
  return encodeChat(text, await readMessages(messages!));
}

async function readMessages(file: string): Promise<readonly ChatMessage[]> {
  try {
    return Messages.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (cause) {
    throw usageError(
      `${file} is not a list of messages: ${cause instanceof Error ? cause.message : String(cause)}`,
      'For example [{"role": "user", "content": "Hello"}].',
    );
  }
}
