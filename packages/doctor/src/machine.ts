/** How a tool ended. */
export type RunResult =
  | { readonly kind: "exited"; readonly status: number; readonly stdout: string; readonly stderr: string }
  /** A signal that nobody here sent ended it. */
  | { readonly kind: "crashed"; readonly signal: string }
  /** No such program on the path. */
  | { readonly kind: "missing" }
  /** It is there, but the system does not start it: for another processor, or with an interpreter that is gone. */
  | { readonly kind: "unstartable"; readonly reason: string }
  | { readonly kind: "timeout" }
  /** It printed more than `maxBytes`, and was stopped. */
  | { readonly kind: "flooded" };

export interface RunOptions {
  /** After so long the tool and its children are killed. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** What the tool reads from stdin; default: nothing. */
  readonly input?: string | undefined;
  /** The most that is read of stdout and of stderr. */
  readonly maxBytes: number;
}

export interface DiskSpace {
  readonly freeBytes: number;
  readonly writable: boolean;
}

export interface Memory {
  /** What the system has, or what a container may use of it. */
  readonly totalBytes: number;
  /** Absent where the system's figure does not say what a program could get, as on macOS. */
  readonly availableBytes?: number;
}

/** The Hub, as this machine is set up for it. */
export interface HubProbe {
  readonly endpoint: string;
  readonly offline: boolean;
  readonly hasToken: boolean;
  /** Where models go; it need not exist. */
  readonly cacheDir: string;
  /** Asks the Hub for anything small. */
  reach(signal: AbortSignal): Promise<HubAnswer>;
}

export interface HubAnswer {
  readonly reachable: boolean;
  readonly milliseconds?: number;
  readonly reason?: string;
  /** What can be done about it; default: what helps against a network that is out of reach. */
  readonly hint?: string;
}

/** Everything that the checks may touch. Paths are absolute. */
export interface Machine {
  /** As `process.platform` has it. */
  readonly platform: string;
  readonly arch: string;
  /** The kernel's release. */
  readonly release: string;
  readonly nodeVersion: string;
  /** Of these only the variables named in the checks are read. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly currentFolder: string;
  readonly cacheFolder: string;
  readonly memory: Memory;
  readonly webAssemblySimd: boolean;
  readonly hub?: HubProbe | undefined;
  /** The file that a program's name, or an absolute path, stands for. */
  find(command: string): Promise<string | undefined>;
  /** Runs a program without a shell; rejects only when the signal is aborted. */
  run(command: string, args: readonly string[], options: RunOptions): Promise<RunResult>;
  /** Of the folder, or of its closest parent that exists. */
  diskSpace(folder: string): Promise<DiskSpace | undefined>;
  exists(path: string): Promise<boolean>;
  /** The beginning of a text file, or nothing. */
  readText(path: string, maxBytes: number): Promise<string | undefined>;
  /** Gives a path that does not exist yet, and removes what lies there afterwards. */
  withTemporaryFile<Result>(use: (path: string) => Promise<Result>): Promise<Result>;
}
