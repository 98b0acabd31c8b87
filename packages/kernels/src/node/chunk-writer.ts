import { createHash } from "node:crypto";
import { writeSync } from "node:fs";
import { CHUNK_BYTES, PippinError } from "@pippin/core";
import type { KernelsErrorCode } from "../errors.ts";
import { F16_OVERFLOW } from "../plain/float16.ts";
import { WasmHeap } from "../wasm-heap.ts";
import { outputUnwritable } from "./output-file.ts";
import { CAST_BYTES, type PlacedSegment, placeSegments, type Segment } from "./segments.ts";
import { READER_BYTES, TensorReader } from "./tensor-reader.ts";

/** Bytes written at once: with the reader's window, what the second-level cache holds. */
const TILE_BYTES = 512 * 1024;
/** Room before and after a tile for elements that lie across its edges. */
const EDGE_BYTES = 64;

/** What all threads of one `writeSegments` call know. */
export interface WriteJob {
  readonly path: string;
  /** Descriptor of the output, shared by the process's threads. */
  readonly descriptor: number;
  readonly segments: readonly Segment[];
  readonly chunkHashes: boolean;
  readonly overflow: "saturate" | "error";
}

/** Produces any 8 MiB chunk of the output, in tiles; holds about 2 MB. */
export class ChunkWriter {
  /** Largest |value| of each weight seen so far. */
  readonly maxAbs: Map<string, number> = new Map();
  readonly #job: WriteJob;
  readonly #segments: readonly PlacedSegment[];
  readonly #heap = new WasmHeap(READER_BYTES + TILE_BYTES + 2 * EDGE_BYTES);
  readonly #reader = new TensorReader(this.#heap, 0);
  readonly #tile = READER_BYTES + EDGE_BYTES;

  constructor(job: WriteJob) {
    this.#job = job;
    this.#segments = placeSegments(job.segments);
  }

  get byteLength(): number {
    return this.#segments.at(-1)?.end ?? 0;
  }

  /**
   * Writes chunk `index`.
   *
   * @param stopped - asked before each tile; true abandons the chunk.
   * @returns its sha256 in hex when the job asks for hashes.
   */
  write(index: number, stopped: () => boolean): string | undefined {
    const hash = this.#job.chunkHashes ? createHash("sha256") : undefined;
    const end = Math.min((index + 1) * CHUNK_BYTES, this.byteLength);
    for (let begin = index * CHUNK_BYTES; begin < end && !stopped(); begin += TILE_BYTES) {
      const byteLength = Math.min(TILE_BYTES, end - begin);
      this.#fill(begin, begin + byteLength);
      const tile = this.#heap.bytes.subarray(this.#tile, this.#tile + byteLength);
      hash?.update(tile);
      this.#writeOut(tile, begin);
    }
    return hash?.digest("hex");
  }

  close(): void {
    this.#reader.close();
  }

  /** Gathers bytes `begin` to `end` of the output in the tile. */
  #fill(begin: number, end: number): void {
    for (let at = this.#firstSegment(begin); at < this.#segments.length; at++) {
      const segment = this.#segments[at]!;
      if (segment.begin >= end) return;
      const from = Math.max(begin, segment.begin);
      this.#place(segment, from, Math.min(end, segment.end), this.#tile + from - begin);
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
  #place(segment: PlacedSegment, from: number, to: number, dst: number): void {
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
    const maxAbs =
      dtype === "F16"
        ? this.#reader.toF16(plan, first, count, start)
        : this.#reader.toF32(plan, first, count, start);
    if (!Number.isFinite(maxAbs)) throw notFinite(segment, maxAbs);
    if (dtype === "F16" && maxAbs >= F16_OVERFLOW && this.#job.overflow === "error") {
      throw overflow(segment, maxAbs);
    }
    this.maxAbs.set(id, Math.max(this.maxAbs.get(id) ?? 0, maxAbs));
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

function notFinite(
  { id, plan }: { id: string; plan: { file: string } },
  value: number,
): PippinError<KernelsErrorCode> {
  const { file } = plan;
  return new PippinError("KERNELS_WEIGHT_NOT_FINITE", {
    message: `weight ${id} holds ${Number.isNaN(value) ? "NaN" : "an infinity"} (${file})`,
    hint: "The checkpoint is damaged or its training diverged; fetch it again or use another revision.",
    details: { weight: id, value: String(value), file },
  });
}

function overflow({ id }: { id: string }, value: number): PippinError<KernelsErrorCode> {
  return new PippinError("KERNELS_WEIGHT_OVERFLOW", {
    message: `weight ${id} has a value of magnitude ${value}, F16 ends at 65504`,
    hint: "Allow saturation if the model tolerates it, and verify the result.",
    details: { weight: id, value },
  });
}
