import { checkRange, isPippinError, type OpenByteSource, throwIfCancelled } from "@pippin/core";
import { type Connection, type Reply, send } from "../http/connection.ts";
import { withRetries } from "../http/retry.ts";
import { addressOf, bytesOf, type RemoteFile } from "./stream-file.ts";

/** A header of 30 kB comes with the read of its length; a larger one needs a second request. */
const BLOCK_BYTES = 64 * 1024;
/** 16 MiB: the metadata of a GGUF, with its vocabulary, has some. */
const MOST_BLOCKS = 256;
/** Who reads on and on gets more at a time, up to 1 MiB. */
const MOST_AHEAD = 16;

/**
 * A file of the Hub as a byte source: reads fetch ranges, rounded to blocks that are kept, and neighboring ones in one
 * request. What comes by ranges has no hash to be checked with.
 */
export function rangeSource(connection: Connection, remote: RemoteFile): OpenByteSource {
  const source = { name: `${remote.repo}/${remote.file.path}`, byteLength: remote.file.size };
  const fetchRange = rangeFetcher(connection, remote);
  const blocks = new Map<number, Promise<Uint8Array>>();
  const state = { next: -1, ahead: 1 };

  const load = (first: number, last: number, signal: AbortSignal | undefined) => {
    state.ahead = first === state.next ? Math.min(state.ahead * 2, MOST_AHEAD) : 1;
    const most = Math.ceil(source.byteLength / BLOCK_BYTES) - 1;
    const wanted = Math.min(Math.max(last, first + state.ahead - 1), most);
    let end = first;
    while (end < wanted && !blocks.has(end + 1)) end += 1;
    state.next = end + 1;
    const from = first * BLOCK_BYTES;
    const run = fetchRange(from, Math.min((end + 1) * BLOCK_BYTES, source.byteLength) - from, signal);
    for (let block = first; block <= end; block++) {
      const at = (block - first) * BLOCK_BYTES;
      const part = run.then((bytes) => bytes.slice(at, at + BLOCK_BYTES));
      blocks.set(block, part);
      part.catch(() => blocks.delete(block));
    }
  };

  return {
    ...source,
    async read(offset, length, signal) {
      throwIfCancelled(signal);
      checkRange(source, offset, length);
      const bytes = new Uint8Array(length);
      if (length === 0) return bytes;
      // Too large to keep: weights, or a whole tokenizer.json.
      if (length > BLOCK_BYTES * MOST_AHEAD) return fetchRange(offset, length, signal);
      const last = Math.floor((offset + length - 1) / BLOCK_BYTES);
      for (let block = Math.floor(offset / BLOCK_BYTES); block <= last; block++) {
        if (!blocks.has(block)) load(block, last, signal);
        const content = await awaitBlock(blocks, block, () => load(block, last, signal));
        const start = block * BLOCK_BYTES;
        const from = Math.max(offset - start, 0);
        bytes.set(content.subarray(from, offset + length - start), start + from - offset);
      }
      forgetOldest(blocks);
      throwIfCancelled(signal);
      return bytes;
    },
    async close() {
      blocks.clear();
    },
  };
}

/** A block that another reader had asked for, and who then gave up, is asked for again. */
async function awaitBlock(
  blocks: Map<number, Promise<Uint8Array>>,
  block: number,
  again: () => void,
): Promise<Uint8Array> {
  const mine = blocks.get(block)!;
  try {
    return await mine;
  } catch (error) {
    if (!isPippinError(error) || error.code !== "CORE_CANCELLED") throw error;
    blocks.delete(block);
    again();
    return blocks.get(block)!;
  }
}

function forgetOldest(blocks: Map<number, unknown>): void {
  for (const block of blocks.keys()) {
    if (blocks.size <= MOST_BLOCKS) return;
    blocks.delete(block);
  }
}

/** Keeps the storage's signed address while it is valid, which saves the Hub a request for each range. */
function rangeFetcher(connection: Connection, remote: RemoteFile) {
  const hub = addressOf(connection, remote);
  const endpoint = new URL(connection.endpoint).origin;
  let signed: string | undefined;

  const request = async (range: string, signal: AbortSignal | undefined): Promise<Reply> => {
    const options = { range, sha256: remote.file.sha256, signal };
    const reply = await send(connection, signed ?? hub, options);
    if (signed === undefined || reply.response.ok) return reply;
    reply.discard();
    signed = undefined;
    return send(connection, hub, options);
  };

  return (offset: number, length: number, signal: AbortSignal | undefined): Promise<Uint8Array> =>
    withRetries({ network: connection.network, signal }, async () => {
      const reply = await request(`bytes=${offset}-${offset + length - 1}`, signal);
      const bytes = new Uint8Array(length);
      let done = 0;
      const wanted = { connection, remote, offset, wanted: length, mostSkipped: BLOCK_BYTES * MOST_BLOCKS };
      for await (const chunk of bytesOf(reply, wanted)) {
        bytes.set(chunk, done);
        done += chunk.length;
      }
      if (new URL(reply.url).origin !== endpoint) signed = reply.url;
      return bytes;
    });
}
