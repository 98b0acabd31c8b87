import { PippinError } from "@pippin/core";
import type { ChatRenderer, Tokenizer } from "@pippin/tokenizer";
import type { Command } from "commander";
import { z } from "zod";
import type { CliErrorCode } from "../errors.ts";
import { compiledTokenizer, describedTokenizer, type ExportFlags, exportTo } from "../exported-tokenizer.ts";
import { answerLines } from "../json-lines.ts";
import { openWords } from "../model.ts";
import { type Io, stageContext } from "../terminal/io.ts";
import { outputPath } from "./convert.ts";

const MODEL =
  "a model, a package, a .gguf file, a folder with a tokenizer.json, or what tokenizer export wrote";

/** What the lines are answered with. */
interface Words {
  readonly tokenizer: Tokenizer;
  readonly template: ChatRenderer | undefined;
}

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

Examples:
  pippin tokenizer export models/pip-chat --out build/tokenizer
  echo '{"text": "Hello"}' | pippin tokenizer encode models/pip-chat`;

export function define(command: Command, { io }: { io: Io }): void {
  command.addHelpText("after", HELP);
  command
    .command("export <model>")
    .summary("write the file that apps open")
    .description("compiles tokenizer and chat template to one file, with questions and answers to test it by")
    .requiredOption("--out <dir>", "where tokenizer.pippin and tokenizer-selftest.jsonl go", outputPath)
    .option("--no-template", "leave the chat template out")
    .option("--force", "replace the folder's files")
    .option("--dry-run", "say what would be written, and write nothing")
    .option("--json", "print the result as JSON")
    .addHelpText("after", `\n<model> is ${MODEL}.`)
    .action((path: string, flags: ExportFlags) => exportTo(path, flags, io));
  command
    .command("inspect <model>")
    .summary("show what a tokenizer does, stage by stage")
    .description("show what a tokenizer does, stage by stage, and what its compiled file holds")
    .option("--json", "print everything as JSON")
    .addHelpText("after", `\n<model> is ${MODEL}.`)
    .action((path: string) => describedTokenizer(path, io));
  const lines = <Question>(
    name: string,
    summary: string,
    shape: z.ZodType<Question>,
    answer: (words: Words, question: Question) => object,
  ): void => {
    command
      .command(`${name} <model>`)
      .summary(summary)
      .description(`${summary}; JSON Lines on stdin and stdout, see pippin tokenizer --help`)
      .addHelpText("after", `\n<model> is ${MODEL}.`)
      .action(async (path: string) => {
        const words = (await compiledWords(path)) ?? (await openWords(path, stageContext(io)));
        await answerLines(io, shape, (question) => answer(words, question));
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

async function compiledWords(path: string): Promise<Words | undefined> {
  const tokenizer = await compiledTokenizer(path);
  return tokenizer && { tokenizer, template: tokenizer.chatTemplate };
}

function withoutTemplate(): PippinError<CliErrorCode> {
  return new PippinError("CLI_CANNOT_RUN", {
    message: "the model has no chat template",
    hint: "It is a base model, or its chat_template.jinja was not fetched; put one beside tokenizer.json.",
  });
}
