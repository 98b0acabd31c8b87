/**
 * Answers test_templates.py with `@pippin/tokenizer`: JSON Lines in, JSON Lines out.
 *
 *     node tools/oracles/templates.ts
 *
 * `{ template, variables, now, file }` gives `{ text }`, or `{ error }`, the code of the error. The compiled program goes to `file`.
 */
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { isPippinError } from "@pippin/core";
import {
  type ChatTemplateProgram,
  compileChatTemplate,
  openChatTemplate,
  parseJson,
} from "@pippin/tokenizer";

interface Question {
  readonly template: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly now: string;
  readonly file: string;
}

const programs = new Map<string, ChatTemplateProgram>();

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(answer(parseJson(line) as Question))); // what test_templates.py writes
}

function compile(template: string, file: string): ChatTemplateProgram {
  const bytes = compileChatTemplate(template);
  writeFileSync(file, bytes);
  return openChatTemplate(bytes);
}

function answer({ template, variables, now, file }: Question): object {
  try {
    const program = programs.get(template) ?? compile(template, file);
    programs.set(template, program);
    return { text: program.render(variables, { now: new Date(now) }) };
  } catch (error) {
    if (isPippinError(error)) return { error: error.code, message: error.message };
    throw error;
  }
}
