import { DecoderSpec, weightRoles } from "@pippin/decoder";
import type { TensorSource } from "@pippin/kernels";
import { encodingOf, type Recipe } from "@pippin/quantize";
import { coremlError } from "../errors.ts";
import type { Blob, BlobLayout, BlobType } from "../lower/blob-layout.ts";
import { constexprOf } from "../lower/constexpr.ts";
import { type CoremlEncoding, refusal } from "../lower/encodings.ts";
import { appendEncoded, type EncodedWeight } from "../lower/stored-weight.ts";
import { textValue, WEIGHT_FILE } from "../lower/values.ts";
import { constantOf } from "../mil/constants.ts";
import { countOf, packedBytes } from "../mil/types.ts";
import { readBlobRecord } from "../package/blob-file.ts";
import type { CoremlPackage } from "../package/read-package.ts";
import type { Operation, Value } from "../proto/mil.ts";
import type { Target } from "../targets.ts";
import { blobKey, blobValues, constBlobKey, type ProgramWeight } from "./program-weights.ts";

interface Rewriting {
  readonly recipe: Recipe;
  readonly target: Target;
  /** Of the new weight file. */
  readonly layout: BlobLayout;
}

/**
 * Lays the blobs of a program out anew, in their order, with its matrices encoded, and changes the program to match.
 *
 * @param weights - by the key of their blob.
 * @returns the encodings that were used; none changes nothing but the places.
 */
export async function rewriteProgram(
  opened: CoremlPackage,
  weights: ReadonlyMap<string, ProgramWeight>,
  rewriting: Rewriting,
): Promise<CoremlEncoding[]> {
  const blobs = new Map<string, Value[]>();
  for (const value of blobValues(opened)) {
    const key = blobKey(value.blobFileValue!); // that is what `blobValues` gives
    blobs.set(key, [...(blobs.get(key) ?? []), value]);
  }
  const offsetOf = ([value]: Value[]) => value?.blobFileValue?.offset ?? 0;
  const roles = rolesByName(opened);
  const encoded = new Map<string, EncodedWeight>();
  const taken = new Set<string>();
  for (const [key, values] of [...blobs].sort(([, a], [, b]) => offsetOf(a) - offsetOf(b))) {
    const source = await sourceOf(opened, values[0]!);
    const weight = weights.get(key);
    const role = weight && (roles.get(weight.name) ?? (weight.gathered ? "embedding.weight" : weight.name));
    const shape = weight?.shape ?? [];
    const encoding =
      role === undefined || weight === undefined
        ? undefined
        : encodingOf(rewriting.recipe, { role, shape }, refusal(rewriting.target));
    if (encoding === undefined) {
      const blob = copyOf(values[0]!, source, rewriting.layout);
      for (const value of values) value.blobFileValue = { fileName: WEIGHT_FILE, offset: blob.recordOffset };
      continue;
    }
    const expr = { source: { ...source, dtype: "F16" as const, shape }, ops: [], shape };
    const id = taken.has(role!) ? `${role} ${key}` : role!;
    taken.add(id);
    // What `refusal` lets through has no format of MLC.
    const given = { id, expr, encoding: encoding as CoremlEncoding };
    encoded.set(key, appendEncoded(rewriting.layout, given, rewriting.target));
  }
  for (const fn of opened.program.functions.values()) {
    for (const [opset, block] of fn.block_specializations) {
      block.operations = block.operations.map((operation) => {
        const weight = encoded.get(constBlobKey(operation) ?? "");
        return weight === undefined ? operation : decompressing(operation, weight, fn.opset ?? opset);
      });
    }
  }
  return [...encoded.values()].map(({ encoding }) => encoding);
}

/** Gives the same result by the same name, from encoded parts. */
function decompressing({ outputs, attributes }: Operation, weight: EncodedWeight, opset: string): Operation {
  const { operation, inputs = new Map(), attributes: more = [] } = constexprOf(weight, opset);
  const name = attributes.get("name") ?? textValue(outputs[0]?.name ?? "");
  return { type: operation, inputs, outputs, blocks: [], attributes: new Map([["name", name], ...more]) };
}

/** Where a blob lies, as bytes. @throws PippinError `COREML_WEIGHTS_INVALID`. */
async function sourceOf(opened: CoremlPackage, value: Value): Promise<TensorSource> {
  const { fileName = "", offset = 0 } = value.blobFileValue ?? {};
  const { type } = constantOf(value, `the blob at ${offset}`);
  const record = await readBlobRecord(await opened.weights(fileName), offset);
  const { byteOffset, byteLength, dtype } = record;
  const expected = packedBytes(type.dtype as BlobType, countOf(type.shape, "a blob")); // no text lies in a blob
  if (dtype !== type.dtype || byteLength !== expected) {
    throw coremlError("COREML_WEIGHTS_INVALID", {
      message: `the blob at ${offset} has ${byteLength} bytes of ${dtype}, the program says ${expected} of ${type.dtype}`,
      hint: "The package is damaged: convert it again.",
    });
  }
  return { file: opened.weightPath(fileName), byteOffset, byteLength, dtype: "U8", shape: [byteLength] };
}

function copyOf(value: Value, source: TensorSource, layout: BlobLayout): Blob {
  const { dtype, shape } = constantOf(value, "a blob").type;
  const expr = { source, ops: [], shape: source.shape };
  // No text lies in a blob.
  return layout.append(dtype as BlobType, shape, {
    kind: "weight",
    id: `blob ${source.byteOffset}`,
    expr,
    dtype: "same",
  });
}

/** What the weights of Pippin's packages do, by the names that they have in the program. */
function rolesByName({ model }: CoremlPackage): ReadonlyMap<string, string> {
  const text = model.description?.metadata?.userDefined.get("pippin.spec");
  const spec = DecoderSpec.safeParse(text === undefined ? undefined : JSON.parse(text));
  if (!spec.success) return new Map();
  return new Map([...weightRoles(spec.data).keys()].map((role) => [role.replaceAll(".", "_"), role]));
}
