import { PippinError } from "@pippin/core";
import type { Command } from "commander";
import { z } from "zod";
import type { CliErrorCode } from "../errors.ts";
import { answerLines } from "../json-lines.ts";
import { openWords } from "../model.ts";
import { type Io, stageContext } from "../terminal/io.ts";
import type { Text } from "../text.ts";

const MODEL = "a model, a package, a .gguf file, or a folder with a tokenizer.json";

const Encode = z.object({ text: z.string(), addSpecialTokens: z.boolean().default(true) });
const Id = z.number().int().nonnegative();
const Decode = z.object({ ids: z.array(Id), skipSpecialTokens: z.boolean().default(false) });
const Render = z.object({
  messages: z.array(z.looseObject({ role: z.string() })),
  tools: z.array(z.unknown()).nullish(),
  documents: z.array(z.unknown()).nullish(),
  add_generation_prompt: z.boolean().default(false),
  extra: z.record(z.string(), z.unknown()).nullish(),
  now: z
    .string()
    .refine((text) => !Number.isNaN(Date.parse(text)), "not a time")
    .nullish(),
});

const HELP = `
Each line of stdin is one JSON object, each line of stdout its answer:
  encode  {"text": "Hello", "addSpecialTokens": true}        {"ids": [9707]}
  decode  {"ids": [9707], "skipSpecialTokens": false}        {"text": "Hello"}
  render  {"messages": [{"role": "user", "content": "Hi"}], "tools": [], "add_generation_prompt": true,
           "extra": {"enable_thinking": false}, "now": "2025-02-03T04:05:06"}      {"text": "<|im_start|>user …"}
A line that cannot be answered gets {"error": {"code", "message", "hint"}}.

Example:
  echo '{"text": "Hello"}' | pippin tokenizer encode models/pip-chat`;

export function define(command: Command, { io }: { io: Io }): void {
  command.addHelpText("after", HELP);
  const lines = <Question>(
    name: string,
    summary: string,
    shape: z.ZodType<Question>,
    answer: (text: Text, question: Question) => object,
  ): void => {
    command
      .command(`${name} <model>`)
      .summary(summary)
      .description(`${summary}; JSON Lines on stdin and stdout, see pippin tokenizer --help`)
      .addHelpText("after", `\n<model> is ${MODEL}.`)
      .action(async (path: string) => {
        const text = await openWords(path, stageContext(io));
        await answerLines(io, shape, (question) => answer(text, question));
      });
  };
  lines("encode", "text to token ids", Encode, ({ tokenizer }, { text, addSpecialTokens }) => ({
    ids: tokenizer.encode(text, { addSpecialTokens }),
  }));
  lines("decode", "token ids to text", Decode, ({ tokenizer }, { ids, skipSpecialTokens }) => ({
    text: tokenizer.decode(ids, { skipSpecialTokens }),
  }));
  lines("render", "a conversation to the prompt's text", Render, ({ template }, question) => {
    if (template === undefined) throw withoutTemplate();
    const { messages, tools, documents, add_generation_prompt, extra, now } = question;
    const text = template.render(messages, {
      addGenerationPrompt: add_generation_prompt,
      ...(tools && { tools }),
      ...(documents && { documents }),
      ...(extra && { extra }),
      ...(now && { now: new Date(now) }),
    });
    return { text };
  });
}

function withoutTemplate(): PippinError<CliErrorCode> {
  return new PippinError("CLI_CANNOT_RUN", {
    message: "the model has no chat template",
    hint: "It is a base model, or its chat_template.jinja was not fetched; put one beside tokenizer.json.",
  });
}
