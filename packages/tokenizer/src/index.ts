export { type AnswerKind, type AnswerPart, AnswerParts, type AnswerTags } from "./answer-parts.ts";
export { type ChatFacts, type ChatFactsSource, chatFacts } from "./chat-facts.ts";
export {
  type ChatMessage,
  type ChatRenderer,
  type ChatTemplate,
  type ChatTemplateOptions,
  createChatTemplate,
  findChatTemplate,
  type RenderOptions,
  type TemplateSource,
} from "./chat-template.ts";
export { type CompileOptions, compileTokenizer } from "./compile/compile.ts";
export { describeTokenizer, type TokenizerDescription } from "./describe.ts";
export type { TokenizerErrorCode } from "./errors.ts";
export { type ExportSource, exportTokenizer, type TokenizerExport } from "./export.ts";
export { type GgufMetadata, type GgufTokenizer, tokenizerFromGguf } from "./gguf/gguf.ts";
export type { StreamDecoder } from "./run/decoder.ts";
export { type OpenedTokenizer, openTokenizer } from "./run/open.ts";
export type { SelfTestRow } from "./self-test.ts";
export { type NamedTokens, type StopTokenSources, stopTokenIds } from "./stop-tokens.ts";
export { parseJson } from "./template/json.ts";
export { PythonFloat } from "./template/run/values.ts";
export { type ChatTemplateProgram, compileChatTemplate, openChatTemplate } from "./template/template.ts";
export {
  type AddedToken,
  createTokenizer,
  type DecodeOptions,
  type EncodedToken,
  type EncodeOptions,
  type TokenBatch,
  type Tokenizer,
  type TokenizerSource,
} from "./tokenizer.ts";
export { specialTokensOf } from "./tokenizer-json.ts";
