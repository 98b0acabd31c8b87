import type { EvaluateOptions, ManifestFunction, Observer, RuntimeManifest } from "@pippin/core";
import { coremlError } from "../errors.ts";
import type { Activations } from "./activations.ts";
import type { Executable, RunOptions, States } from "./executable.ts";
import type { Tensor } from "./value.ts";

/** What sessions share. */
export interface Driver {
  readonly executable: Executable;
  readonly manifest: RuntimeManifest;
  readonly activations: (fn: ManifestFunction) => Activations;
}

export interface CallOptions extends EvaluateOptions {
  readonly roles: Readonly<Record<string, Int32Array>>;
  readonly states: States;
  /** Tokens of this call that are not padding. */
  readonly count: number;
  /** Tokens before this call. */
  readonly position: number;
}

/** Calls a function with its features given by role; returns its logits, `[rows, vocabSize]`. */
export async function call(
  driver: Driver,
  fn: ManifestFunction,
  options: CallOptions,
): Promise<Float32Array> {
  const { roles, states, signal } = options;
  const inputs = new Map<string, Tensor>();
  for (const { name, role, shape } of fn.inputs) {
    const data = roles[role];
    if (data === undefined)
      throw manifestBroken(`${fn.name} wants the role ${role}, which this driver does not know`);
    inputs.set(name, {
      shape: shape.length === 1 ? [data.length] : shape.map((size) => size ?? data.length),
      data,
    });
  }
  const outputs = await driver.executable.run(fn.name, inputs, states, {
    signal,
    observe: options.observer && watching(driver.activations(fn), options, options.observer),
  });
  const output = fn.outputs.find(({ role }) => role === "logits");
  const logits = output && outputs.get(output.name)?.data;
  if (!(logits instanceof Float32Array)) throw manifestBroken(`${fn.name} returns no logits`);
  return logits;
}

/** Passes on what an observer wants to see of a call. */
function watching(
  { outputs, layers }: Activations,
  { count, position }: CallOptions,
  observer: Observer,
): NonNullable<RunOptions["observe"]> {
  return (name, { dtype }, { shape, data }) => {
    if (!(data instanceof Float32Array)) return;
    const ended = outputs.get(name);
    if (ended !== undefined) observer.layer?.(ended, data.subarray(0, count * shape.at(-1)!), position);
    const layer = layers.get(name);
    if (dtype === "FLOAT16" && layer !== undefined) observer.value?.({ layer, name, shape, data });
  };
}

export function checkTokens(tokens: readonly number[], length: number, { manifest }: Driver): void {
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

export function manifestBroken(reason: string) {
  return coremlError("COREML_MANIFEST_INVALID", {
    message: `the package's runtime manifest cannot be followed: ${reason}`,
    hint: "The package was written by another version of Pippin or is damaged: convert it again.",
  });
}
