import { z } from "zod";
import { THE_TEXT, TRIM } from "../image/layout.ts";
import { brokenFile, type Component, parseShape, stagesIn, unsupported } from "../tokenizer-json.ts";

const Id = z.number().int().nonnegative();
const Piece = z.union([
  z.object({ SpecialToken: z.looseObject({ id: z.string() }) }),
  z.object({ Sequence: z.looseObject({ id: z.string() }) }),
]);
const Template = z.looseObject({
  single: z.array(Piece),
  pair: z.array(Piece).default([]),
  special_tokens: z.record(z.string(), z.looseObject({ ids: z.array(Id) })).default({}),
});
const Trim = z.looseObject({
  trim_offsets: z.boolean().default(true),
  add_prefix_space: z.boolean().default(true),
});
const Bert = z.looseObject({ sep: z.tuple([z.string(), Id]), cls: z.tuple([z.string(), Id]) });

/** Ids, and `THE_TEXT`. */
type Encoding = readonly number[];

/**
 * The ids around a text and, as `THE_TEXT`, those of the text.
 *
 * @throws PippinError `TOKENIZER_UNSUPPORTED_COMPONENT`, `TOKENIZER_BROKEN_FILE`.
 */
export function compilePostProcessor(processor: Component | null): number[] {
  if (processor === null) return [THE_TEXT];
  const ids = processed(processor, [[THE_TEXT]], true).flat();
  const texts = processed(processor, [[THE_TEXT]], false).flat();
  // Without special tokens there are other parts, which a second template puts together in another way.
  if (ids.filter((id) => id === THE_TEXT).length !== texts.length) {
    throw unsupported("post-processor", "Sequence of several TemplateProcessing");
  }
  return ids;
}

/** How the stages take white space off tokens' offsets, as a word of the program. */
export function trimming(processor: Component | null): number {
  const turns = flatProcessors(processor)
    .filter(({ type }) => type === "ByteLevel" || type === "RobertaProcessing")
    .map((one) => parseShape(Trim, one, `tokenizer.json, post_processor ${one.type}`))
    .filter(({ trim_offsets }) => trim_offsets);
  return turns.reduce(
    (word, { add_prefix_space }, turn) =>
      word | ((add_prefix_space ? TRIM.allButPrefixSpace : TRIM.all) << (TRIM.bits * turn)),
    0,
  );
}

function flatProcessors(processor: Component | null): readonly Component[] {
  if (processor === null) return [];
  return processor.type === "Sequence"
    ? stagesIn(processor, "processors").flatMap(flatProcessors)
    : [processor];
}

/** Processors take and give lists of encodings: a template makes one of each of its parts, and those behind it see all of them. */
function processed(
  processor: Component,
  encodings: readonly Encoding[],
  special: boolean,
): readonly Encoding[] {
  const file = `tokenizer.json, post_processor ${processor.type}`;
  switch (processor.type) {
    case "ByteLevel":
      return encodings;
    case "Sequence":
      return stagesIn(processor, "processors").reduce(
        (list, one) => processed(one, list, special),
        encodings,
      );
    case "TemplateProcessing": {
      const { single, pair, special_tokens } = parseShape(Template, processor, file);
      if (encodings.length > 2)
        throw unsupported("post-processor", "TemplateProcessing of more than two parts");
      const pieces = encodings.length === 1 ? single : pair;
      return (special ? pieces : pieces.filter((piece) => "Sequence" in piece)).map((piece) => {
        if ("Sequence" in piece) return encodings[piece.Sequence.id === "A" ? 0 : 1] ?? [];
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
      if (!special) return encodings;
      const { sep, cls } = parseShape(Bert, processor, file);
      const between = processor.type === "BertProcessing" ? [] : [sep[1]];
      return encodings.map((ids, i) => [...(i === 0 ? [cls[1]] : between), ...ids, sep[1]]);
    }
    default:
      throw unsupported("post-processor", processor.type);
  }
}
