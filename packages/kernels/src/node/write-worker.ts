import { parentPort } from "node:worker_threads";
import { CHUNK_BYTES } from "@pippin/core";
import { ChunkWriter, type WriteJob, type WrittenChunk } from "./chunk-writer.ts";
import { packError, type ThreadError } from "./threads.ts";

/** Words of the control array all threads of a run share. */
export const NEXT_CHUNK = 0;
export const STOPPED = 1;
export const WRITTEN_CHUNKS = 2;
export const NEXT_HASH = 3;
export const CONTROL_WORDS = 4;

export interface WriterWorkerData {
  readonly kind: "write";
  readonly job: WriteJob;
  readonly control: Int32Array;
}

export type WriterMessage =
  | ({ readonly kind: "chunk"; readonly chunk: number } & WrittenChunk)
  | { readonly kind: "hash"; readonly chunk: number; readonly hash: string | undefined }
  | { readonly kind: "end"; readonly maxAbs: ReadonlyMap<string, number> }
  | { readonly kind: "error"; readonly error: ThreadError };

/** Writes chunks until there are none left or the run is stopped; then the thread ends. */
export function runWriteWorker({ job, control }: WriterWorkerData): void {
  const post = (message: WriterMessage) => parentPort?.postMessage(message);
  const stopped = () => Atomics.load(control, STOPPED) === 1;
  try {
    const writer = new ChunkWriter(job);
    try {
      const chunks = Math.ceil(writer.byteLength / CHUNK_BYTES);
      const take = (word: number) => Atomics.add(control, word, 1);
      for (let chunk = take(NEXT_CHUNK); chunk < chunks && !stopped(); chunk = take(NEXT_CHUNK)) {
        const written = writer.write(chunk, stopped);
        Atomics.add(control, WRITTEN_CHUNKS, 1);
        Atomics.notify(control, WRITTEN_CHUNKS);
        if (!stopped()) post({ kind: "chunk", chunk, ...written });
      }
      if (hashesAfterwards(job)) {
        waitForAll(control, chunks);
        for (let chunk = take(NEXT_HASH); chunk < chunks && !stopped(); chunk = take(NEXT_HASH)) {
          post({ kind: "hash", chunk, hash: writer.hashWritten(chunk) });
        }
      }
      post({ kind: "end", maxAbs: writer.maxAbs });
    } finally {
      writer.close();
    }
  } catch (error) {
    Atomics.store(control, STOPPED, 1);
    post({ kind: "error", error: packError(error) });
  }
}

/** Whether chunks receive scales from others, so that they can be hashed only when all are written. */
export function hashesAfterwards({ chunkHashes, segments }: WriteJob): boolean {
  return chunkHashes && segments.some(({ kind }) => kind === "encodedPart");
}

/** Until all chunks are written or the run is stopped; the timeout is for a thread that ends without a word. */
function waitForAll(control: Int32Array, chunks: number): void {
  const missing = () =>
    Atomics.load(control, WRITTEN_CHUNKS) < chunks && Atomics.load(control, STOPPED) === 0;
  while (missing()) Atomics.wait(control, WRITTEN_CHUNKS, Atomics.load(control, WRITTEN_CHUNKS), WAIT_MS);
}

const WAIT_MS = 20;
