import { TOKEN_FLAG } from "../image/layout.ts";
import { Ids } from "../run/ids.ts";
import { openModel } from "../run/open.ts";

/**
 * Marks the tokens that the model makes of their own text: a piece that equals one of them needs no merging.
 *
 * @param image - a finished file, whose flags are `flags` with none of these marks.
 */
export function findWholeTokens(image: Uint8Array, flags: Uint8Array): void {
  const { model, vocabulary } = openModel(image);
  const ids = new Ids();
  flags.forEach((bits, id) => {
    if ((bits & (TOKEN_FLAG.model | TOKEN_FLAG.text)) !== TOKEN_FLAG.model) return;
    const bytes = vocabulary.bytesOf(id);
    if (bytes.length === 0) return;
    ids.length = 0;
    model.tokenize(bytes, 0, bytes.length, ids);
    if (ids.length === 1 && ids.data[0] === id) flags[id] = bits | TOKEN_FLAG.whole;
  });
}
