import type { MinimumSystem, OpenedPackage, SwiftBindings } from "@pippin/core";
import type { DecoderSpec } from "@pippin/decoder";
import { coremlError } from "./errors.ts";
import { TARGETS } from "./targets.ts";

/** Apps run these packages with the runtime's `CoreMLModel`. */
export const swift: SwiftBindings<DecoderSpec> = {
  engine: "CoreMLModel",
  options: "CoreMLOptions",
  requires: "CoreML",
  bindings: "coreml",
  minimumSystem,
};

/**
 * By the version of the package's specification, which older systems refuse to read.
 *
 * @throws PippinError `COREML_PROGRAM_INVALID` for versions that no known system reads.
 */
function minimumSystem(opened: OpenedPackage<DecoderSpec>): MinimumSystem {
  const version = Number(opened.describe().facts.specificationVersion);
  const target = Object.values(TARGETS).find(({ specificationVersion }) => specificationVersion >= version);
  if (target !== undefined) return target.system;
  throw coremlError("COREML_PROGRAM_INVALID", {
    message: `${opened.path} has specification version ${version}, the newest known is ${TARGETS.ios26.specificationVersion}`,
    hint: "The package was made for a system that this version of Pippin does not know: update Pippin.",
    details: { version },
  });
}
