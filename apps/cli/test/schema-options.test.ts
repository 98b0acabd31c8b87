import { Command } from "commander";
import { expect, test } from "vitest";
import { z } from "zod";
import { addSchemaOptions, flagValue, parseSchemaOptions } from "../src/schema-options.ts";

const Options = z
  .object({
    program: z.enum(["stateful", "stateless"]).default("stateful").describe("how it keeps its cache"),
    groupSize: z.number().int().positive().max(128).optional().describe("weights per scale"),
    scale: z.number().optional(),
    label: z.string().optional(),
    chunkHashes: z.boolean().default(true).describe("record hashes"),
    strict: z.boolean().default(false).describe("stop at the first warning"),
  })
  .refine(({ label }) => label !== "bad", { error: "no label is bad" });

function parse(...argv: string[]) {
  const command = new Command("test").exitOverride().configureOutput({ outputError: () => undefined });
  addSchemaOptions(command, Options);
  command.parse(argv, { from: "user" });
  return parseSchemaOptions(Options, command.opts());
}

test("flags derive from the schema, defaults come from it", () => {
  expect(parse()).toEqual({ program: "stateful", chunkHashes: true, strict: false });
  expect(
    parse("--program", "stateless", "--group-size", "32", "--scale", "0.5", "--no-chunk-hashes", "--strict"),
  ).toEqual({ program: "stateless", groupSize: 32, scale: 0.5, chunkHashes: false, strict: true });
});

test.each([
  [["--program", "x"], "Allowed choices are stateful, stateless"],
  [["--group-size", "0"], "a whole number from 1 to 128"],
  [["--group-size", "1.5"], "a whole number from 1 to 128"],
  [["--group-size", "1e9"], "a whole number from 1 to 128"],
  [["--group-size", ""], "a whole number from 1 to 128"],
  [["--scale", "much"], "It must be a number"],
])("%j is refused: %s", (argv, message) => {
  expect(() => parse(...argv)).toThrow(message);
});

test("a rule over the whole schema is a usage error without a flag's name", () => {
  expect(() => parse("--label", "bad")).toThrow(
    expect.objectContaining({ code: "CLI_USAGE", message: "no label is bad" }),
  );
});

test("a flag's value is found in both spellings", () => {
  expect(flagValue(["convert", "--backend", "raw"], "--backend")).toBe("raw");
  expect(flagValue(["convert", "--backend=raw"], "--backend")).toBe("raw");
  expect(flagValue(["convert"], "--backend")).toBeUndefined();
});
