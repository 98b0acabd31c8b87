import { findChatTemplate, type TemplateSource } from "./chat-template.ts";
import { compileTokenizer } from "./compile/compile.ts";
import { openTokenizer } from "./run/open.ts";
import { type SelfTestRow, selfTestRows } from "./self-test.ts";
import { stopTokenIds } from "./stop-tokens.ts";
import { compileChatTemplate } from "./template/template.ts";
import type { TokenizerSource } from "./tokenizer.ts";

export interface ExportSource extends TokenizerSource {
  /** Default: the one in the tokenizer_config.json. `null` leaves it out. */
  readonly chatTemplate?: TemplateSource | null | undefined;
  /** The parsed config.json. */
  readonly config?: unknown;
  /** The parsed generation_config.json. */
  readonly generationConfig?: unknown;
  /** SHA-256 of the tokenizer.json, which the file carries. */
  readonly sourceSha256?: Uint8Array;
}

export interface TokenizerExport {
  /** The compiled file, which `openTokenizer` and the Swift runtime open: docs/tokenizer-file.md. */
  readonly bytes: Uint8Array;
  /** Ids that end an answer. */
  readonly stopIds: readonly number[];
  /** Questions and answers, by which a runtime checks itself. */
  readonly selfTest: readonly SelfTestRow[];
}

/**
 * Compiles a model's tokenizer and chat template to one file that opens without parsing. Equal input gives equal bytes.
 *
 * @throws PippinError `TOKENIZER_BROKEN_FILE`, `TOKENIZER_UNSUPPORTED_COMPONENT`, `TOKENIZER_UNSUPPORTED_REGEX`,
 * `TOKENIZER_UNSUPPORTED_TEMPLATE`, `TOKENIZER_TEMPLATE_BROKEN`.
 */
export function exportTokenizer(source: ExportSource): TokenizerExport {
  const found =
    source.chatTemplate === undefined ? findChatTemplate(source) : (source.chatTemplate ?? undefined);
  const named = typeof found === "string" ? { default: found } : (found ?? {});
  const chatTemplates = Object.fromEntries(
    Object.entries(named).map(([name, template]) => [name, compileChatTemplate(template)]),
  );
  const { sourceSha256, config, generationConfig } = source;
  const bytes = compileTokenizer(source, {
    chatTemplates,
    ...(sourceSha256 && { sourceSha256 }),
    stopIds: (tokenizer) =>
      stopTokenIds({ tokenizer, chatTemplate: tokenizer.chatTemplate, config, generationConfig }),
  });
  const tokenizer = openTokenizer(bytes);
  return { bytes, stopIds: tokenizer.stopIds, selfTest: selfTestRows(tokenizer) };
}
