import type { DecoderSpec, WeightRole } from "@pippin/decoder";

/** Matrices whose effect on the words is measured together: their errors reach the residual stream the same way. */
export interface Unit {
  readonly name: string;
  /** `undefined` for the embedding and the head. */
  readonly layer?: number;
  readonly roles: readonly WeightRole[];
}

const PARTS = [
  ["attention.qk", ["attention.q.weight", "attention.k.weight"]],
  ["attention.v", ["attention.v.weight"]],
  ["attention.o", ["attention.o.weight"]],
  ["mlp.gate_up", ["mlp.gate.weight", "mlp.up.weight"]],
  ["mlp.down", ["mlp.down.weight"]],
] as const;

/** All matrices of a decoder, in the order of a forward pass. */
export function unitsOf({ layers, head }: DecoderSpec): Unit[] {
  const units: Unit[] = [{ name: "embedding", roles: ["embedding.weight"] }];
  for (const layer of layers.keys()) {
    for (const [part, roles] of PARTS) {
      units.push({
        name: `layers.${layer}.${part}`,
        layer,
        roles: roles.map((role) => `layers.${layer}.${role}`),
      });
    }
  }
  if (!head.tied) units.push({ name: "head", roles: ["head.weight"] });
  return units;
}
