import { z } from "zod";
import { bytesOfToken } from "./byte-alphabet.ts";
import { type Component, stagesIn, unsupported } from "./tokenizer-json.ts";

/** What the `decoder` of a tokenizer.json does, reduced to the forms that language models use. */
export type DecoderPlan =
  /** `ByteLevel`: every token is bytes; one lossy UTF-8 decoding over all of them. */
  | { readonly kind: "bytes" }
  /** Tokens are text, perhaps with byte tokens `<0xHH>` between. */
  | {
      readonly kind: "text";
      /** Replacements inside each token: SentencePiece's `▁` becomes a space. */
      readonly replace: readonly { readonly from: string; readonly to: string }[];
      readonly byteFallback: boolean;
      /** How many of this character are removed at the start of the whole text. */
      readonly strip: { readonly character: string; readonly count: number };
      /** Dropped, not replaced, wherever it stands in the first token (`Metaspace`). */
      readonly droppedInFirst?: string;
    };

/** @throws PippinError `TOKENIZER_UNSUPPORTED_COMPONENT` for decoders of other kinds of model. */
export function planDecoder(decoder: Component | null): DecoderPlan {
  switch (decoder?.type) {
    case "ByteLevel":
      return { kind: "bytes" };
    case "Metaspace":
      return planMetaspace(decoder);
    case "Sequence":
      return planSequence(stagesIn(decoder, "decoders"));
    default:
      throw unsupported("decoder", decoder?.type ?? "null");
  }
}

function planMetaspace(decoder: Component): DecoderPlan {
  const from = String(decoder.replacement ?? "▁");
  const plan = { kind: "text", replace: [{ from, to: " " }], byteFallback: false, strip: NOTHING } as const;
  return decoder.prepend_scheme === "never" ? plan : { ...plan, droppedInFirst: from };
}

const NOTHING = { character: " ", count: 0 };

/** `Replace`s, `ByteFallback`, `Fuse`, `Strip` in this order, each optional: SentencePiece as Hugging Face writes it. */
function planSequence(decoders: readonly Component[]): DecoderPlan {
  if (decoders.length === 1) return planDecoder(decoders[0] ?? null);
  const rest = [...decoders];
  const replace: { from: string; to: string }[] = [];
  while (rest[0]?.type === "Replace") replace.push(replacement(rest.shift()));
  const byteFallback = rest[0]?.type === "ByteFallback" && rest.shift() !== undefined;
  const fused = rest[0]?.type === "Fuse" && rest.shift() !== undefined;
  const strip = fused && rest[0]?.type === "Strip" ? stripping(rest.shift()) : NOTHING;
  if (rest[0] !== undefined) throw unsupported("decoder", `Sequence with ${rest[0].type} at this place`);
  return { kind: "text", replace, byteFallback, strip };
}

const StringPattern = z.object({ String: z.string() });

function replacement(decoder: Component | undefined): { from: string; to: string } {
  const pattern = StringPattern.safeParse(decoder?.pattern);
  if (!pattern.success) throw unsupported("decoder", "Replace with a regular expression");
  return { from: pattern.data.String, to: String(decoder?.content ?? "") };
}

function stripping(decoder: Component | undefined): { character: string; count: number } {
  if (decoder?.stop) throw unsupported("decoder", "Strip at the end of the text");
  return { character: String(decoder?.content ?? " "), count: Number(decoder?.start ?? 0) };
}

const UTF8 = new TextEncoder();

/** The bytes of a token of a byte-level vocabulary; added tokens outside of the alphabet stand for their own text. */
export function tokenBytes(token: string): Uint8Array {
  return bytesOfToken(token) ?? UTF8.encode(token);
}

/** The value of a byte token `<0xHH>`, or `undefined` for any other token. */
export function fallbackByte(token: string): number | undefined {
  return /^<0x[0-9A-Fa-f]{2}>$/.test(token) ? Number.parseInt(token.slice(3, 5), 16) : undefined;
}
