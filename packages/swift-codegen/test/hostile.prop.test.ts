import { readFileSync } from "node:fs";
import { join } from "node:path";
import { RuntimeManifest } from "@pippin/core";
import { parse } from "@plist/parse";
import { type Node, Parser } from "commonmark";
import fc from "fast-check";
import { expect, test } from "vitest";
import { generateSwiftPackage, planSwiftPackage, type SwiftPlan } from "../src/generate.ts";
import type { SwiftInput } from "../src/input.ts";
import { hostileText, hostileTexts } from "./support/hostile.ts";
import { HARMLESS, inputOf, listlessInput, type ModelTexts, OPTIONS, tempFolder } from "./support/input.ts";
import { declaredIn, errorsIn, parseSwift, shapeOf, stringsIn } from "./support/swift-grammar.ts";

const OURS =
  /^(README\.md|Package\.swift|Sources\/\w+Kit\/|Tests\/|App\/[^/]+\.xcodeproj\/|App\/[^/]+\.entitlements$|App\/Demo\/Model\.swift)/;

/** The manifest alone is hostile; the name of its package is tested by itself. */
function inputWith(texts: ModelTexts): SwiftInput {
  return listlessInput({ ...texts, file: HARMLESS.file });
}

/** What is generated, by path, without the copies of hand-written files. */
async function generated(texts: ModelTexts): Promise<{ plan: SwiftPlan; files: Map<string, string> }> {
  const plan = await planSwiftPackage(inputWith(texts), { ...OPTIONS, name: "Pip" });
  const ours = plan.files.filter(({ path }) => OURS.test(path));
  return {
    plan,
    files: new Map(ours.map(({ path, content }) => [path, Buffer.from(content).toString("utf8")])),
  };
}

const swiftFiles = (files: ReadonlyMap<string, string>) =>
  [...files].filter(([path]) => path.endsWith(".swift"));

/** Trees of the harmless package, to compare with. */
const EXPECTED = await generated(HARMLESS);
const SHAPES = new Map(swiftFiles(EXPECTED.files).map(([path, text]) => [path, shapeOf(parseSwift(text))]));

type Dictionary = ReturnType<typeof parse>;

test("whatever a model's texts are, the Swift has the same form as for a harmless model", async () => {
  expect([...SHAPES.keys()].sort()).toEqual([
    "App/Demo/Model.swift",
    "Package.swift",
    "Sources/PipKit/Pip.swift",
    "Sources/PipKit/PipAssets.swift",
    "Sources/PipKit/PipModel.swift",
    "Tests/PipKitTests/PipKitTests.swift",
  ]);
  await fc.assert(
    fc.asyncProperty(hostileTexts, async (texts) => {
      fc.pre(texts.functions[0] !== texts.functions[1]);
      const { files } = await generated(texts);
      for (const [path, text] of swiftFiles(files)) {
        const root = parseSwift(text);
        expect(errorsIn(root), path).toEqual([]);
        expect(shapeOf(root), path).toEqual(SHAPES.get(path));
      }
    }),
    { numRuns: 40 },
  );
});

test("texts that give no names change no declaration", async () => {
  const names = (files: ReadonlyMap<string, string>) =>
    swiftFiles(files).map(([path, text]) => [path, declaredIn(parseSwift(text))]);
  await fc.assert(
    fc.asyncProperty(hostileTexts, async ({ features, functions, states, ...texts }) => {
      const harmless = {
        features: HARMLESS.features,
        functions: HARMLESS.functions,
        states: HARMLESS.states,
      };
      const { files } = await generated({ ...texts, ...harmless });
      expect(names(files)).toEqual(names(EXPECTED.files));
    }),
    { numRuns: 30 },
  );
});

test("the literals are the model's texts", async () => {
  await fc.assert(
    fc.asyncProperty(hostileTexts, async (texts) => {
      const { files } = await generated(texts);
      const assets = stringsIn(parseSwift(files.get("Sources/PipKit/PipAssets.swift")!));
      const { source, revision, license, backend, quantization } = texts;
      expect(assets.slice(1, 6)).toEqual(
        [source, revision, license, backend, quantization].map((text) => text.toWellFormed()),
      );
      const bindings = stringsIn(parseSwift(files.get("Sources/PipKit/Pip.swift")!));
      for (const name of texts.features) expect(bindings).toContain(name.toWellFormed());
      expect(bindings).toContain(texts.functions[1].toWellFormed());
    }),
    { numRuns: 40 },
  );
});

test("members and labels are identifiers, each once", async () => {
  await fc.assert(
    fc.asyncProperty(hostileTexts, async (texts) => {
      const { files } = await generated(texts);
      const names = declaredIn(parseSwift(files.get("Sources/PipKit/Pip.swift")!))
        .filter((text) => /^(class|property)_declaration /.test(text))
        .map((text) => text.replace(/^\w+ /, ""));
      for (const name of names) expect(name).toMatch(/^`?[A-Za-z_][A-Za-z0-9_]*`?$/);
      const declared = files
        .get("Sources/PipKit/Pip.swift")!
        .matchAll(/^ *public (?:final class|enum|typealias) (\w+)/gm);
      const types = [...declared].map(([, name]) => name);
      expect(new Set(types).size).toBe(types.length);
    }),
    { numRuns: 40 },
  );
});

test("project files, lists and JSON read back as the same values", async () => {
  await fc.assert(
    fc.asyncProperty(hostileTexts, async (texts) => {
      const { files } = await generated(texts);
      const manifest = RuntimeManifest.parse(
        JSON.parse(files.get("Sources/PipKit/Model/pippin-manifest.json")!),
      );
      expect({ ...manifest, files: [] }).toEqual(inputWith(texts).manifest);
      for (const [path, text] of files) {
        if (/\.(entitlements|xcprivacy)$/.test(path)) expect(text).toBe(EXPECTED.files.get(path));
        if (path.endsWith(".xcscheme")) expect(text).toBe(EXPECTED.files.get(path));
      }
      const project = projectOf(files);
      const expected = projectOf(EXPECTED.files);
      expect(withoutDisplayName(project)).toEqual(withoutDisplayName(expected));
      expect(displayNameOf(project).length).toBeLessThanOrEqual(24);
    }),
    { numRuns: 40 },
  );
});

function projectOf(files: ReadonlyMap<string, string>): Dictionary {
  return parse(files.get("App/Pip.xcodeproj/project.pbxproj")!) as Dictionary;
}

const DISPLAY_NAME = "INFOPLIST_KEY_CFBundleDisplayName";

function withoutDisplayName(project: Dictionary): string {
  return JSON.stringify(project, (key, value) => (key === DISPLAY_NAME ? undefined : value));
}

function displayNameOf(project: Dictionary): string {
  const [, quoted] = /"INFOPLIST_KEY_CFBundleDisplayName":("(?:[^"\\]|\\.)*")/.exec(JSON.stringify(project))!;
  return JSON.parse(quoted!);
}

test("the README has the same form, and shows the model's name as text", async () => {
  const expected = formOf(EXPECTED.files.get("README.md")!);
  await fc.assert(
    fc.asyncProperty(hostileTexts, async (texts) => {
      const { files } = await generated({ ...texts, license: "apache-2.0", quantization: "int4" });
      expect(formOf(files.get("README.md")!)).toEqual(expected);
    }),
    { numRuns: 40 },
  );
});

/** Kinds of all nodes of a Markdown document but plain text. */
function formOf(markdown: string): string[] {
  const walker = new Parser().parse(markdown).walker();
  const kinds: string[] = [];
  for (let event = walker.next(); event !== null; event = walker.next()) {
    const { type }: Node = event.node;
    if (event.entering && type !== "text" && type !== "softbreak") kinds.push(type);
  }
  return kinds;
}

test("files stay below the output, whatever the package is called", async () => {
  await fc.assert(
    fc.asyncProperty(hostileTexts, async (texts) => {
      const out = join(tempFolder(), "out");
      const { files } = await generateSwiftPackage(inputOf(texts), { ...OPTIONS, demo: false, out });
      for (const { path } of files) {
        expect(path).toMatch(
          /^(README\.md|Package\.swift|\.swift-format|\.pippin-swift\.json|Sources\/|Tests\/)/,
        );
        expect(path.split("/")).not.toContain("..");
        if (!path.includes("/Model/")) expect(path).toMatch(/^[A-Za-z0-9_./+-]+$/);
        expect(readFileSync(join(out, path)).length).toBeGreaterThanOrEqual(0);
      }
    }),
    { numRuns: 15 },
  );
});

test("names of packages and files that lead elsewhere are refused", async () => {
  await fc.assert(
    fc.asyncProperty(hostileText, async (text) => {
      const input = inputOf();
      const escaping = `../${text}`;
      const packages = { ...input, manifest: { ...input.manifest, packages: [escaping] } };
      await expect(planSwiftPackage(packages, OPTIONS)).rejects.toMatchObject({
        code: expect.stringMatching(/CORE_PATH_ESCAPES|SWIFT_PACKAGE_DAMAGED/),
      });
      const files = { ...input, manifest: { ...input.manifest, files: [{ path: escaping, size: 0 }] } };
      await expect(planSwiftPackage(files, OPTIONS)).rejects.toMatchObject({ code: "CORE_PATH_ESCAPES" });
    }),
    { numRuns: 50 },
  );
});
