import { parentPort, receiveMessageOnPort } from "node:worker_threads";
import type { ProductJob } from "../plain/product.ts";
import { waitWhile } from "./pool-protocol.ts";
import { addProductTile } from "./product-tile.ts";

export interface ProductWorkerData {
  readonly kind: "product";
  /** One word: the number of messages posted to each helper. */
  readonly control: Int32Array;
}

/** A product whose tiles threads take one after the other. */
export interface ProductMessage {
  readonly job: ProductJob;
  readonly tiles: number;
  /** `PROGRESS_WORDS` shared words. */
  readonly progress: Int32Array;
}

export const NEXT_TILE = 0;
export const DONE_TILES = 1;
/** Not 0 when a thread gave up. */
export const FAILED = 2;
export const PROGRESS_WORDS = 3;

/** Computes tiles until none is left to take. */
export function runTiles({ job, tiles, progress }: ProductMessage): void {
  for (;;) {
    const tile = Atomics.add(progress, NEXT_TILE, 1);
    if (tile >= tiles) return;
    addProductTile(job, tile);
    Atomics.add(progress, DONE_TILES, 1);
    Atomics.notify(progress, DONE_TILES);
  }
}

/** Serves a product pool until the thread is terminated; sleeps while there is nothing to do. */
export function runProductWorker({ control }: ProductWorkerData): void {
  for (;;) {
    const posted = Atomics.load(control, 0);
    for (let next = receiveMessageOnPort(parentPort!); next; next = receiveMessageOnPort(parentPort!)) {
      const message: ProductMessage = next.message;
      try {
        runTiles(message);
      } catch {
        // The calling thread is blocked in `addProduct` and could not receive the error itself.
        Atomics.store(message.progress, FAILED, 1);
        Atomics.notify(message.progress, DONE_TILES);
      }
    }
    waitWhile(control, 0, posted);
  }
}
