export { type LoadedTokenizer, loadTokenizer } from "./node/load-tokenizer.ts";
export { type TokenizerFiles, writeTokenizerFiles } from "./node/write-tokenizer.ts";
