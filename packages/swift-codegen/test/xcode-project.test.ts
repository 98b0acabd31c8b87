import { existsSync } from "node:fs";
import { join } from "node:path";
import { parse } from "@plist/parse";
import { expect, test } from "vitest";
import { generateSwiftPackage, planSwiftPackage } from "../src/generate.ts";
import { pbxId, quoted } from "../src/pbxproj.ts";
import { bundleIdentifier, xcodeProject, xcodeScheme } from "../src/xcode-project.ts";
import { inputOf, OPTIONS, tempFolder } from "./support/input.ts";

interface Project {
  readonly archiveVersion: string;
  readonly objectVersion: string;
  readonly objects: Readonly<Record<string, Readonly<Record<string, unknown>> & { readonly isa: string }>>;
  readonly rootObject: string;
}

const FACTS = {
  name: "Pip",
  displayName: "pip-chat",
  folder: "Demo",
  kit: "PipKit",
  entitlements: "Pip.entitlements",
  macEntitlements: "PipMac.entitlements",
  iOS: 18,
  macOS: 15,
};

/** Read by a parser of property lists that is not ours. */
function read(text: string): Project {
  return parse(text) as unknown as Project;
}

const project = read(xcodeProject(FACTS));
const byKind = (isa: string) => Object.entries(project.objects).filter(([, object]) => object.isa === isa);

test("it is a project of Xcode 16", () => {
  expect(xcodeProject(FACTS)).toMatch(/^\/\/ !\$\*UTF8\*\$!\n/);
  expect(project).toMatchObject({ archiveVersion: "1", objectVersion: "77" });
  expect(project.objects[project.rootObject]).toMatchObject({
    isa: "PBXProject",
    preferredProjectObjectVersion: "77",
  });
});

test("ids are 24 hex digits, each id that is mentioned is an object, and each object is mentioned", () => {
  const ids = Object.keys(project.objects);
  for (const id of ids) expect(id).toMatch(/^[0-9A-F]{24}$/);
  const mentioned = new Set([project.rootObject]);
  const look = (value: unknown): void => {
    if (typeof value === "string" && /^[0-9A-F]{24}$/.test(value)) mentioned.add(value);
    if (Array.isArray(value)) for (const item of value) look(item);
    else if (typeof value === "object" && value !== null)
      for (const [key, member] of Object.entries(value)) [look(key), look(member)];
  };
  for (const object of Object.values(project.objects)) look(object);
  expect([...mentioned].sort()).toEqual(ids.sort());
});

test("one app for iPhone, iPad and Mac uses the package in the folder above", () => {
  const [, target] = byKind("PBXNativeTarget")[0]!;
  expect(target).toMatchObject({ name: "Pip", productType: "com.apple.product-type.application" });
  const [[folderId, folder]] = byKind("PBXFileSystemSynchronizedRootGroup") as [[string, object]];
  expect(folder).toMatchObject({ path: "Demo", sourceTree: "<group>" });
  expect(target.fileSystemSynchronizedGroups).toEqual([folderId]);
  const [[, reference]] = byKind("XCLocalSwiftPackageReference") as [[string, object]];
  expect(reference).toMatchObject({ relativePath: ".." });
  const [[productId, product]] = byKind("XCSwiftPackageProductDependency") as [[string, object]];
  expect(product).toMatchObject({ productName: "PipKit" });
  expect(target.packageProductDependencies).toEqual([productId]);
  const [[linked, file]] = byKind("PBXBuildFile") as [[string, object]];
  expect(file).toMatchObject({ productRef: productId });
  const [[, frameworks]] = byKind("PBXFrameworksBuildPhase") as [[string, object]];
  expect(frameworks).toMatchObject({ files: [linked] });
});

test("settings name the systems, the entitlements of each, and an Info.plist that Xcode writes", () => {
  const settings = byKind("XCBuildConfiguration").map(
    ([, { buildSettings }]) => buildSettings as Record<string, string>,
  );
  const ofTarget = settings.filter((each) => "PRODUCT_BUNDLE_IDENTIFIER" in each);
  expect(ofTarget).toHaveLength(2);
  for (const each of ofTarget) {
    expect(each).toMatchObject({
      "CODE_SIGN_ENTITLEMENTS[sdk=iphoneos*]": "Pip.entitlements",
      "CODE_SIGN_ENTITLEMENTS[sdk=macosx*]": "PipMac.entitlements",
      GENERATE_INFOPLIST_FILE: "YES",
      INFOPLIST_KEY_CFBundleDisplayName: "pip-chat",
      SUPPORTED_PLATFORMS: "iphoneos iphonesimulator macosx",
      TARGETED_DEVICE_FAMILY: "1,2",
    });
  }
  for (const each of settings.filter((one) => !ofTarget.includes(one))) {
    expect(each).toMatchObject({
      IPHONEOS_DEPLOYMENT_TARGET: "18.0",
      MACOSX_DEPLOYMENT_TARGET: "15.0",
      SWIFT_VERSION: "6.0",
    });
  }
});

test("the scheme builds and runs the target", () => {
  const scheme = xcodeScheme("Pip");
  const [targetId] = byKind("PBXNativeTarget")[0]!;
  expect([...scheme.matchAll(/BlueprintIdentifier = "(\w+)"/g)].map(([, id]) => id)).toEqual([
    targetId,
    targetId,
    targetId,
  ]);
  expect(scheme).toContain('ReferencedContainer = "container:Pip.xcodeproj"');
});

test("every file that the project names lies beside it", async () => {
  const out = join(tempFolder(), "out");
  const input = {
    ...inputOf(),
    geometry: { parameters: 9, hiddenSize: 4096, feedForwardSize: 1, numHeads: 90_000 },
  };
  const { files } = await generateSwiftPackage(input, { ...OPTIONS, name: "Pip", out });
  expect(files.map(({ path }) => path)).toContain("App/Pip.entitlements");
  const plan = await planSwiftPackage(input, { ...OPTIONS, name: "Pip" });
  const text = plan.files.find(({ path }) => path.endsWith("project.pbxproj"))!.content;
  const { objects } = read(String(text));
  const named = Object.values(objects)
    .filter(({ isa, sourceTree }) => /Group$|FileReference/.test(isa) && sourceTree === "<group>")
    .flatMap(({ path }) => (typeof path === "string" ? [path] : []));
  expect(named.sort()).toEqual(["Demo", "Pip.entitlements", "PipMac.entitlements"]);
  for (const path of named) expect(existsSync(join(out, "App", path)), path).toBe(true);
});

test("the same project gets the same ids, another one others", () => {
  expect(xcodeProject(FACTS)).toBe(xcodeProject({ ...FACTS }));
  expect(pbxId("A", "target")).not.toBe(pbxId("B", "target"));
});

test.each([
  ["Pip", "Pip"],
  ["a b", '"a b"'],
  ["", '""'],
  ["a//b", '"a//b"'],
  ['"\\\n', '"\\"\\\\\\n"'],
  ["\u0085", '"\\U0085"'],
])("%j is written as %s", (text, written) => {
  expect(quoted(text)).toBe(written);
});

test.each([
  ["pip_chat", "com.example.pip-chat"],
  ["_7B", "com.example.7B"],
])("%s has the bundle identifier %s", (name, identifier) => {
  expect(bundleIdentifier(name)).toBe(identifier);
});
