/** The second host: content by its hash, behind signed addresses. */
import { createHash, createHmac, randomBytes } from "node:crypto";
import type { Answer } from "./answer.ts";
import { storageError } from "./errors.ts";
import { type StoredFile, sha256 } from "./repository.ts";

interface Signature {
  readonly path: string;
  readonly file: StoredFile;
  uses: number;
}

export interface Cdn {
  /** A new signed address. */
  sign(file: StoredFile): string;
  answer(url: URL, authorization: string | undefined): Answer;
  /** The file behind an address. */
  find(url: URL): StoredFile | undefined;
}

/** A signature that was used `uses` times has expired, as another would after its hour. */
export function openCdn(origin: () => string, uses = Number.POSITIVE_INFINITY): Cdn {
  const key = randomBytes(16);
  const signatures = new Map<string, Signature>();
  const find = (url: URL) => signatures.get(url.searchParams.get("Signature") ?? "");

  const sign = (file: StoredFile) => {
    const { xetHash, sha256: hash } = file.large!;
    const folder = sha256(hash).slice(0, 24);
    const path = xetHash
      ? `/xet-bridge-us/${folder}/${hash}`
      : `/repos/${folder.slice(0, 2)}/${folder}/${hash}`;
    const signature = createHmac("sha256", key).update(`${path} ${signatures.size}`).digest("hex");
    signatures.set(signature, { path, file, uses: 0 });
    const name = encodeURIComponent(`inline; filename="${file.path.split("/").at(-1)}";`);
    const query = `response-content-disposition=${name}&Expires=4102444800&Signature=${signature}`;
    return `${origin()}${path}?${query}&Key-Pair-Id=K24J24Z295AEI9`;
  };

  const answer = (url: URL, authorization: string | undefined) => {
    const signature = find(url);
    // S3 takes a signature or a header, never both; and a token has no business here.
    if (authorization !== undefined)
      return storageError(400, "InvalidArgument", "Only one auth mechanism allowed");
    if (signature === undefined || signature.path !== url.pathname)
      return storageError(403, "AccessDenied", "Access Denied");
    signature.uses += 1;
    if (signature.uses > uses) return storageError(403, "AccessDenied", "Request has expired");
    return content(signature.file);
  };

  return { sign, answer, find: (url) => find(url)?.file };
}

/** The entity tag of the storage is not the hash of the content that the Hub names. */
function content({ bytes, path }: StoredFile): Answer {
  const etag = createHash("md5").update(bytes).digest("hex");
  return {
    status: 200,
    headers: {
      "Content-Type": "binary/octet-stream",
      ETag: `"${etag}"`,
      "Accept-Ranges": "bytes",
      "Last-Modified": "Wed, 01 Jan 2025 00:00:00 GMT",
      "Content-Disposition": `inline; filename="${encodeURIComponent(path.split("/").at(-1)!)}";`,
    },
    body: bytes,
    isFile: true,
  };
}
