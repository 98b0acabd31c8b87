import type { WeightExpr } from "@pippin/kernels";
import { decoderError } from "./errors.ts";
import type { Decoder } from "./read-decoder.ts";
import { type LayerRole, layerRole, type WeightRole } from "./roles.ts";
import type { DecoderSpec, LayerSpec, NormSpec, Rescaling } from "./spec.ts";

/** Largest finite F16. */
const FP16_MAX = 65504;
/** Room for what other texts reach: a factor of four, and with powers of two up to eight. */
const MARGIN = 4;
/** From here on the square root of usual epsilons, 1e-5 and 1e-6, would round to zero in fp16. */
export const MAX_RESCALE = 12;

/**
 * The same model with smaller values inside, for arithmetic in fp16: the residual stream times 2^-residual, attention's
 * values and the product of gate and up times 2^-inner. What leaves the final norm, and so each logit, is unchanged.
 *
 * Exact in real arithmetic, and in floating point wherever nothing becomes subnormal: every factor is a power of two. It
 * rests on norm(x; w, ε) = norm(s·x; w, s²·ε). Weights get `scale` steps, the spec scales and epsilons; a tied head keeps its
 * matrix, since the embedding is scaled after the lookup.
 *
 * @throws PippinError `DECODER_RESCALE_INVALID` when an exponent is no whole number from 0 to 12.
 */
export function rescale({ spec, weights }: Decoder, rescaling: Rescaling): Decoder {
  checkRescaling(rescaling);
  const factors = weightFactors(spec, rescaling);
  return {
    spec: rescaledSpec(spec, rescaling),
    weights: {
      roles: weights.roles,
      expr: (role) => scaled(weights.expr(role), factors.get(role) ?? 1),
    },
  };
}

/** The smallest exponents that bring magnitudes below a quarter of fp16's largest number. */
export function rescalingFor(largest: { readonly residual: number; readonly inner: number }): Rescaling {
  const exponent = (value: number) => Math.max(0, Math.ceil(Math.log2((value * MARGIN) / FP16_MAX)));
  return { residual: exponent(largest.residual), inner: exponent(largest.inner) };
}

function rescaledSpec(spec: DecoderSpec, { residual, inner }: Rescaling): DecoderSpec {
  const before = spec.rescaling ?? { residual: 0, inner: 0 };
  return {
    ...spec,
    embedding: { ...spec.embedding, scale: spec.embedding.scale * 2 ** -residual },
    layers: spec.layers.map((layer) => ({
      ...layer,
      norms: {
        beforeMixer: withInput(layer.norms.beforeMixer, residual),
        afterMixer: withInput(layer.norms.afterMixer, inner),
        beforeFeedForward: withInput(layer.norms.beforeFeedForward, residual),
        afterFeedForward: withInput(layer.norms.afterFeedForward, inner),
      },
    })),
    finalNorm: { ...spec.finalNorm, epsilon: spec.finalNorm.epsilon * 4 ** -residual },
    rescaling: { residual: before.residual + residual, inner: before.inner + inner },
  };
}

/** The norm whose input is 2^-exponent times what it was, with the same output. */
function withInput(norm: NormSpec | null, exponent: number): NormSpec | null {
  return norm && { ...norm, epsilon: norm.epsilon * 4 ** -exponent };
}

/** What each weight is multiplied by; those that keep their values are left out. */
function weightFactors(spec: DecoderSpec, rescaling: Rescaling): Map<WeightRole, number> {
  const factors = new Map<WeightRole, number>();
  spec.layers.forEach((layer, index) => {
    for (const [role, exponent] of layerExponents(layer, rescaling)) {
      if (exponent !== 0) factors.set(layerRole(index, role), 2 ** exponent);
    }
  });
  return factors;
}

function* layerExponents(
  { norms }: LayerSpec,
  { residual, inner }: Rescaling,
): Generator<[LayerRole, exponent: number]> {
  // A block without a norm before it reads the smaller stream itself: its matrices make up for that, its biases need not.
  const [mixerInput, mlpInput] = [norms.beforeMixer, norms.beforeFeedForward].map((norm) =>
    norm ? 0 : residual,
  ) as [number, number];
  yield ["attention.q.weight", mixerInput];
  yield ["attention.k.weight", mixerInput];
  yield ["attention.v.weight", mixerInput - inner];
  yield ["attention.v.bias", -inner];
  yield ["mlp.gate.weight", mlpInput];
  yield ["mlp.up.weight", mlpInput - inner];
  yield ["mlp.up.bias", -inner];
  for (const [part, after, norm] of [
    ["attention.o", "attention_output_norm.weight", norms.afterMixer],
    ["mlp.down", "mlp_output_norm.weight", norms.afterFeedForward],
  ] as const) {
    // A norm behind the block forgets how large its input is, and takes over the factor of the stream.
    yield [`${part}.weight`, norm ? 0 : inner - residual];
    yield [`${part}.bias`, norm ? -inner : -residual];
    if (norm) yield [after, -residual];
  }
}

function scaled(expr: WeightExpr, factor: number): WeightExpr {
  return factor === 1 ? expr : { ...expr, ops: [...expr.ops, { kind: "scale", factor }] };
}

function checkRescaling(rescaling: Rescaling): void {
  for (const [name, exponent] of Object.entries(rescaling)) {
    if (Number.isInteger(exponent) && exponent >= 0 && exponent <= MAX_RESCALE) continue;
    throw decoderError("DECODER_RESCALE_INVALID", {
      message: `the exponent ${exponent} of the ${name} values is no whole number from 0 to ${MAX_RESCALE}`,
      hint: "Values are divided by two to that power; a model that needs more cannot be computed in fp16.",
      details: { ...rescaling },
    });
  }
}
