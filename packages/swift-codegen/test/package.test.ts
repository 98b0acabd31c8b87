import { execFileSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { declaredTypes, runtimeSources } from "../src/runtime-sources.ts";

const ROOT = join(import.meta.dirname, "..");

test("the npm archive holds the Swift sources, and nothing that was built or tests them", () => {
  const printed = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  const [{ files }] = JSON.parse(printed) as [{ files: { path: string }[] }];
  const packed = files.map(({ path }) => path).filter((path) => path.startsWith("swift/"));
  const wanted = ["Sources/PippinRuntime", "Sources/PippinTokenizer", "App"].flatMap((folder) =>
    globSync(`swift/${folder}/**/*.swift`, { cwd: ROOT }),
  );
  expect(packed.filter((path) => path.endsWith(".swift")).sort()).toEqual(
    wanted.map((path) => path.replaceAll("\\", "/")).sort(),
  );
  expect(packed.filter((path) => /\.build|\/Tests\/|Stubs|Driver/.test(path))).toEqual([]);
});

test("the runtime's types are known, so that no model is called like one", async () => {
  const types = declaredTypes(await runtimeSources());
  for (const name of ["Tokenizer", "LanguageModel", "ModelFacts", "RuntimeManifest", "Chunk", "JsonValue"])
    expect(types, name).toContain(name);
});
