import { type Connection, type Reply, send } from "../http/connection.ts";
import { contradiction, statusError, storageError } from "../http/failures.ts";
import { purposeOf } from "../http/repository.ts";
import type { RepoFile } from "../types.ts";

/** A file of a repository at a commit. */
export interface RemoteFile {
  readonly repo: string;
  readonly commit: string;
  readonly file: RepoFile;
}

export interface StreamOptions {
  /** First byte that is wanted. */
  readonly offset: number;
  /** Bytes that are wanted; default: all that follow. */
  readonly length?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The bytes of a file from a place on, in one attempt. Yields only bytes that belong to this place by the answer's own
 * account, and never more than were asked for.
 *
 * Each attempt asks the Hub anew, since the addresses of its storage expire.
 *
 * @throws PippinError `HUB_UNREACHABLE` when the connection breaks, `HUB_RESPONSE_INVALID` when the answer does not fit
 *   or is too short, and what its status means.
 */
export async function* streamFile(
  connection: Connection,
  remote: RemoteFile,
  options: StreamOptions,
): AsyncGenerator<Uint8Array> {
  const { offset, signal } = options;
  const wanted = options.length ?? remote.file.size - offset;
  if (wanted === 0) return;
  const last = options.length === undefined ? "" : offset + wanted - 1;
  const reply = await send(connection, addressOf(connection, remote), {
    range: `bytes=${offset}-${last}`,
    sha256: remote.file.sha256,
    signal,
  });
  yield* bytesOf(reply, { connection, remote, offset, wanted });
}

interface Wanted {
  readonly connection: Connection;
  readonly remote: RemoteFile;
  readonly offset: number;
  readonly wanted: number;
  /** Of an answer with the whole file, as many bytes before the wanted ones are put up with. */
  readonly mostSkipped?: number;
}

/** The wanted part of an answer to a request for a range. */
export async function* bytesOf(reply: Reply, range: Wanted): AsyncGenerator<Uint8Array> {
  let skip: number;
  try {
    skip = leadingBytes(reply, range);
  } catch (error) {
    reply.discard();
    throw error;
  }
  let left = range.wanted;
  for await (const chunk of reply.chunks()) {
    const skipped = Math.min(skip, chunk.length);
    skip -= skipped;
    const part = chunk.subarray(skipped, skipped + left);
    left -= part.length;
    if (part.length > 0) yield part;
    if (left === 0) return;
  }
  throw contradiction(reply.host, `ended its answer ${left} bytes early`);
}

/** How many bytes come before the wanted ones; throws when the answer is not about this file. */
function leadingBytes(reply: Reply, { connection, remote, offset, mostSkipped }: Wanted): number {
  const { response, host } = reply;
  const { status, headers } = response;
  const { repo, commit, file } = remote;
  if (status === 416) throw contradiction(host, `has no byte ${offset} of ${file.path}`);
  if (status !== 200 && status !== 206) {
    const fromStorage = new URL(reply.url).origin !== new URL(connection.endpoint).origin;
    throw fromStorage
      ? storageError(reply)
      : statusError(reply, purposeOf(connection, { repo, revision: commit }));
  }
  if (status === 206) return partOf(reply, { offset, size: file.size });
  // The whole file, although a part was asked for: the beginning is of no use.
  const length = headers.get("content-length");
  const isEncoded = headers.has("content-encoding");
  if (length !== null && !isEncoded && Number(length) !== file.size) {
    throw contradiction(host, `has ${length} bytes of ${file.path}, which has ${file.size}`);
  }
  if (offset > (mostSkipped ?? offset)) throw contradiction(host, "does not answer with parts of files");
  return offset;
}

function partOf({ response, host }: Reply, { offset, size }: { offset: number; size: number }): number {
  const range = response.headers.get("content-range") ?? "";
  const [, first, , total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(range) ?? [];
  const fits = Number(first) === offset && (total === "*" || Number(total) === size);
  if (!fits || response.headers.has("content-encoding")) {
    throw contradiction(
      host,
      `answered with ${JSON.stringify(range)} where byte ${offset} of ${size} was asked for`,
    );
  }
  return 0;
}

export function addressOf({ endpoint }: Connection, { repo, commit, file }: RemoteFile): string {
  const path = file.path.split("/").map(encodeURIComponent).join("/");
  return `${endpoint}/${repo}/resolve/${commit}/${path}`;
}
