import { createHash } from "node:crypto";
import { readSync, writeSync } from "node:fs";
import { CHUNK_BYTES, PippinError } from "@pippin/core";
import type { KernelsErrorCode } from "../errors.ts";
import type { ExprPlan } from "../expr-plan.ts";
import { addErrors, type ErrorSums, noErrors } from "../linear.ts";
import { F16_OVERFLOW } from "../plain/float16.ts";
import { WasmHeap } from "../wasm-heap.ts";
import { createEncoder, ENCODER_BYTES, type EncoderIo, type MatrixEncoder } from "./matrix-encoder.ts";
import { outputUnwritable } from "./output-file.ts";
import { CAST_BYTES, type PlacedSegment, placeSegments, type Segment } from "./segments.ts";
import { SharedTables } from "./shared-tables.ts";
import { READER_BYTES, TensorReader } from "./tensor-reader.ts";

/** Bytes written at once: with the reader's window, what the second-level cache holds. */
const TILE_BYTES = 512 * 1024;
/** Room before and after a tile for elements that lie across its edges. */
const EDGE_BYTES = 64;

const ENCODER_AT = READER_BYTES + TILE_BYTES + 2 * EDGE_BYTES;

/** What all threads of one `writeSegments` call know. */
export interface WriteJob {
  readonly path: string;
  /** Descriptor of the output, shared by the process's threads. */
  readonly descriptor: number;
  readonly segments: readonly Segment[];
  readonly chunkHashes: boolean;
  readonly overflow: "saturate" | "error";
  /** See `sharedTableMemory`. */
  readonly tables: SharedArrayBuffer;
}

export interface WrittenChunk {
  /** sha256 in hex, when the job asks for hashes and the chunk is complete. */
  readonly hash: string | undefined;
  /** Of the encoded weights that have integers in the chunk. */
  readonly errors: ReadonlyMap<string, ErrorSums>;
}

type PlainSegment = Exclude<PlacedSegment, { kind: "encoded" | "encodedPart" }>;

/** Produces any 8 MiB chunk of the output, in tiles; holds about 2 MB, up to 6 with encoded weights. */
export class ChunkWriter {
  /** Largest |value| of each weight seen so far. */
  readonly maxAbs: Map<string, number> = new Map();
  readonly #job: WriteJob;
  readonly #segments: readonly PlacedSegment[];
  readonly #heap: WasmHeap;
  readonly #reader: TensorReader;
  readonly #tables: SharedTables;
  readonly #tile = READER_BYTES + EDGE_BYTES;
  /** Stretches of the tile that someone else writes: file positions. */
  #holes: { readonly from: number; readonly to: number }[] = [];
  #encoder: { readonly id: string; readonly encoder: MatrixEncoder } | undefined;

  constructor(job: WriteJob) {
    this.#job = job;
    this.#segments = placeSegments(job.segments);
    this.#tables = new SharedTables(job.tables, this.#segments);
    const encodes = this.#segments.some(({ kind }) => kind === "encoded");
    this.#heap = new WasmHeap(ENCODER_AT + (encodes ? ENCODER_BYTES : 0));
    this.#reader = new TensorReader(this.#heap, 0);
  }

  get byteLength(): number {
    return this.#segments.at(-1)?.end ?? 0;
  }

  /**
   * Writes chunk `index`, but for the parts of encoded weights (scales, …) in it, and the parts of groups that begin in it.
   *
   * @param stopped - asked before each tile; true abandons the chunk.
   */
  write(index: number, stopped: () => boolean): WrittenChunk {
    const hash = this.#job.chunkHashes && !this.#waits(index) ? createHash("sha256") : undefined;
    const errors = new Map<string, ErrorSums>();
    const end = Math.min((index + 1) * CHUNK_BYTES, this.byteLength);
    for (let begin = index * CHUNK_BYTES; begin < end && !stopped(); begin += TILE_BYTES) {
      const byteLength = Math.min(TILE_BYTES, end - begin);
      this.#holes = [];
      this.#fill(begin, begin + byteLength, errors);
      const tile = this.#heap.bytes.subarray(this.#tile, this.#tile + byteLength);
      hash?.update(tile);
      this.#writeTile(tile, begin);
    }
    return { hash: hash?.digest("hex"), errors };
  }

  /** sha256 in hex of chunk `index` as it is in the file, for chunks that `write` could not hash. */
  hashWritten(index: number): string | undefined {
    if (!this.#waits(index)) return undefined;
    const hash = createHash("sha256");
    const end = Math.min((index + 1) * CHUNK_BYTES, this.byteLength);
    for (let begin = index * CHUNK_BYTES; begin < end; begin += TILE_BYTES) {
      const tile = this.#heap.bytes.subarray(this.#tile, this.#tile + Math.min(TILE_BYTES, end - begin));
      readBack(this.#job, tile, begin);
      hash.update(tile);
    }
    return hash.digest("hex");
  }

  /** Whether other chunks write parts of encoded weights into chunk `index`. */
  #waits(index: number): boolean {
    const end = (index + 1) * CHUNK_BYTES;
    for (let at = this.#firstSegment(index * CHUNK_BYTES); at < this.#segments.length; at++) {
      const segment = this.#segments[at]!;
      if (segment.begin >= end) return false;
      if (segment.kind === "encodedPart") return true;
    }
    return false;
  }

  close(): void {
    this.#reader.close();
  }

  /** Gathers bytes `begin` to `end` of the output in the tile. */
  #fill(begin: number, end: number, errors: Map<string, ErrorSums>): void {
    for (let at = this.#firstSegment(begin); at < this.#segments.length; at++) {
      const segment = this.#segments[at]!;
      if (segment.begin >= end) return;
      const from = Math.max(begin, segment.begin);
      const to = Math.min(end, segment.end);
      if (segment.kind === "encoded") this.#encode(segment, from, to, this.#tile + from - begin, errors);
      else if (segment.kind === "encodedPart") this.#holes.push({ from, to });
      else this.#place(segment, from, to, this.#tile + from - begin);
    }
  }

  #firstSegment(position: number): number {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#segments[middle]!.end <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Puts bytes `from` to `to` of the output, which lie in `segment`, at `dst`. */
  #place(segment: PlainSegment, from: number, to: number, dst: number): void {
    const offset = from - segment.begin;
    switch (segment.kind) {
      case "bytes":
        this.#heap.bytes.set(segment.bytes.subarray(offset, to - segment.begin), dst);
        return;
      case "zeros":
        this.#heap.bytes.fill(0, dst, dst + to - from);
        return;
      case "copy":
        this.#reader.raw(segment.source.file, segment.source.byteOffset + offset, to - from, dst);
        return;
      case "cast":
        this.#cast(segment, offset, to - segment.begin, dst);
        return;
    }
  }

  /** Puts bytes `from` to `to` of the output, integers of `segment`, at `dst`. */
  #encode(
    segment: Extract<PlacedSegment, { kind: "encoded" }>,
    from: number,
    to: number,
    dst: number,
    errors: Map<string, ErrorSums>,
  ): void {
    const { id, matrix, begin } = segment;
    if (this.#encoder?.id !== id) {
      const io: EncoderIo = {
        read: (first, count, address) => this.#codes(id, matrix.plan, first, count, address),
        readCodes: (first, count, address) => this.#storedCodes(id, matrix.plan, first, count, address),
        table: (fit) => this.#tables.get(id, fit),
        values: (first, count, address) => this.#values(id, matrix.plan, first, count, address),
        hold: (first, end) => this.#reader.hold(matrix.plan, first, end),
        blocks: (first, count) => this.#reader.blocks(matrix.plan, first, count),
        part: (part, offset, byteLength) => this.#reader.part(part, offset, byteLength),
        write: (bytes, position) => this.#writeOut(bytes, position),
      };
      const encoder = createEncoder(matrix, { heap: this.#heap, base: ENCODER_AT, io });
      this.#encoder = { id, encoder };
    }
    const { encoder } = this.#encoder;
    encoder.encode(from - begin, to - begin, dst);
    const sums = errors.get(id) ?? noErrors();
    addErrors(sums, encoder.takeSums());
    errors.set(id, sums);
  }

  /**
   * Bytes `from` to `to` of a weight. Elements that only partly belong there spill over `dst`'s edges: only at the
   * edges of a tile can a range begin or end within an element, and there is room.
   */
  #cast(segment: Extract<PlacedSegment, { kind: "cast" }>, from: number, to: number, dst: number): void {
    const { id, plan, dtype } = segment;
    const bytes = CAST_BYTES[dtype];
    const first = Math.floor(from / bytes);
    const count = Math.ceil(to / bytes) - first;
    const start = dst - (from - first * bytes);
    if (dtype === "F16") this.#codes(id, plan, first, count, start);
    else this.#note(id, plan, this.#reader.toF32(plan, first, count, start));
  }

  #codes(id: string, plan: ExprPlan, first: number, count: number, dst: number): void {
    const maxAbs = this.#reader.toF16(plan, first, count, dst);
    this.#note(id, plan, maxAbs);
    if (maxAbs >= F16_OVERFLOW && this.#job.overflow === "error") throw overflow(id, maxAbs);
  }

  /** BF16 codes where the weight is stored so and F16 can hold them, else F16 codes. */
  #storedCodes(id: string, plan: ExprPlan, first: number, count: number, dst: number): "F16" | "BF16" {
    const maxAbs = this.#reader.bf16AsStored(plan, first, count, dst);
    if (maxAbs !== undefined) this.#note(id, plan, maxAbs);
    if (maxAbs !== undefined && maxAbs < F16_OVERFLOW) return "BF16";
    this.#codes(id, plan, first, count, dst);
    return "F16";
  }

  /** F32 values that F16 can hold, unless those beyond are to saturate. */
  #values(id: string, plan: ExprPlan, first: number, count: number, dst: number): void {
    const maxAbs = this.#reader.toF32(plan, first, count, dst);
    this.#note(id, plan, maxAbs);
    if (maxAbs >= F16_OVERFLOW && this.#job.overflow === "error") throw overflow(id, maxAbs);
  }

  #note(id: string, plan: ExprPlan, maxAbs: number): void {
    if (!Number.isFinite(maxAbs)) throw notFinite(id, plan, maxAbs);
    this.maxAbs.set(id, Math.max(this.maxAbs.get(id) ?? 0, maxAbs));
  }

  /** Writes a tile but for its holes. */
  #writeTile(tile: Uint8Array, position: number): void {
    let at = position;
    for (const { from, to } of [...this.#holes, { from: position + tile.byteLength, to: 0 }]) {
      if (from > at) this.#writeOut(tile.subarray(at - position, from - position), at);
      at = to;
    }
  }

  #writeOut(tile: Uint8Array, position: number): void {
    const { path, descriptor } = this.#job;
    try {
      for (let done = 0; done < tile.byteLength; ) {
        done += writeSync(descriptor, tile, done, tile.byteLength - done, position + done);
      }
    } catch (cause) {
      throw outputUnwritable(path, cause);
    }
  }
}

function readBack({ path, descriptor }: WriteJob, target: Uint8Array, position: number): void {
  try {
    for (let done = 0; done < target.byteLength; ) {
      done += readSync(descriptor, target, done, target.byteLength - done, position + done);
    }
  } catch (cause) {
    throw outputUnwritable(path, cause);
  }
}

function notFinite(id: string, { file }: ExprPlan, value: number): PippinError<KernelsErrorCode> {
  return new PippinError("KERNELS_WEIGHT_NOT_FINITE", {
    message: `weight ${id} holds ${Number.isNaN(value) ? "NaN" : "an infinity"} (${file})`,
    hint: "The checkpoint is damaged or its training diverged; fetch it again or use another revision.",
    details: { weight: id, value: String(value), file },
  });
}

function overflow(id: string, value: number): PippinError<KernelsErrorCode> {
  return new PippinError("KERNELS_WEIGHT_OVERFLOW", {
    message: `weight ${id} has a value of magnitude ${value}, F16 ends at 65504`,
    hint: "Allow saturation if the model tolerates it, and verify the result.",
    details: { weight: id, value },
  });
}
