/** What the server serves, what can go wrong, and what it records. */

/** How a file is stored: with Git LFS, with Xet, or as a plain git blob. */
export type Storage = "lfs" | "xet" | false;

/** Paths and contents of a commit. */
export type Files = Readonly<Record<string, Uint8Array | string>>;

export interface ServedRepo {
  /** `org/name`, or `name` alone as the oldest repositories have it. */
  readonly id: string;
  /** Files of the newest commit. */
  readonly files: Files;
  /** Id of that commit, 40 hex digits; without it, made from the files. */
  readonly commit?: string;
  /** Older commits and their files. */
  readonly history?: Readonly<Record<string, Files>>;
  /** Branches and tags to commits; without it, `main` is the newest commit. */
  readonly refs?: Readonly<Record<string, string>>;
  /** How a path is stored. Default: LFS for weights, `tokenizer.json` and files above 10 MB. */
  readonly large?: (path: string) => Storage;
  readonly gated?: "auto" | "manual" | false;
  readonly private?: boolean;
  /** Taken down: nothing can be read. */
  readonly disabled?: boolean;
}

/** What goes wrong with one request. */
export type Fault =
  /** The connection breaks after so many bytes of the body. */
  | { readonly kind: "cut"; readonly afterBytes: number }
  /** `retryAfter` goes into `Retry-After` as it is, seconds or a date; `resetSeconds` into `RateLimit`. */
  | {
      readonly kind: "status";
      readonly status: 429 | 500 | 502 | 503 | 504;
      readonly retryAfter?: string;
      readonly resetSeconds?: number;
    }
  /** One bit of the body differs. */
  | { readonly kind: "wrong-bytes" }
  | { readonly kind: "trickle"; readonly bytesPerChunk: number; readonly pauseMs: number }
  /** The headers come, the body never. */
  | { readonly kind: "stall" }
  /** The connection is closed before an answer. */
  | { readonly kind: "refuse" }
  /** 200 and the whole file where a range was asked for. */
  | { readonly kind: "ignore-range" }
  /** A correct answer with the first half of the body; its headers agree with it. */
  | { readonly kind: "short" }
  /** `ETag` and `X-Linked-Etag` of another content. */
  | { readonly kind: "wrong-etag" };

/** A fault for the request with this number (from 0, in order of arrival), or none. */
export type FaultPlan = (request: ServedRequest, n: number) => Fault | undefined;

export interface HubServerOptions {
  readonly repos: readonly ServedRepo[];
  /** Bearer tokens with access to everything. */
  readonly tokens?: readonly string[];
  /** Bearer tokens of users without access to gated and private repositories. */
  readonly strangers?: readonly string[];
  /** Old ids of repositories, and the ids that they have today. */
  readonly renamed?: Readonly<Record<string, string>>;
  readonly fault?: FaultPlan;
  /** Entries of a page of a listing: the Hub has 1000, or 50 with `expand`. */
  readonly pageSize?: number;
  /** Small files behind a 307 to `/api/resolve-cache/…` on the same host, as the Hub has them since 2025. Default: false. */
  readonly resolveCache?: boolean;
  /** Small text files compressed (and then without a length) for clients that accept gzip. Default: true. */
  readonly compress?: boolean;
  /** How often a signed address of the second host may be used. Default: without end. */
  readonly signatureUses?: number;
}

export interface ServedRequest {
  readonly host: "hub" | "cdn";
  readonly method: string;
  /** With its query, as it came. */
  readonly path: string;
  readonly range?: string;
  readonly authorization?: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Bytes of the body that were handed to the connection. */
  bytesSent: number;
  /** 0 when no answer was sent. */
  status: number;
  /** Path of the file in its repository, when the request is for a file's content or metadata. */
  file?: string;
  fault?: Fault["kind"];
}

export interface HubServer {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  /** `http://localhost:PORT` of the second host: another origin, another host name. */
  readonly cdn: string;
  /** In order of arrival. */
  readonly requests: ServedRequest[];
  /** Newest commit of each repository. */
  readonly commits: Readonly<Record<string, string>>;
  /** Adds a repository, or puts it in the place of the one with its id. */
  serve(repo: ServedRepo): void;
  /** Other faults from the next request on. */
  plan(fault: FaultPlan | undefined): void;
  close(): Promise<void>;
}
