import { dirname, resolve } from "node:path";
import {
  type Observer,
  type OpenedPackage,
  PippinError,
  type Runner,
  type RunnerOptions,
  type StageContext,
} from "@pippin/core";
import type { DecoderSpec } from "@pippin/decoder";
import { createTensorRunner, type TensorOfRole } from "@pippin/decoder/node";
import { loadTokenizer } from "@pippin/tokenizer/node";
import { type AnyBackend, loadBackends } from "./config.ts";
import type { CliErrorCode } from "./errors.ts";
import { textOf, withoutTokenizer } from "./model.ts";
import type { Io } from "./terminal/io.ts";
import type { Text } from "./text.ts";

/** Closes at the end of the block that declares it with `await using`. */
export interface OpenPackage extends AsyncDisposable {
  readonly backend: AnyBackend;
  readonly opened: OpenedPackage<DecoderSpec>;
  readonly text: Text | undefined;
  /** Where the tokenizer's files lie, if there are any. */
  readonly textFolder: string;
}

/** The backend that knows the path's format, or `undefined`. */
export async function detectBackend(path: string, cwd: string): Promise<AnyBackend | undefined> {
  for (const backend of await loadBackends(cwd)) if (await backend.detect(path)) return backend;
  return undefined;
}

/**
 * Opens a package with the backend that recognizes it, and the tokenizer that lies in or beside it.
 *
 * @throws PippinError `CLI_NOT_A_PACKAGE`, and whatever the backend throws.
 */
export async function openPackage(path: string, io: Io): Promise<OpenPackage> {
  const backend = await detectBackend(path, io.cwd);
  if (backend === undefined) {
    throw new PippinError<CliErrorCode>("CLI_NOT_A_PACKAGE", {
      message: `${path} is not a package that a known backend can open`,
      hint: "Name the folder that pippin convert wrote, or the .mlpackage in it.",
    });
  }
  const inside = await loadTokenizer(path).then(textOf, withoutTokenizer);
  const beside = dirname(resolve(path));
  const text = inside ?? (await loadTokenizer(beside).then(textOf, withoutTokenizer));
  const textFolder = inside === undefined ? beside : path;
  const opened = await backend.open(path, { signal: io.signal });
  return { backend, opened, text, textFolder, [Symbol.asyncDispose]: () => opened.close() };
}

/**
 * Where the backend cannot execute its format, the decoder's reference pass runs on the package's own weights: that shows
 * what the encoding lost, not how a device computes.
 *
 * @throws PippinError `CLI_CANNOT_RUN` when the backend has no runner and the package no spec.
 */
export async function startRunner(
  { backend, opened }: OpenPackage,
  options: RunnerOptions,
  context: StageContext,
): Promise<Runner & AsyncDisposable> {
  const runner = await (opened.runner?.(options, context) ?? tensorRunner(opened, options, context));
  if (runner === undefined) {
    throw new PippinError<CliErrorCode>("CLI_CANNOT_RUN", {
      message: `the backend "${backend.id}" cannot execute its packages on this machine`,
      hint: "Run the package on the device it was made for.",
    });
  }
  const { vocabSize, contextLength, evaluate } = runner;
  return {
    vocabSize,
    contextLength,
    start: () => runner.start(),
    ...(evaluate && {
      evaluate: (tokens, given) =>
        runner.evaluate!(tokens, { ...given, observer: inScaleOfOriginal(opened.spec, given?.observer) }),
    }),
    close: () => runner.close(),
    [Symbol.asyncDispose]: () => runner.close(),
  };
}

/** A package that was rescaled has a smaller residual stream than its original: observers see it as large as that one's. */
function inScaleOfOriginal(
  spec: DecoderSpec | undefined,
  observer: Observer | undefined,
): Observer | undefined {
  const factor = 2 ** (spec?.rescaling?.residual ?? 0);
  const show = observer?.layer;
  if (factor === 1 || observer === undefined || show === undefined) return observer;
  return {
    ...observer,
    layer: (layer, hidden, position) =>
      show.call(
        observer,
        layer,
        hidden.map((value) => value * factor),
        position,
      ),
  };
}

function tensorRunner(
  opened: OpenedPackage<DecoderSpec>,
  { threads }: RunnerOptions,
  context: StageContext,
): Promise<Runner> | undefined {
  const { spec, manifest } = opened;
  if (spec === undefined) return undefined;
  const contextLength = Math.min(spec.maxPositions, manifest?.contextLength ?? 4096);
  const tensor: TensorOfRole = (role, given) => opened.tensor(role, given);
  return createTensorRunner(spec, tensor, { contextLength, ...(threads && { threads }) }, context);
}

/** @throws PippinError `CLI_CANNOT_RUN` when the package has no tokenizer. */
export function needText({ text, opened }: OpenPackage): Text {
  if (text !== undefined) return text;
  throw new PippinError<CliErrorCode>("CLI_CANNOT_RUN", {
    message: `${opened.path} has no tokenizer.json, so text cannot become token ids`,
    hint: "Put the model's tokenizer.json and tokenizer_config.json beside the package.",
  });
}
