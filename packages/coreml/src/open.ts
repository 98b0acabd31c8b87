import { basename } from "node:path";
import type { OpenedPackage, RunnerOptions, StageContext } from "@pippin/core";
import { DecoderSpec } from "@pippin/decoder";
import { coremlError } from "./errors.ts";
import { describePackages } from "./package/describe-packages.ts";
import { needPackages } from "./package/find-packages.ts";
import { type CoremlPackage, readPackage } from "./package/read-package.ts";
import { readNamedWeight } from "./package/weights.ts";
import { createRunner } from "./run/runner.ts";

/**
 * Opens an `.mlpackage`, or a folder that holds one or a chain of them.
 *
 * @throws PippinError `COREML_*` for packages that cannot be read.
 */
export async function openCoreml(path: string): Promise<OpenedPackage<DecoderSpec>> {
  const packages = await openInOrder(path);
  const manifest = packages[0]!.manifest;
  const spec = specOf(packages[0]!);
  return {
    path,
    ...(spec === undefined ? {} : { spec }),
    ...(manifest === undefined ? {} : { manifest }),
    describe: () => describePackages(packages),
    tensor: (role, context) => readNamedWeight(packages, role, context),
    async runner(options?: RunnerOptions, context?: StageContext) {
      if (manifest === undefined) {
        throw coremlError("COREML_NO_RUNTIME_MANIFEST", {
          message: `${path} does not say how to drive it: it has no pippin.manifest in its metadata`,
          hint: "Packages of other tools can be inspected; to run a model here, convert it with Pippin.",
        });
      }
      return createRunner(packages, manifest, options ?? {}, context);
    },
    async close() {
      await Promise.all(packages.map((opened) => opened.close()));
    },
  };
}

/** Opens every package at `path`, in the order that the first one's manifest gives. */
async function openInOrder(path: string): Promise<CoremlPackage[]> {
  const found = await needPackages(path);
  const opened: CoremlPackage[] = [];
  try {
    for (const each of found) opened.push(await readPackage(each));
  } catch (error) {
    await Promise.all(opened.map((each) => each.close()));
    throw error;
  }
  const order = opened[0]!.manifest?.packages ?? [];
  const place = (each: CoremlPackage) => order.indexOf(basename(each.path));
  const strangers = opened.filter((each) => opened.length > 1 && place(each) < 0);
  if (strangers.length > 0) {
    await Promise.all(opened.map((each) => each.close()));
    const names = opened.map((each) => basename(each.path)).join(", ");
    throw coremlError("COREML_MANIFEST_INVALID", {
      message: `${path} holds packages that do not belong together: ${names}`,
      hint: "Name the package that is meant, or move the others away.",
      details: { path },
    });
  }
  return opened.sort((a, b) => place(a) - place(b));
}

function specOf(opened: CoremlPackage): DecoderSpec | undefined {
  const text = opened.model.description?.metadata?.userDefined.get("pippin.spec");
  if (text === undefined) return undefined;
  try {
    return DecoderSpec.parse(JSON.parse(text));
  } catch (cause) {
    throw coremlError("COREML_MANIFEST_INVALID", {
      message: `${opened.path}: pippin.spec in its metadata is not a decoder spec of a known form`,
      hint: "The package was written by another version of Pippin or is damaged: convert it again.",
      cause,
    });
  }
}
