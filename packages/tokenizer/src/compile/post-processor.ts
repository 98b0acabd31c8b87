import { z } from "zod";
import { THE_TEXT } from "../image/layout.ts";
import { brokenFile, type Component, parseShape, stagesIn, unsupported } from "../tokenizer-json.ts";

const Id = z.number().int().nonnegative();
const Piece = z.union([
  z.object({ SpecialToken: z.looseObject({ id: z.string() }) }),
  z.object({ Sequence: z.looseObject({ id: z.string() }) }),
]);
const Template = z.looseObject({
  single: z.array(Piece),
  special_tokens: z.record(z.string(), z.looseObject({ ids: z.array(Id) })).default({}),
});
const Bert = z.looseObject({ sep: z.tuple([z.string(), Id]), cls: z.tuple([z.string(), Id]) });

/**
 * The ids around a text and, as `THE_TEXT`, those of the text.
 *
 * @throws PippinError `TOKENIZER_UNSUPPORTED_COMPONENT`, `TOKENIZER_BROKEN_FILE`.
 */
export function compilePostProcessor(processor: Component | null): number[] {
  const file = `tokenizer.json, post_processor ${processor?.type}`;
  switch (processor?.type) {
    case undefined:
    case "ByteLevel":
      return [THE_TEXT];
    case "Sequence":
      return stagesIn(processor, "processors").reduce<number[]>(
        (inner, one) => compilePostProcessor(one).flatMap((item) => (item === THE_TEXT ? inner : [item])),
        [THE_TEXT],
      );
    case "TemplateProcessing": {
      const { single, special_tokens } = parseShape(Template, processor, file);
      return single.flatMap((piece) => {
        if ("Sequence" in piece) return [THE_TEXT];
        const { id } = piece.SpecialToken;
        if (Object.hasOwn(special_tokens, id)) return special_tokens[id]!.ids;
        throw brokenFile(
          "tokenizer.json",
          `its template names ${JSON.stringify(id)}, which has no ids`,
          undefined,
        );
      });
    }
    case "BertProcessing":
    case "RobertaProcessing": {
      const { sep, cls } = parseShape(Bert, processor, file);
      return [cls[1], THE_TEXT, sep[1]];
    }
    default:
      throw unsupported("post-processor", processor!.type);
  }
}
