import { PippinError } from "@pippin/core";
import type { TokenizerErrorCode } from "../errors.ts";

/** The template is not valid, or cannot be executed for these variables. */
export function brokenTemplate(
  reason: string,
  line?: number,
  cause?: unknown,
): PippinError<TokenizerErrorCode> {
  const where = line === undefined ? "" : `line ${line}: `;
  return new PippinError("TOKENIZER_TEMPLATE_BROKEN", {
    message: `the chat template cannot be executed: ${where}${reason}`,
    hint: "Report the model's name, or put a template of your own beside it as chat_template.jinja.",
    details: { reason, ...(line === undefined ? {} : { line }) },
    cause,
  });
}

/** The template uses something that is not executed exactly as Jinja does. */
export function unsupportedTemplate(what: string, line: number): PippinError<TokenizerErrorCode> {
  return new PippinError("TOKENIZER_UNSUPPORTED_TEMPLATE", {
    message: `the chat template cannot be compiled: line ${line}: ${what} is not supported`,
    hint: "Report the model's name, or put a template without it beside the model as chat_template.jinja.",
    details: { what, line },
  });
}

/** `raise_exception` was called: the template itself refuses the conversation. */
export function refusedByTemplate(message: string): PippinError<TokenizerErrorCode> {
  return new PippinError("TOKENIZER_TEMPLATE_REFUSED", {
    message: `the model's chat template refuses this conversation: ${message}`,
    hint: "Change the messages as it asks; many templates want user and assistant to alternate.",
    details: { reason: message },
  });
}
