import type { WeightRole } from "@pippin/decoder";
import { calibrateError } from "./errors.ts";
import type { CalibrationTarget } from "./target.ts";

/** Matrices of a layer that are multiplied with the same input, in the order of a forward pass. */
const SHARED_INPUTS = [
  ["attention.q.weight", "attention.k.weight", "attention.v.weight"],
  ["attention.o.weight"],
  ["mlp.gate.weight", "mlp.up.weight"],
  ["mlp.down.weight"],
] as const;

/** Matrices with one input, so with one Hessian. */
export interface InputGroup {
  /** The matrix whose product is observed. */
  readonly observed: WeightRole;
  readonly targets: readonly (readonly [role: WeightRole, target: CalibrationTarget])[];
}

/** The groups of a layer that have something to calibrate. */
export function inputGroups(
  layer: number,
  targets: ReadonlyMap<WeightRole, CalibrationTarget>,
): InputGroup[] {
  return SHARED_INPUTS.map((parts) => parts.map((part) => `layers.${layer}.${part}`))
    .map((roles) => ({
      observed: roles[0]!,
      targets: roles.flatMap((role) => {
        const target = targets.get(role);
        return target === undefined ? [] : [[role, target] as const];
      }),
    }))
    .filter((group) => group.targets.length > 0);
}

/** @throws PippinError `TUNE_CALIBRATION_ROLE`. */
export function checkRoles(targets: ReadonlyMap<WeightRole, CalibrationTarget>, layers: number): void {
  const known = new Set(
    Array.from({ length: layers }, (_, layer) => inputGroups(layer, targets))
      .flat()
      .flatMap((group) => group.targets.map(([role]) => role)),
  );
  for (const role of targets.keys()) {
    if (known.has(role)) continue;
    throw calibrateError("TUNE_CALIBRATION_ROLE", {
      message: `${role} is no matrix of the model's layers, so no inputs of it are observed`,
      hint: "Quantize the embedding and the head without calibration.",
      details: { role },
    });
  }
}
