import type { OpenedPackage } from "@pippin/core";
import type { DecoderSpec } from "@pippin/decoder";
import { expect, test } from "vitest";
import { backend } from "../src/backend.ts";
import { convert } from "./support/convert.ts";
import { tinyModel } from "./support/tiny-model.ts";

const swift = backend.swift!;

/** An opened package of which only the version of its specification is known. */
function packageOf(specificationVersion: number): OpenedPackage<DecoderSpec> {
  const facts = { specificationVersion };
  return {
    path: "x",
    describe: () => ({ kind: "coreml", facts, sections: [] }),
  } as unknown as OpenedPackage<DecoderSpec>;
}

// Source: the systems that coremltools names beside each specification version.
test.each([
  [7, { iOS: 16, macOS: 13 }],
  [8, { iOS: 17, macOS: 14 }],
  [9, { iOS: 18, macOS: 15 }],
  [10, { iOS: 26, macOS: 26 }],
])("specification version %i is read by %o and later", (version, system) => {
  expect(swift.minimumSystem(packageOf(version))).toEqual(system);
});

test("a version of the future is no guess", () => {
  expect(() => swift.minimumSystem(packageOf(11))).toThrowError(
    expect.objectContaining({ code: "COREML_PROGRAM_INVALID" }),
  );
});

test("a stateful package needs the systems that have states", async () => {
  const { path } = await convert(await tinyModel());
  const opened = await backend.open(path);
  expect(swift.minimumSystem(opened)).toEqual({ iOS: 18, macOS: 15 });
  await opened.close();
});
