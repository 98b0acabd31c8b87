export {
  type ChatMessage,
  type ChatTemplate,
  type ChatTemplateOptions,
  createChatTemplate,
  findChatTemplate,
  type RenderOptions,
  type TemplateSource,
} from "./chat-template.ts";
export type { TokenizerErrorCode } from "./errors.ts";
export { type GgufMetadata, type GgufTokenizer, tokenizerFromGguf } from "./gguf/gguf.ts";
export { type StopTokenSources, stopTokenIds } from "./stop-tokens.ts";
export type { StreamDecoder } from "./stream.ts";
export {
  type AddedToken,
  createTokenizer,
  type DecodeOptions,
  type EncodeOptions,
  type Tokenizer,
  type TokenizerSource,
} from "./tokenizer.ts";
export { specialTokensOf } from "./tokenizer-json.ts";
