/**
 * Runs Core ML packages for the Swift runtime where there is no Core ML: what `Stubs/CoreML` is asked, it asks here, and
 * `@pippin/coreml` computes. Strict in what it takes: an app that hands over a wrong position, mask, shape or state gets an
 * error where a device would give a wrong word.
 *
 * A frame is two 32-bit lengths, little-endian, then JSON, then bytes.
 */
import { rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { ManifestFunction, RuntimeManifest } from "@pippin/core";
import { readPackage } from "@pippin/coreml";
import { createExecutable, type Executable, type States, type Tensor } from "@pippin/coreml/run";

interface Feature {
  readonly name: string;
  readonly shape: readonly (number | null)[];
  readonly dtype: "float16" | "float32" | "int32";
}

interface Request {
  readonly op: "load" | "newState" | "predict" | "readState" | "writeState" | "freeState";
  readonly path?: string;
  readonly function?: string;
  readonly state?: number;
  readonly name?: string;
  readonly inputs?: readonly Feature[];
}

interface Answer {
  readonly json: object;
  readonly bytes?: Uint8Array;
}

/** A package that is in memory; models of all its functions share it. */
interface Loaded {
  readonly executable: Executable;
  readonly manifest: RuntimeManifest;
}

/** A conversation's caches, and how far they are filled. */
interface State {
  readonly owner: Loaded;
  readonly states: States;
  filled: number;
  busy: boolean;
}

/** What was asked, for tests that count. */
export interface ServerCounts {
  predictions: number;
  tokens: number;
  states: number;
  readonly errors: string[];
}

export interface CoremlServer {
  readonly socket: string;
  readonly counts: ServerCounts;
  close(): Promise<void>;
}

/** Listens at `socket`, a path. Packages are read when they are first loaded, and stay. */
export async function startCoremlServer(socket: string): Promise<CoremlServer> {
  rmSync(socket, { force: true });
  const packages = new Map<string, Promise<Loaded>>();
  const states = new Map<number, State>();
  const counts: ServerCounts = { predictions: 0, tokens: 0, states: 0, errors: [] };
  const open = (path: string): Promise<Loaded> => {
    const known = packages.get(path) ?? load(path);
    packages.set(path, known);
    return known;
  };
  const sockets = new Set<Socket>();
  const server = createServer((connection) => {
    sockets.add(connection);
    connection.on("close", () => sockets.delete(connection));
    new Client({ connection, open, states, counts }).serve();
  });
  await new Promise<void>((done) => server.listen(socket, done));
  return { socket, counts, close: () => closeAll(server, sockets, packages) };
}

async function closeAll(
  server: Server,
  sockets: ReadonlySet<Socket>,
  packages: ReadonlyMap<string, Promise<Loaded>>,
): Promise<void> {
  for (const socket of sockets) socket.destroy();
  await new Promise((done) => server.close(done));
  for (const loaded of packages.values()) {
    await loaded.then(
      ({ executable }) => executable.close(),
      () => {},
    );
  }
}

async function load(path: string): Promise<Loaded> {
  const opened = await readPackage(path);
  if (opened.manifest === undefined) throw new Error(`${path} has no manifest`);
  return { executable: await createExecutable(opened, { precision: "fp16" }), manifest: opened.manifest };
}

interface Shared {
  readonly connection: Socket;
  readonly open: (path: string) => Promise<Loaded>;
  readonly states: Map<number, State>;
  readonly counts: ServerCounts;
}

/** One model of the app: a function of a package. */
class Client {
  readonly #shared: Shared;
  #loaded: Loaded | undefined;
  #function: ManifestFunction | undefined;

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  serve(): void {
    const { connection } = this.#shared;
    let rest: Buffer = Buffer.alloc(0);
    let turn = Promise.resolve();
    connection.on("error", () => {});
    connection.on("data", (data) => {
      rest = rest.length === 0 ? data : Buffer.concat([rest, data]);
      for (;;) {
        if (rest.length < 8) return;
        const [json, bytes] = [rest.readUInt32LE(0), rest.readUInt32LE(4)];
        const end = 8 + json + bytes;
        if (rest.length < end) return;
        const request = JSON.parse(rest.toString("utf8", 8, 8 + json)) as Request;
        const payload = Uint8Array.from(rest.subarray(8 + json, end));
        rest = rest.subarray(end);
        turn = turn.then(() => this.#reply(request, payload));
      }
    });
  }

  async #reply(request: Request, payload: Uint8Array): Promise<void> {
    let answer: Answer;
    try {
      answer = await this.#answer(request, payload);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#shared.counts.errors.push(message);
      answer = { json: { error: message } };
    }
    const json = Buffer.from(JSON.stringify(answer.json));
    const head = Buffer.alloc(8);
    head.writeUInt32LE(json.length, 0);
    head.writeUInt32LE(answer.bytes?.length ?? 0, 4);
    this.#shared.connection.write(Buffer.concat([head, json, answer.bytes ?? new Uint8Array()]));
  }

  #answer(request: Request, payload: Uint8Array): Promise<Answer> | Answer {
    switch (request.op) {
      case "load":
        return this.#load(request);
      case "newState":
        return { json: { state: this.#newState() } };
      case "predict":
        return this.#predict(request, payload);
      case "readState":
        return { json: {}, bytes: halves(this.#stateArray(request)) };
      case "writeState": {
        const data = this.#stateArray(request);
        const given = new Float16Array(payload.buffer);
        if (given.length !== data.length) throw new Error(`the state ${request.name} has another size`);
        data.set(given);
        // Who writes into a cache answers for what is in it.
        const state = this.#state(request);
        state.filled = state.owner.manifest.contextLength;
        return { json: {} };
      }
      case "freeState":
        if (!this.#shared.states.delete(request.state ?? -1)) throw new Error("a state was freed twice");
        return { json: {} };
    }
  }

  async #load({ path = "", function: name }: Request): Promise<Answer> {
    this.#loaded = await this.#shared.open(path);
    const { manifest, executable } = this.#loaded;
    const wanted = name ?? manifest.defaultFunction;
    this.#function = manifest.functions.find((fn) => fn.name === wanted);
    if (this.#function === undefined) throw new Error(`the package has no function ${wanted}`);
    const compiled = executable.functions.get(wanted)!;
    const features = (
      types: ReadonlyMap<string, { shape: readonly (number | null)[]; dtype: string }>,
    ): Feature[] =>
      [...types].map(([feature, { shape, dtype }]) => ({ name: feature, shape, dtype: dtypeOf(dtype) }));
    return {
      json: {
        inputs: features(new Map([...compiled.inputs].map(([feature, { type }]) => [feature, type]))),
        outputs: this.#function.outputs.map((output) => ({
          name: output.name,
          shape: output.shape,
          dtype: output.dtype === "F16" ? "float16" : "float32",
        })),
        states: features(compiled.states),
      },
    };
  }

  #newState(): number {
    const { states, counts } = this.#shared;
    const owner = this.#need(this.#loaded);
    counts.states += 1;
    states.set(counts.states, { owner, states: owner.executable.newStates(), filled: 0, busy: false });
    return counts.states;
  }

  async #predict(request: Request, payload: Uint8Array): Promise<Answer> {
    const { executable } = this.#need(this.#loaded);
    const fn = this.#need(this.#function);
    const inputs = tensorsOf(request.inputs ?? [], payload);
    const state = fn.inputs.some(({ role }) => role === "position") ? this.#state(request) : undefined;
    const taken = state ? checkPosition(fn, inputs, state) : checkMask(fn, inputs);
    if (state?.busy) throw new Error("a state is used by two predictions at once");
    if (state) state.busy = true;
    try {
      const outputs = await executable.run(fn.name, inputs, state?.states ?? new Map());
      if (state) state.filled = taken.end;
      this.#shared.counts.predictions += 1;
      this.#shared.counts.tokens += taken.count;
      return { json: { outputs: describe(fn, outputs) }, bytes: bytesOf(fn, outputs) };
    } finally {
      if (state) state.busy = false;
    }
  }

  #state({ state: id }: Request): State {
    const state = this.#shared.states.get(id ?? -1);
    if (state === undefined) throw new Error("there is no such state");
    if (state.owner !== this.#loaded) throw new Error("the state belongs to another package");
    return state;
  }

  #stateArray(request: Request): Float32Array {
    const data = this.#state(request).states.get(request.name ?? "")?.data;
    if (data instanceof Float32Array) return data;
    throw new Error(`there is no state ${request.name}`);
  }

  #need<T>(value: T | undefined): T {
    if (value === undefined) throw new Error("no model is loaded");
    return value;
  }
}

/** The tokens of a call follow those that the state holds, with nothing between, and fit. */
function checkPosition(
  fn: ManifestFunction,
  inputs: ReadonlyMap<string, Tensor>,
  state: State,
): { readonly count: number; readonly end: number } {
  const given = (role: string): number | undefined => {
    const name = fn.inputs.find((input) => input.role === role)?.name;
    return name === undefined ? undefined : inputs.get(name)?.data[0];
  };
  const position = given("position") ?? -1;
  const size = fn.tokens as number;
  const last = given("lastToken") ?? size - 1;
  const { manifest } = state.owner;
  if (position < 0 || position > state.filled)
    throw new Error(`position ${position} leaves a gap: the state holds ${state.filled} tokens`);
  if (last < 0 || last >= size) throw new Error(`the last token ${last} is not one of ${size}`);
  const slots = Math.min(...manifest.states.map(({ shape, layout }) => shape[layout.indexOf("position")]!));
  if (position + size > slots) throw new Error(`${size} tokens at ${position} do not fit ${slots} slots`);
  if (position + last + 1 > manifest.contextLength) throw new Error("the context is full");
  return { count: last + 1, end: position + last + 1 };
}

/** A mask is ones, then zeros. */
function checkMask(
  fn: ManifestFunction,
  inputs: ReadonlyMap<string, Tensor>,
): { readonly count: number; readonly end: number } {
  const name = fn.inputs.find(({ role }) => role === "attentionMask")?.name;
  const mask = [...(inputs.get(name ?? "")?.data ?? [])];
  const ones = mask.filter((value) => value === 1).length;
  const ordered = mask.every((value, index) => value === (index < ones ? 1 : 0));
  if (ones === 0 || !ordered)
    throw new Error(`the attention mask is not ones and then zeros: ${mask.slice(0, 20)}`);
  return { count: ones, end: ones };
}

function tensorsOf(features: readonly Feature[], payload: Uint8Array): Map<string, Tensor> {
  const inputs = new Map<string, Tensor>();
  let offset = 0;
  for (const { name, shape, dtype } of features) {
    const count = shape.reduce<number>((product, size) => product * (size ?? 0), 1);
    const length = count * (dtype === "float16" ? 2 : 4);
    const bytes = payload.slice(offset, offset + length).buffer;
    offset += length;
    const data = dtype === "int32" ? new Int32Array(bytes) : Float32Array.from(floatsOf(bytes, dtype));
    inputs.set(name, { shape: shape as number[], data });
  }
  if (offset !== payload.length) throw new Error("the bytes do not belong to the features");
  return inputs;
}

function floatsOf(bytes: ArrayBuffer, dtype: Feature["dtype"]): Float16Array | Float32Array {
  return dtype === "float16" ? new Float16Array(bytes) : new Float32Array(bytes);
}

function describe(fn: ManifestFunction, outputs: ReadonlyMap<string, Tensor>): Feature[] {
  return fn.outputs.map(({ name, dtype }) => ({
    name,
    shape: outputs.get(name)!.shape,
    dtype: dtype === "F16" ? "float16" : "float32",
  }));
}

function bytesOf(fn: ManifestFunction, outputs: ReadonlyMap<string, Tensor>): Uint8Array {
  return Buffer.concat(
    fn.outputs.map(({ name, dtype }) => {
      const data = outputs.get(name)!.data as Float32Array;
      return dtype === "F16" ? halves(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    }),
  );
}

function halves(data: Float32Array): Uint8Array {
  return new Uint8Array(Float16Array.from(data).buffer);
}

function dtypeOf(dtype: string): Feature["dtype"] {
  if (dtype === "FLOAT16") return "float16";
  return dtype === "INT32" ? "int32" : "float32";
}

if (import.meta.main) {
  const server = await startCoremlServer(process.argv[2] ?? join(process.cwd(), "coreml.sock"));
  console.log(server.socket);
  process.on("SIGTERM", () => void server.close().then(() => process.exit(0)));
}
