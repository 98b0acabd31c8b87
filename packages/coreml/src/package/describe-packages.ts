import { basename } from "node:path";
import type { DescriptionRow, PackageDescription } from "@pippin/core";
import { constantOf, isConstant } from "../mil/constants.ts";
import { BITS, countOf, milTypeOf, packedBytes, type Shape } from "../mil/types.ts";
import type { DataTypeName, Operation } from "../proto/mil.ts";
import { ARRAY_DATA_TYPE, type FeatureDescription, type FunctionDescription } from "../proto/model.ts";
import type { CoremlPackage } from "./read-package.ts";
import { operationsOf } from "./weights.ts";

const ARRAY_NAME = new Map<number, string>(
  Object.entries(ARRAY_DATA_TYPE).map(([name, number]) => [number, name]),
);

/** What is inside packages of a chain: functions with their features, operations, weights, metadata. */
export function describePackages(packages: readonly CoremlPackage[]): PackageDescription {
  const first = packages[0]!;
  const weights = packages.flatMap(weightRows);
  const functions = packages.flatMap((opened) =>
    functionsOf(opened).map((fn) => functionSection(fn, functionsOf(opened).length > 1)),
  );
  return {
    kind: "coreml",
    facts: {
      package: packages.map((opened) => basename(opened.path)).join(", "),
      specificationVersion: first.model.specificationVersion ?? 0,
      functions: [...first.program.functions.keys()].join(", "),
      ...(first.model.description?.defaultFunctionName
        ? { defaultFunction: first.model.description.defaultFunctionName }
        : {}),
      weightBytes: weights.reduce((sum, row) => sum + (row.bytes ?? 0), 0),
    },
    sections: [
      ...functions,
      { title: "operations", rows: packages.flatMap(operationRows) },
      { title: "weights", rows: weights },
      { title: "metadata", rows: metadataRows(first) },
    ],
  };
}

function functionsOf({ model }: CoremlPackage): FunctionDescription[] {
  const description = model.description;
  if (description === undefined) return [];
  if (description.functions.length > 0) return description.functions;
  return [{ name: "main", input: description.input, output: description.output, state: description.state }];
}

function functionSection(fn: FunctionDescription, several: boolean): PackageDescription["sections"][number] {
  const row =
    (kind: string) =>
    (feature: FeatureDescription): DescriptionRow => {
      const array = feature.type?.multiArrayType ?? feature.type?.stateType?.arrayType;
      const ranges = array?.shapeRange?.sizeRanges.map(({ lowerBound = 0, upperBound = 0 }) =>
        lowerBound === upperBound ? String(lowerBound) : `${lowerBound}…${upperBound}`,
      );
      const text = [kind, ranges ? `[${ranges.join(", ")}]` : "", feature.shortDescription ?? ""];
      return {
        name: feature.name ?? "",
        dtype: ARRAY_NAME.get(array?.dataType ?? 0) ?? "?",
        ...(array && array.shape.length > 0 ? { shape: array.shape } : {}),
        text: text.filter((part) => part !== "").join(" · "),
      };
    };
  return {
    title: several ? `function ${fn.name}` : "features",
    rows: [...fn.input.map(row("input")), ...fn.state.map(row("state")), ...fn.output.map(row("output"))],
  };
}

function operationRows(opened: CoremlPackage): DescriptionRow[] {
  const counts = new Map<string, number>();
  for (const { type = "?" } of operationsOf(opened)) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts]
    .filter(([type]) => type !== "const")
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .map(([name, count]) => ({ name, text: `× ${count}` }));
}

/** Each blob once, under the first name that refers to it; the parts of a compressed weight together. */
function weightRows(opened: CoremlPackage): DescriptionRow[] {
  const rows = new Map<string, DescriptionRow>();
  for (const operation of operationsOf(opened)) {
    if (!isConstant(operation.type)) continue;
    const parts = blobsOf(operation);
    const [codes] = parts;
    if (codes === undefined || rows.has(codes.key)) continue;
    const { name = "" } = operation.outputs[0] ?? {};
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
    if (operation.type === "const")
      rows.set(codes.key, { name, dtype: codes.dtype, shape: codes.shape, bytes });
    else rows.set(codes.key, { name, ...compressedRow(operation, parts), bytes });
  }
  return [...rows.values()];
}

interface BlobPart {
  readonly part: string;
  readonly key: string;
  readonly dtype: DataTypeName;
  readonly shape: Shape;
  readonly bytes: number;
}

/** The parts of a constant that lie in the weight file, its codes first. */
function blobsOf({ attributes, inputs, outputs }: Operation): BlobPart[] {
  const bound = [...inputs].map(([part, { arguments: given }]) => [part, given[0]?.value] as const);
  const parts = [...bound, ...attributes].flatMap(([part, value]): BlobPart[] => {
    if (value?.blobFileValue === undefined) return [];
    const { type, content } = constantOf(value, `${part} of ${outputs[0]?.name ?? ""}`);
    if (content.kind !== "blob" || type.dtype === "STRING" || BITS[type.dtype] === undefined) return [];
    const key = `${content.fileName}@${content.offset}`;
    return [{ part, key, ...type, bytes: packedBytes(type.dtype, countOf(type.shape, part)) }];
  });
  const isCodes = ({ part }: BlobPart) => CODES.has(part);
  return [...parts.filter(isCodes), ...parts.filter((part) => !isCodes(part))];
}

/** What the operations of compressed weights call their codes. */
const CODES: ReadonlySet<string> = new Set(["data", "indices", "quantized_data"]);

/** The type of the codes, the shape of the weight, and the other parts in words. */
function compressedRow(
  { outputs }: Operation,
  [codes, ...others]: readonly BlobPart[],
): Pick<DescriptionRow, "dtype" | "shape" | "text"> {
  const { shape } = milTypeOf(outputs[0]?.type, outputs[0]?.name ?? "");
  const text = others.map((other) => `${other.part} ${other.dtype} [${other.shape.join(", ")}]`).join(", ");
  return { dtype: codes!.dtype, shape, text }; // called with codes
}

function metadataRows({ model }: CoremlPackage): DescriptionRow[] {
  const metadata = model.description?.metadata;
  const fixed: [string, string | undefined][] = [
    ["description", metadata?.shortDescription],
    ["author", metadata?.author],
    ["license", metadata?.license],
    ["version", metadata?.versionString],
  ];
  const named = fixed.filter((entry): entry is [string, string] => Boolean(entry[1]));
  return [...named, ...(metadata?.userDefined ?? [])].map(([name, text]) => ({ name, text }));
}
