import type { Connection } from "../http/connection.ts";
import { contradiction } from "../http/failures.ts";
import { withRetries } from "../http/retry.ts";
import { freshHash } from "./hash.ts";
import { type RemoteFile, streamFile } from "./stream-file.ts";

/** A small file, whole and checked, in memory. */
export async function readRemote(
  connection: Connection,
  remote: RemoteFile,
  { signal }: { readonly signal?: AbortSignal | undefined },
): Promise<Uint8Array> {
  const { file } = remote;
  return withRetries({ network: connection.network, signal }, async () => {
    const hash = freshHash(file);
    const chunks: Uint8Array[] = [];
    for await (const chunk of streamFile(connection, remote, { offset: 0, signal })) {
      hash.update(chunk);
      chunks.push(chunk);
    }
    if (hash.digest("hex") !== (file.sha256 ?? file.oid)) {
      throw contradiction(new URL(connection.endpoint).host, `sent another content of ${file.path}`);
    }
    return Buffer.concat(chunks);
  });
}
