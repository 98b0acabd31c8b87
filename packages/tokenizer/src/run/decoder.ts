import { Dfa } from "../image/dfa.ts";
import { broken } from "../image/image.ts";
import { DECODE, SECTION } from "../image/layout.ts";
import type { Op, Program } from "../image/program.ts";
import {
  byteFallback,
  bytesToText,
  cleanUp,
  ctc,
  type DecodeStep,
  eachPiece,
  firstPiece,
  fusing,
  replacing,
  stripPiece,
  suffixes,
  whole,
} from "./decode-steps.ts";

const TEXT = new TextDecoder("utf-8", { ignoreBOM: true });

/** Turns tokens into text while they arrive. */
export interface StreamDecoder {
  /** The text that this token completes, perhaps none. Never half a character, and never taken back. */
  push(id: number): string;
  /** What was held back; the stream is then empty and can be used for another text. */
  flush(): string;
}

/** The spelling of a token; `undefined` for an id without one, or one that is skipped. */
export type Spelling<T> = (id: number) => T | undefined;

/** Byte-level files: the bytes of tokens, decoded while they come; at most three are held back. */
export function byteStream(bytesOf: Spelling<Uint8Array>): StreamDecoder {
  const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
  return {
    push(id) {
      const bytes = bytesOf(id);
      return bytes === undefined ? "" : utf8.decode(bytes, { stream: true });
    },
    flush: () => utf8.decode(),
  };
}

/** @param eager - see `byteFallback`. @throws PippinError `TOKENIZER_IMAGE_BROKEN`. */
export function pieceStream(program: Program, textOf: Spelling<string>, eager: boolean): StreamDecoder {
  let out = "";
  let step: DecodeStep = {
    push(piece) {
      out += piece;
    },
    end() {},
  };
  const ops = program.decoders;
  for (let i = ops.length - 1; i >= 0; i--) {
    const fused = ops.slice(0, i).some(([code]) => code === DECODE.fuse || code === DECODE.byteLevel);
    // Other steps look at the pieces, which are whole runs.
    const mayCut = i + 1 === ops.length || ops[i + 1]![0] === DECODE.fuse;
    step = stepOf(program, ops[i]!, { eager: eager && mayCut, fused }, step);
  }
  const taken = (): string => {
    const text = out;
    out = "";
    return text;
  };
  return {
    push(id) {
      const text = textOf(id);
      if (text !== undefined) step.push(text);
      return taken();
    },
    flush() {
      step.end();
      return taken();
    },
  };
}

interface Place {
  readonly eager: boolean;
  /** Behind a `Fuse` or a `ByteLevel` there is one piece: the whole text. */
  readonly fused: boolean;
}

function stepOf(
  program: Program,
  [code, a, b, c]: Op,
  { eager, fused }: Place,
  next: DecodeStep,
): DecodeStep {
  const string = (number: number): string => TEXT.decode(program.string(number));
  switch (code) {
    case DECODE.replace: {
      const step = replacing(new Dfa(program.image.section(a, SECTION.dfa)), program.string(b), next);
      return fused ? whole(step) : step;
    }
    case DECODE.byteLevel:
      return fused ? whole(bytesToText(next)) : bytesToText(next);
    case DECODE.byteFallback:
      return fused ? whole(byteFallback(false, next)) : byteFallback(eager, next);
    case DECODE.fuse:
      return { push: (piece) => next.push(piece), end: () => next.end() };
    case DECODE.strip: {
      const character = string(a);
      return fused
        ? fusing(character, b, c, next)
        : eachPiece((piece) => stripPiece(piece, character, b, c), next);
    }
    case DECODE.metaspace: {
      const mark = string(a);
      const spaced = (piece: string, first: boolean): string =>
        piece.replaceAll(mark, first && b !== 0 ? "" : " ");
      const step = firstPiece(spaced, next);
      return fused ? whole(step) : step;
    }
    case DECODE.wordPiece: {
      const prefix = string(a);
      const join = (piece: string, first: boolean): string => {
        const text = first ? piece : piece.startsWith(prefix) ? piece.slice(prefix.length) : ` ${piece}`;
        return b ? cleanUp(text) : text;
      };
      const step = firstPiece(join, next);
      return fused ? whole(step) : step;
    }
    case DECODE.bpe:
      return fused ? whole(suffixes(string(a), next)) : suffixes(string(a), next);
    case DECODE.ctc:
      return fused
        ? whole(ctc(string(a), string(b), c !== 0, next))
        : ctc(string(a), string(b), c !== 0, next);
    case DECODE.joinSpaces:
      return firstPiece((piece, first) => (first ? piece : ` ${piece}`), next);
    default:
      throw broken(`it names the unknown decoder ${code}`);
  }
}
