import { readFile, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { PippinError, RuntimeManifest } from "@pippin/core";
import { readJsonFile } from "@pippin/core/node";
import { geometryOf } from "@pippin/plan";
import type { GoldenCase, SwiftInput } from "@pippin/swift-codegen";
import { exportTokenizer } from "@pippin/tokenizer";
import { MANIFEST_FILE } from "./convert.ts";
import type { CliErrorCode } from "./errors.ts";
import { needText, type OpenPackage } from "./package.ts";

/** Texts that go along with a model, by the names under which repositories publish them. */
const LEGAL_FILES = ["LICENSE", "LICENSE.txt", "LICENSE.md", "NOTICE", "NOTICE.txt", "USE_POLICY.md"];
const MAX_LEGAL_BYTES = 1_000_000;

/**
 * What the generator needs to know of an opened package.
 *
 * @param folders - where licence texts are looked for.
 * @throws PippinError `CLI_NO_SWIFT` when nothing in an app could run it, `CLI_CANNOT_RUN` without a tokenizer.
 */
export async function swiftInput(
  opened: OpenPackage,
  {
    golden,
    folders = [],
  }: { readonly golden: readonly GoldenCase[] | undefined; readonly folders?: readonly string[] },
): Promise<SwiftInput> {
  const { swift, id } = opened.backend;
  const { manifest, spec, path } = opened.opened;
  if (swift === undefined) {
    throw noSwift(
      `the backend "${id}" does not say what runs its packages in an app`,
      "Choose another backend, such as coreml.",
    );
  }
  if (manifest === undefined) {
    throw noSwift(
      `${path} does not say how it is driven`,
      "Packages of other tools can be inspected; for an app, convert the model with Pippin.",
    );
  }
  const text = needText(opened);
  const packageFolder = await folderOfPackages(path, manifest);
  return {
    manifest: await withFiles(manifest, packageFolder),
    packageFolder,
    tokenizer: exportTokenizer(text.source),
    bindings: { ...swift, arguments: swift.arguments?.(opened.opened) ?? {} },
    minimumSystem: swift.minimumSystem(opened.opened),
    geometry: spec && geometryOf(spec),
    golden,
    legal: await legalTexts([packageFolder, ...folders]),
  };
}

function noSwift(message: string, hint: string): PippinError<CliErrorCode> {
  return new PippinError("CLI_NO_SWIFT", { message, hint });
}

/** `path` may be the folder that `convert` wrote or a package in it. */
async function folderOfPackages(path: string, { packages }: RuntimeManifest): Promise<string> {
  const inside = await stat(join(path, packages[0]!)).catch(() => undefined);
  return inside === undefined ? dirname(resolve(path)) : path;
}

/** The copy beside the packages also lists their files with hashes; it counts when it is of the same package. */
async function withFiles(manifest: RuntimeManifest, folder: string): Promise<RuntimeManifest> {
  const path = join(folder, MANIFEST_FILE);
  if ((await stat(path).catch(() => undefined)) === undefined) return manifest;
  const beside = RuntimeManifest.safeParse(await readJsonFile(path).catch(() => undefined));
  if (!beside.success) {
    throw noSwift(
      `${path} is damaged, or of another version of Pippin`,
      "Convert the model again, or delete the file: the package itself says how it is driven.",
    );
  }
  const { files, ...rest } = beside.data;
  const isSame =
    JSON.stringify(rest) === JSON.stringify({ ...RuntimeManifest.parse(manifest), files: undefined });
  return isSame && files !== undefined ? { ...manifest, files } : manifest;
}

async function legalTexts(folders: readonly string[]): Promise<{ name: string; text: string }[]> {
  const found = new Map<string, string>();
  for (const folder of folders) {
    for (const name of LEGAL_FILES) {
      const path = join(folder, name);
      const file = await stat(path).catch(() => undefined);
      if (found.has(name) || !file?.isFile() || file.size > MAX_LEGAL_BYTES) continue;
      found.set(name, await readFile(path, "utf8"));
    }
  }
  return [...found].map(([name, text]) => ({ name, text }));
}
