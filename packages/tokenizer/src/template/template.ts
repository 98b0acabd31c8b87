import { parseTemplate } from "./parser.ts";
import { readProgram, writeProgram } from "./program.ts";
import { type RunOptions, runTemplate } from "./run/interpreter.ts";

/**
 * Compiles Jinja source, as `transformers` runs it, to a small program that can be checked and cannot run without end.
 *
 * @throws PippinError `TOKENIZER_TEMPLATE_BROKEN`, `TOKENIZER_UNSUPPORTED_TEMPLATE` for what is not executed exactly.
 */
export function compileChatTemplate(source: string): Uint8Array {
  return writeProgram(parseTemplate(source));
}

/** A compiled chat template. */
export interface ChatTemplateProgram {
  /**
   * @param variables - JSON values by name: `messages`, `tools`, `add_generation_prompt`, `bos_token` …
   * @throws PippinError `TOKENIZER_TEMPLATE_REFUSED`, `TOKENIZER_TEMPLATE_BROKEN`.
   */
  render(variables: Readonly<Record<string, unknown>>, options?: RunOptions): string;
}

/** @throws PippinError `TOKENIZER_IMAGE_BROKEN` when the bytes are no program, or damaged. */
export function openChatTemplate(program: Uint8Array): ChatTemplateProgram {
  const root = readProgram(program);
  return { render: (variables, options) => runTemplate(root, variables, options) };
}
