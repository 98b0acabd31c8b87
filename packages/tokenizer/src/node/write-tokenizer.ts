import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PippinError } from "@pippin/core";
import { withOutputFile } from "@pippin/core/node";
import type { TokenizerErrorCode } from "../errors.ts";

/** JSON values to write; what is absent is not written. */
export interface TokenizerFiles {
  readonly tokenizerJson: object;
  readonly tokenizerConfig?: object;
  readonly generationConfig?: object;
}

/**
 * Writes the files of a tokenizer that came from elsewhere than a model folder, such as a GGUF file.
 * Equal values give equal bytes. `target` is made where it is missing.
 *
 * @returns the names written, sorted.
 * @throws PippinError `TOKENIZER_UNWRITABLE`.
 */
export async function writeTokenizerFiles(target: string, files: TokenizerFiles): Promise<string[]> {
  const values = {
    "generation_config.json": files.generationConfig,
    "tokenizer.json": files.tokenizerJson,
    "tokenizer_config.json": files.tokenizerConfig,
  };
  const written: string[] = [];
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    await writeWhole(join(target, name), `${JSON.stringify(value, null, 2)}\n`);
    written.push(name);
  }
  return written;
}

async function writeWhole(path: string, text: string): Promise<void> {
  try {
    await withOutputFile(path, { force: true }, (staging) => writeFile(staging, text));
  } catch (cause) {
    throw new PippinError<TokenizerErrorCode>("TOKENIZER_UNWRITABLE", {
      message: `cannot write ${path}: ${cause instanceof Error ? cause.message : cause}`,
      hint: "Check the folder's permissions and the free space on its disk.",
      details: { path },
      cause,
    });
  }
}
