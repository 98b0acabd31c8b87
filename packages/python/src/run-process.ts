import { throwIfCancelled } from "@pippin/core";
import { execa } from "execa";
import { cleanLine, LineReader } from "./line-reader.ts";
import type { LogFile } from "./log-file.ts";
import { endTree, killTree, TREE_OPTIONS } from "./process-tree.ts";

/** Time that a program gets to end by itself when it is asked to. */
const GRACE_MS = 3000;
/** Children that outlive a program hold its pipes open; they get this long to finish what they print. */
const LINGER_MS = 1000;
const TAIL_LINES = 80;

export interface ProcessInput {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string | undefined;
  /** Written to stdin, which stays open until the program ends. */
  readonly input?: string | undefined;
}

export interface ProcessOptions {
  readonly signal?: AbortSignal | undefined;
  /** The whole run. */
  readonly timeoutMs?: number | undefined;
  /** Without a byte on stdout or stderr. */
  readonly idleTimeoutMs?: number | undefined;
  readonly log?: LogFile | undefined;
  /** Sees each line of stdout; gives `true` for those that are not for the log. */
  readonly onLine?: ((line: string) => boolean) | undefined;
}

export type ProcessEnd =
  | { readonly kind: "exited"; readonly status: number }
  /** By a signal that was not ours. */
  | { readonly kind: "killed"; readonly signal: string }
  | { readonly kind: "timeout" | "stalled"; readonly afterMs: number }
  | { readonly kind: "not-started"; readonly reason: string };

export interface ProcessResult {
  readonly end: ProcessEnd;
  /** The last lines of what was printed, without those that `onLine` took. */
  readonly tail: readonly string[];
}

type Stop =
  | { readonly kind: "timeout" | "stalled"; readonly afterMs: number }
  | { readonly kind: "cancelled" };

/**
 * Runs a program to its end, without a shell. Whatever ends it ends what it started, too; when this returns, none of it
 * runs any more.
 *
 * @throws PippinError `CORE_CANCELLED`.
 */
export async function runProcess(input: ProcessInput, options: ProcessOptions = {}): Promise<ProcessResult> {
  throwIfCancelled(options.signal);
  const child = execa(input.command, input.args, {
    ...TREE_OPTIONS,
    env: input.env,
    ...(input.cwd !== undefined && { cwd: input.cwd }),
    extendEnv: false,
    reject: false,
    buffer: false,
    cleanup: false,
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
    encoding: "buffer",
    windowsHide: true,
  });
  const { pid } = child;
  const supervisor = new Supervisor(pid, options);
  const lines = collectLines(options);
  child.stdout.on("data", (bytes: Uint8Array) => supervisor.heard(() => lines.stdout.push(bytes)));
  child.stderr.on("data", (bytes: Uint8Array) => supervisor.heard(() => lines.stderr.push(bytes)));
  // A program that does not read what it is told may be gone already.
  child.stdin.on("error", () => undefined);
  if (input.input !== undefined) child.stdin.write(input.input);
  else child.stdin.end();
  child.nodeChildProcess.on("exit", () =>
    supervisor.leaderEnded(() => {
      child.stdout.destroy();
      child.stderr.destroy();
    }),
  );
  const result = await child;
  const stop = await supervisor.finish();
  lines.stdout.end();
  lines.stderr.end();
  if (stop?.kind === "cancelled") throwIfCancelled(options.signal);
  return { end: endOf(result, stop), tail: lines.tail };
}

function endOf(
  result: { readonly exitCode?: number; readonly signal?: string; readonly cause?: unknown },
  stop: Stop | undefined,
): ProcessEnd {
  if (stop !== undefined && stop.kind !== "cancelled") return stop;
  if (result.signal !== undefined) return { kind: "killed", signal: result.signal };
  if (result.exitCode !== undefined) return { kind: "exited", status: result.exitCode };
  const { cause } = result;
  return { kind: "not-started", reason: cause instanceof Error ? cause.message : String(cause) };
}

/** Both streams by line: to `onLine`, to the log, and the last ones to `tail`. */
function collectLines({ log, onLine }: ProcessOptions) {
  const tail: string[] = [];
  const keep = (raw: string) => {
    const line = cleanLine(raw);
    if (line === "") return;
    log?.write(line);
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
  };
  const stdout = new LineReader((line) => {
    if (!onLine?.(line)) keep(line);
  });
  return { tail, stdout, stderr: new LineReader(keep) };
}

/** Ends a program and its tree when it is told to, or when it is time. */
class Supervisor {
  readonly #pid: number | undefined;
  readonly #options: ProcessOptions;
  readonly #timers = new Set<NodeJS.Timeout>();
  #idle: NodeJS.Timeout | undefined;
  #stop: Stop | undefined;
  #ending: Promise<void> | undefined;

  constructor(pid: number | undefined, options: ProcessOptions) {
    this.#pid = pid;
    this.#options = options;
    const { timeoutMs, signal } = options;
    if (timeoutMs !== undefined)
      this.#after(timeoutMs, () => this.#end({ kind: "timeout", afterMs: timeoutMs }));
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    process.on("exit", this.#onExit);
    this.heard(() => undefined);
    if (signal?.aborted) this.#onAbort();
  }

  /** Something was printed: the time of silence begins anew. */
  heard(take: () => void): void {
    const { idleTimeoutMs } = this.#options;
    if (this.#idle) this.#idle.refresh();
    else if (idleTimeoutMs !== undefined)
      this.#idle = this.#after(idleTimeoutMs, () => this.#end({ kind: "stalled", afterMs: idleTimeoutMs }));
    take();
  }

  /** The program itself is gone. Who left its process group is out of reach, and must not keep us waiting either. */
  leaderEnded(letGo: () => void): void {
    this.#after(LINGER_MS, () => this.#pid !== undefined && killTree(this.#pid));
    this.#after(2 * LINGER_MS, letGo);
  }

  /** Why the program was ended, if it was; all of its tree is gone then. */
  async finish(): Promise<Stop | undefined> {
    if (this.#pid !== undefined && this.#ending === undefined) killTree(this.#pid);
    await this.#ending;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    process.off("exit", this.#onExit);
    return this.#stop;
  }

  #after(ms: number, act: () => void): NodeJS.Timeout {
    const timer = setTimeout(act, ms);
    this.#timers.add(timer);
    return timer;
  }

  #end(stop: Stop): void {
    if (this.#ending !== undefined || this.#pid === undefined) return;
    this.#stop = stop;
    this.#ending = endTree(this.#pid, GRACE_MS);
  }

  readonly #onAbort = (): void => this.#end({ kind: "cancelled" });
  /** A second Ctrl-C ends this process at once. */
  readonly #onExit = (): void => {
    if (this.#pid !== undefined) killTree(this.#pid);
  };
}
