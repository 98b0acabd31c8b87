import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Warning } from "@pippin/core";
import { expect, test } from "vitest";
import { generateSwiftPackage, planSwiftPackage } from "../src/generate.ts";
import { HARMLESS, inputOf, OPTIONS, PACKAGE_FILES, tempFolder } from "./support/input.ts";

const MODEL = "Sources/PipKit/Model";
const PACKAGE = `${MODEL}/Qwen2.5-1.5B.mlpackage`;
const NAMED = { ...OPTIONS, name: "Pip", demo: false };
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

function textOf(files: readonly { path: string; content: string | Uint8Array }[], path: string): string {
  return Buffer.from(files.find((file) => file.path === path)!.content).toString("utf8");
}

test("the artifact lists every file with its size, and its hash where it is small", async () => {
  const out = join(tempFolder(), "out");
  const artifact = await generateSwiftPackage(inputOf(), { ...NAMED, out });
  expect(artifact).toMatchObject({
    kind: "swift",
    path: out,
    provenance: { source: HARMLESS.source, revision: "main" },
  });
  for (const { path, size, sha256: hash } of artifact.files) {
    const bytes = readFileSync(join(out, path));
    expect(bytes.length, path).toBe(size);
    if (hash !== undefined) expect(sha256(bytes.toString("utf8")), path).toBe(hash);
  }
  expect(readFileSync(join(out, PACKAGE, "Data/com.apple.CoreML/weights/weight.bin"), "utf8")).toBe(
    "weights",
  );
});

test("the same input gives the same bytes", async () => {
  const [a, b] = [await planSwiftPackage(inputOf(), OPTIONS), await planSwiftPackage(inputOf(), OPTIONS)];
  expect(a).toEqual(b);
});

test("the manifest lists the package's files with their hashes, also when the input listed none", async () => {
  const { files, facts } = await planSwiftPackage(inputOf(), NAMED);
  const manifest = JSON.parse(textOf(files, `${MODEL}/pippin-manifest.json`));
  const listed = Object.entries(PACKAGE_FILES).map(([path, text]) => ({
    path: `Qwen2.5-1.5B.mlpackage/${path}`,
    size: text.length,
    sha256: sha256(text),
    chunkSha256: [sha256(text)],
  }));
  expect(manifest.files).toEqual(expect.arrayContaining(listed));
  expect(manifest.files).toHaveLength(listed.length);
  expect(facts.packageBytes).toBe("{}\nmodelweights".length);
});

test("pieces of 8 MiB have hashes of their own", async () => {
  const input = inputOf();
  const path = `${input.manifest.packages[0]}/Data/com.apple.CoreML/weights/weight.bin`;
  const bytes = Buffer.alloc(8 * 1024 * 1024 + 5, 7);
  writeFileSync(join(input.packageFolder, path), bytes);
  const { packageFiles } = await planSwiftPackage(input, NAMED);
  expect(packageFiles.find((file) => file.path === path)).toEqual({
    path,
    size: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    chunkSha256: [bytes.subarray(0, 8 * 1024 * 1024), bytes.subarray(8 * 1024 * 1024)].map((piece) =>
      createHash("sha256").update(piece).digest("hex"),
    ),
  });
});

test("a file that is missing, longer, elsewhere or changed is no package", async () => {
  const input = inputOf();
  const path = `${input.manifest.packages[0]}/Manifest.json`;
  const listing = (files: { path: string; size: number; sha256?: string }[]) =>
    planSwiftPackage(
      { ...input, manifest: { ...input.manifest, files } },
      { ...NAMED, weights: "download", url: "https://a.b/" },
    );
  await expect(listing([{ path: `${path}x`, size: 3 }])).rejects.toMatchObject({
    code: "SWIFT_PACKAGE_DAMAGED",
  });
  await expect(listing([{ path, size: 4 }])).rejects.toMatchObject({ code: "SWIFT_PACKAGE_DAMAGED" });
  await expect(listing([{ path: "other/file", size: 3 }])).rejects.toMatchObject({
    code: "SWIFT_PACKAGE_DAMAGED",
  });
  await expect(listing([{ path, size: 3, sha256: sha256("other") }])).rejects.toMatchObject({
    code: "SWIFT_PACKAGE_DAMAGED",
  });
  await expect(listing([{ path, size: 3, sha256: sha256("{}\n") }])).resolves.toBeDefined();
});

test("a link in a package is not followed out of it", async () => {
  const input = inputOf();
  symlinkSync("/etc/hostname", join(input.packageFolder, input.manifest.packages[0]!, "link"));
  await expect(planSwiftPackage(input, NAMED)).rejects.toMatchObject({ code: "SWIFT_PACKAGE_DAMAGED" });
});

test("weights that are downloaded stay out, and the address is a constant", async () => {
  const out = join(tempFolder(), "out");
  const options = { ...NAMED, weights: "download" as const, url: "https://example.com/pip", out };
  const { files } = await generateSwiftPackage(inputOf(), options);
  expect(files.filter(({ path }) => path.includes(".mlpackage"))).toEqual([]);
  const assets = readFileSync(join(out, "Sources/PipKit/PipAssets.swift"), "utf8");
  expect(assets).toContain('public static let address = URL(string: "https://example.com/pip")!');
  expect(readFileSync(join(out, "README.md"), "utf8")).toContain(
    "`Qwen2.5-1.5B.mlpackage/Manifest.json`, 3 B",
  );
});

test.each([
  [{ weights: "download" as const }, "the address of the weights is missing"],
  [{ url: "https://a.b" }, "the weights are embedded"],
  [{ weights: "download" as const, url: "http://a.b" }, "is not https"],
  [{ weights: "download" as const, url: "file:///etc" }, "is not https"],
  [{ weights: "download" as const, url: "https://user:word@a.b" }, "holds a password"],
  [{ weights: "download" as const, url: "https://a.b/?token=1" }, "holds a password, a query"],
  [{ weights: "download" as const, url: "nonsense" }, "is not https"],
])("%o is refused: %s", async (options, reason) => {
  await expect(planSwiftPackage(inputOf(), { ...OPTIONS, ...options })).rejects.toMatchObject({
    code: "SWIFT_OPTION_INVALID",
    message: expect.stringContaining(reason),
  });
});

test("http is good enough for this machine", async () => {
  const options = { ...NAMED, weights: "download" as const, url: "http://localhost:8000/pip" };
  await expect(planSwiftPackage(inputOf(), options)).resolves.toMatchObject({ embedded: false });
});

test("a licence that restricts, or is missing, is warned of", async () => {
  const warnings: Warning[] = [];
  const context = { warn: (warning: Warning) => void warnings.push(warning) };
  await planSwiftPackage(inputOf(), NAMED, context);
  expect(warnings).toEqual([]);
  const { files } = await planSwiftPackage(inputOf({ ...HARMLESS, license: "llama3.2" }), NAMED, context);
  expect(warnings).toMatchObject([
    { code: "SWIFT_LICENSE_UNCHECKED", message: expect.stringContaining("llama3.2") },
  ]);
  expect(textOf(files, "README.md")).toContain("**Check before you publish.**");
});

test("licence texts and the self-test lie beside the model", async () => {
  const golden = [
    {
      messages: [{ role: "user", content: "Hi" }],
      ...{ now: "2025-02-03T04:05:06", prompt: "Hi", ids: [1], greedy: [2], margins: [0.5] },
      logits: { top: [[2, 1.5]] as const, tolerance: 0.1 },
    },
  ];
  const legal = [{ name: "LICENSE", text: "Do as you please.\n" }];
  const { files } = await planSwiftPackage({ ...inputOf(), golden, legal }, NAMED);
  expect(JSON.parse(textOf(files, `${MODEL}/selftest.json`))).toEqual({ version: 1, cases: golden });
  expect(textOf(files, `${MODEL}/LICENSE`)).toBe("Do as you please.\n");
  expect(textOf(files, "Sources/PipKit/PipAssets.swift")).toContain("public static var selfTest: URL");
});

test("another backend's engine is named, with the package that has it", async () => {
  const bindings = {
    engine: "FooModel",
    options: "FooOptions",
    requires: "FooRuntime",
    dependency: { url: "https://example.com/foo-runtime.git", from: "1.2.0", product: "FooRuntime" },
  };
  const { files } = await planSwiftPackage({ ...inputOf(), bindings }, NAMED);
  expect(files.map(({ path }) => path)).not.toContain("Sources/PipKit/Pip.swift");
  expect(textOf(files, "Sources/PipKit/PipModel.swift")).toContain(
    "FooModel(facts: facts, files: files, options: options)",
  );
  const manifest = textOf(files, "Package.swift");
  expect(manifest).toContain(
    'dependencies: [.package(url: "https://example.com/foo-runtime.git", from: "1.2.0")]',
  );
  expect(manifest).toContain('.product(name: "FooRuntime", package: "foo-runtime")');
});

test("an engine without options gets what its package says of itself, as text", async () => {
  const bindings = { engine: "MLCModel", requires: "MLCSwift", arguments: { library: 'a"\\(b)' } };
  const { files } = await planSwiftPackage({ ...inputOf(), bindings }, { ...NAMED, demo: true });
  const text = textOf(files, "Sources/PipKit/PipModel.swift");
  expect(text).toContain("#if canImport(MLCSwift)");
  expect(text).toContain("languageModel(files: ModelFiles = PipAssets.files) -> MLCModel {");
  expect(text).toContain('MLCModel(facts: facts, files: files, library: "a\\"\\\\(b)")');
  expect(textOf(files, "App/Demo/Model.swift")).toContain(
    "make: { _ in\n      PipAssets.languageModel()\n    }",
  );
});

test.each([
  { engine: "Foo", requires: "Bar", arguments: { "x: 1, y": "z" } },
  { engine: "Foo()", options: "Bar", requires: "Baz" },
  { engine: "Foo", options: "Bar", requires: "Baz)\nfatalError()" },
])("bindings that are no words are refused: %o", async (bindings) => {
  await expect(planSwiftPackage({ ...inputOf(), bindings }, NAMED)).rejects.toMatchObject({
    code: "SWIFT_BINDINGS_INVALID",
  });
});

test("a model of several packages has no class of its own, but all the rest", async () => {
  const input = inputOf();
  const manifest = { ...input.manifest, packages: ["a.mlpackage", "b.mlpackage"], files: [] };
  const { files, name } = await planSwiftPackage({ ...input, manifest }, OPTIONS);
  expect(name).toBe("a");
  const paths = files.map(({ path }) => path);
  expect(paths).not.toContain("Sources/aKit/a.swift");
  expect(paths).toContain("Sources/aKit/aModel.swift");
});

test("an output that is not empty stays as it is without force", async () => {
  const out = tempFolder();
  writeFileSync(join(out, "mine.txt"), "mine");
  await expect(generateSwiftPackage(inputOf(), { ...NAMED, out })).rejects.toMatchObject({
    code: "CORE_OUTPUT_EXISTS",
  });
  await generateSwiftPackage(inputOf(), { ...NAMED, out, force: true });
  expect(readFileSync(join(out, "mine.txt"), "utf8")).toBe("mine");
  expect(existsSync(join(out, "Package.swift"))).toBe(true);
});

test("files that no run has written are not replaced, and stay", async () => {
  const out = join(tempFolder(), "out");
  mkdirSync(join(out, "Sources/Mine"), { recursive: true });
  writeFileSync(join(out, "Sources/Mine/mine.swift"), "mine");
  writeFileSync(join(out, "README.md"), "mine too");
  const again = () => generateSwiftPackage(inputOf(), { ...NAMED, out, force: true });
  await expect(again()).rejects.toMatchObject({
    code: "SWIFT_OUTPUT_FOREIGN",
    message: `${out} holds 2 files that pippin swift has not written, such as "README.md"`,
  });
  expect(readFileSync(join(out, "Sources/Mine/mine.swift"), "utf8")).toBe("mine");
  expect(existsSync(join(out, "Package.swift"))).toBe(false);
});

test("what an earlier run wrote is replaced, under another name too, and what somebody added to it is not", async () => {
  const out = join(tempFolder(), "out");
  await generateSwiftPackage(inputOf(), { ...NAMED, out });
  mkdirSync(join(out, "Sources/PipKit/.build"));
  writeFileSync(join(out, "Sources/PipKit/.build/state"), "Swift's own");
  await generateSwiftPackage(inputOf(), { ...NAMED, name: "Pop", out, force: true });
  expect(existsSync(join(out, "Sources/PipKit"))).toBe(false);
  writeFileSync(join(out, "Sources/PopKit/More.swift"), "mine");
  await expect(generateSwiftPackage(inputOf(), { ...NAMED, out, force: true })).rejects.toMatchObject({
    code: "SWIFT_OUTPUT_FOREIGN",
    message: `${out} holds a file that pippin swift has not written, such as "Sources/PopKit/More.swift"`,
  });
  expect(readFileSync(join(out, "Sources/PopKit/More.swift"), "utf8")).toBe("mine");
});

test("an output that is the model's folder or lies in its package is refused", async () => {
  const input = inputOf();
  const inside = join(input.packageFolder, input.manifest.packages[0]!, "app");
  for (const out of [input.packageFolder, inside]) {
    await expect(generateSwiftPackage(input, { ...NAMED, out, force: true })).rejects.toMatchObject({
      code: "SWIFT_OPTION_INVALID",
    });
  }
});

test("weights whose bytes are not those of the manifest are not put into an app", async () => {
  const input = inputOf();
  const { packageFiles } = await planSwiftPackage(input, NAMED);
  const path = packageFiles.find((file) => file.path.endsWith("weight.bin"))!.path;
  writeFileSync(join(input.packageFolder, path), "Weights");
  const manifest = { ...input.manifest, files: [...packageFiles] };
  const out = join(tempFolder(), "out");
  await expect(generateSwiftPackage({ ...input, manifest }, { ...NAMED, out })).rejects.toMatchObject({
    code: "SWIFT_PACKAGE_DAMAGED",
  });
  expect(existsSync(out)).toBe(false);
});

test("a cancelled run leaves nothing", async () => {
  const out = join(tempFolder(), "out");
  const cancelled = { signal: AbortSignal.abort() };
  await expect(generateSwiftPackage(inputOf(), { ...NAMED, out }, cancelled)).rejects.toMatchObject({
    code: "CORE_CANCELLED",
  });
  expect(existsSync(out)).toBe(false);
});
