import {
  type FeedOptions,
  type ManifestFunction,
  type Runner,
  type RunnerOptions,
  type RuntimeManifest,
  type Session,
  type StageContext,
  throwIfCancelled,
} from "@pippin/core";
import { coremlError } from "../errors.ts";
import type { CoremlPackage } from "../package/read-package.ts";
import { createExecutable, type Executable, type States } from "./executable.ts";
import type { Tensor } from "./value.ts";

/**
 * Runs a package as its manifest says: by roles of features, never by their names.
 *
 * Prompts of stateful packages go through `prefill` in pieces of its length, then token by token; stateless ones
 * compute the whole sequence each time.
 */
export async function createRunner(
  packages: readonly CoremlPackage[],
  manifest: RuntimeManifest,
  options: RunnerOptions,
  context: StageContext = {},
): Promise<Runner> {
  const [opened, ...more] = packages;
  if (opened === undefined || more.length > 0) {
    throw coremlError("COREML_OP_UNSUPPORTED", {
      message: `this runner executes one package, the model has ${packages.length}`,
      hint: "Convert the model without chunks to run it here.",
    });
  }
  const executable = await createExecutable(
    opened,
    { precision: options.precision ?? "fp32", threads: options.threads },
    context,
  );
  const driver: Driver = { executable, manifest };
  return {
    vocabSize: manifest.model.vocabSize,
    contextLength: manifest.contextLength,
    start: () =>
      manifest.program === "stateful" ? new StatefulSession(driver) : new StatelessSession(driver),
    close: () => executable.close(),
  };
}

interface Driver {
  readonly executable: Executable;
  readonly manifest: RuntimeManifest;
}

/** Calls a function with its features given by role; returns its logits, `[rows, vocabSize]`. */
async function call(
  { executable }: Driver,
  fn: ManifestFunction,
  {
    roles,
    states,
    signal,
  }: { roles: Readonly<Record<string, Int32Array>>; states: States; signal: AbortSignal | undefined },
): Promise<Float32Array> {
  const inputs = new Map<string, Tensor>();
  for (const { name, role, shape } of fn.inputs) {
    const data = roles[role];
    if (data === undefined)
      throw manifestBroken(`${fn.name} wants the role ${role}, which this driver does not know`);
    inputs.set(name, { shape: shape.map((size) => size ?? data.length), data });
  }
  const outputs = await executable.run(fn.name, inputs, states, signal);
  const output = fn.outputs.find(({ role }) => role === "logits");
  const logits = output && outputs.get(output.name)?.data;
  if (!(logits instanceof Float32Array)) throw manifestBroken(`${fn.name} returns no logits`);
  return logits;
}

function checkTokens(tokens: readonly number[], length: number, { manifest }: Driver): void {
  const { contextLength, model } = manifest;
  if (length + tokens.length > contextLength) {
    throw coremlError("COREML_CONTEXT_FULL", {
      message: `${length} tokens and ${tokens.length} more do not fit a context of ${contextLength}`,
      hint: "Start a new conversation, or convert with a larger --context.",
    });
  }
  const stray = tokens.find((token) => !Number.isInteger(token) || token < 0 || token >= model.vocabSize);
  if (stray === undefined && tokens.length > 0) return;
  throw coremlError("COREML_TOKEN_OUT_OF_RANGE", {
    message:
      tokens.length === 0
        ? "no token was given"
        : `token ${stray} is not in a vocabulary of ${model.vocabSize}`,
    hint: "The tokenizer and the package do not belong together.",
  });
}

class StatefulSession implements Session {
  readonly #driver: Driver;
  readonly #states: States;
  readonly #decode: ManifestFunction;
  readonly #prefill: ManifestFunction | undefined;
  /** Positions that the cache holds. */
  readonly #slots: number;
  length = 0;

  constructor(driver: Driver) {
    this.#driver = driver;
    this.#states = driver.executable.newStates();
    const { functions, states } = driver.manifest;
    this.#slots = Math.min(...states.map(({ shape, layout }) => shape[layout.indexOf("position")] ?? 0));
    const decode = functions.find((fn) => fn.tokens === 1);
    if (decode === undefined) throw manifestBroken("it has no function of one token");
    this.#decode = decode;
    this.#prefill = functions.find((fn) => typeof fn.tokens === "number" && fn.tokens > 1);
  }

  rewind(length: number): void {
    this.length = Math.min(this.length, Math.max(0, length));
  }

  async feed(tokens: readonly number[], options: FeedOptions = {}): Promise<Float32Array> {
    checkTokens(tokens, this.length, this.#driver);
    const all = options.rows === "all";
    const rows: Float32Array[] = [];
    for (let done = 0; done < tokens.length; ) {
      throwIfCancelled(options.signal);
      const left = tokens.slice(done);
      const fn = !all && this.#prefillPays(left.length) ? this.#prefill! : this.#decode;
      const taken = left.slice(0, fn.tokens as number);
      rows.push(await this.#call(fn, taken, options));
      done += taken.length;
      this.length += taken.length;
    }
    return all ? joined(rows) : rows.at(-1)!;
  }

  /**
   * A call writes as many slots as the function has tokens, also those of padding, and takes about as long as half
   * as many calls of one token.
   */
  #prefillPays(count: number): boolean {
    const size = this.#prefill?.tokens;
    return typeof size === "number" && 2 * count >= size && this.length + size <= this.#slots;
  }

  #call(fn: ManifestFunction, tokens: readonly number[], { signal }: FeedOptions): Promise<Float32Array> {
    const padded = new Int32Array(fn.tokens as number);
    padded.set(tokens);
    const roles = {
      tokens: padded,
      position: Int32Array.of(this.length),
      lastToken: Int32Array.of(tokens.length - 1),
    };
    return call(this.#driver, fn, { roles, states: this.#states, signal });
  }
}

class StatelessSession implements Session {
  readonly #driver: Driver;
  readonly #fn: ManifestFunction;
  #tokens: readonly number[] = [];

  constructor(driver: Driver) {
    this.#driver = driver;
    this.#fn = driver.manifest.functions[0]!;
  }

  get length(): number {
    return this.#tokens.length;
  }

  rewind(length: number): void {
    this.#tokens = this.#tokens.slice(0, Math.max(0, length));
  }

  async feed(tokens: readonly number[], options: FeedOptions = {}): Promise<Float32Array> {
    checkTokens(tokens, this.length, this.#driver);
    const whole = [...this.#tokens, ...tokens];
    const size = typeof this.#fn.tokens === "number" ? this.#fn.tokens : whole.length;
    const padded = new Int32Array(size);
    padded.set(whole);
    const attentionMask = Int32Array.from(padded, (_, index) => (index < whole.length ? 1 : 0));
    const roles = { tokens: padded, attentionMask };
    const logits = await call(this.#driver, this.#fn, { roles, states: new Map(), signal: options.signal });
    const width = this.#driver.manifest.model.vocabSize;
    const first = options.rows === "all" ? this.length : whole.length - 1;
    this.#tokens = whole;
    return logits.slice(first * width, whole.length * width);
  }
}

function joined(rows: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(rows.reduce((sum, row) => sum + row.length, 0));
  let offset = 0;
  for (const row of rows) {
    all.set(row, offset);
    offset += row.length;
  }
  return all;
}

function manifestBroken(reason: string) {
  return coremlError("COREML_MANIFEST_INVALID", {
    message: `the package's runtime manifest cannot be followed: ${reason}`,
    hint: "The package was written by another version of Pippin or is damaged: convert it again.",
  });
}
