import { parentPort } from "node:worker_threads";
import { CHUNK_BYTES } from "@pippin/core";
import { ChunkWriter, type WriteJob } from "./chunk-writer.ts";
import { packError, type ThreadError } from "./threads.ts";

/** Words of the control array all threads of a run share. */
export const NEXT_CHUNK = 0;
export const STOPPED = 1;

export interface WriterWorkerData {
  readonly kind: "write";
  readonly job: WriteJob;
  readonly control: Int32Array;
}

export type WriterMessage =
  | { readonly kind: "chunk"; readonly chunk: number; readonly hash: string | undefined }
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
      const take = () => Atomics.add(control, NEXT_CHUNK, 1);
      for (let chunk = take(); chunk < chunks && !stopped(); chunk = take()) {
        const hash = writer.write(chunk, stopped);
        if (!stopped()) post({ kind: "chunk", chunk, hash });
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
