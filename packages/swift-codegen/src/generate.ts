import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import {
  type Artifact,
  type ArtifactFile,
  estimateMemory,
  isPermissiveLicense,
  type StageContext,
} from "@pippin/core";
import { resolveInside, withOutputFolder } from "@pippin/core/node";
import { bindingsFile } from "./bindings.ts";
import { DEMO_SOURCES, demoFiles } from "./demo.ts";
import { engineFile } from "./engine.ts";
import { neededEntitlements } from "./entitlements.ts";
import { swiftError } from "./errors.ts";
import { assetsFile, type SwiftFacts, swiftFacts } from "./facts.ts";
import { modelName } from "./identifier.ts";
import type { SwiftInput } from "./input.ts";
import { kitTestsFile } from "./kit-tests.ts";
import { licenseSentence } from "./license.ts";
import {
  MANIFEST_FILE,
  MODEL_FOLDER,
  SELF_TEST_FILE,
  TOKENIZER_FILE,
  TOKENIZER_SELF_TEST_FILE,
} from "./model-files.ts";
import type { SwiftOptions } from "./options.ts";
import { RECORD_FILE, recordOf, refuseForeign } from "./own-files.ts";
import { checkHashes, copyFiles, packageFiles, withHashes } from "./package-files.ts";
import { PRIVACY_FILE, packageSwift, SWIFT_FORMAT } from "./package-swift.ts";
import { privacyManifest } from "./privacy.ts";
import { readmeText } from "./readme.ts";
import { declaredTypes, demoSources, type GeneratedFile, runtimeSources } from "./runtime-sources.ts";
import { VERSION } from "./version.ts";

/** What will be written, decided without reading weights. */
export interface SwiftPlan {
  readonly name: string;
  readonly facts: SwiftFacts;
  /** Files that are written. */
  readonly files: readonly GeneratedFile[];
  /** Files of the model's packages, which are copied, or uploaded by whoever publishes the app. */
  readonly packageFiles: readonly ArtifactFile[];
  readonly embedded: boolean;
  /** Entitlements that an app with this model needs on iPhone and iPad. */
  readonly entitlements: readonly string[];
  /** Bytes of everything in the folder. */
  readonly outputBytes: number;
}

export interface GenerateOptions extends SwiftOptions {
  /** Folder to write. */
  readonly out: string;
  /** Replace what is in it. */
  readonly force?: boolean;
}

/**
 * Writes the Swift package of a converted model, and its demo app, as one folder that appears whole or not at all.
 *
 * @returns one artifact of the kind `swift`; equal input and options give equal bytes.
 * @throws PippinError `SWIFT_*`; `CORE_OUTPUT_EXISTS` and others of `withOutputFolder`; `CORE_CANCELLED`.
 */
export async function generateSwiftPackage(
  input: SwiftInput,
  options: GenerateOptions,
  context: StageContext = {},
): Promise<Artifact> {
  const { out, force = false } = options;
  const { signal } = context;
  checkPlace(out, input);
  return withOutputFolder(out, { force, ...(signal && { signal }) }, async (staging) => {
    const { files, packageFiles, embedded, facts } = await planSwiftPackage(input, options, context);
    const model = `Sources/${facts.name}Kit/${MODEL_FOLDER}`;
    const copied = embedded ? packageFiles.map((file) => ({ ...file, path: `${model}/${file.path}` })) : [];
    await refuseForeign(
      out,
      [...files, ...copied].map(({ path }) => path),
    );
    if (embedded) await checkHashes(packageFiles, input.packageFolder, context);
    for (const { path, content } of files) {
      const target = resolveInside(staging, path);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, content);
    }
    if (embedded)
      await copyFiles(packageFiles, { from: input.packageFolder, to: join(staging, model) }, context);
    const { name, weights, url, demo } = options;
    return {
      kind: "swift",
      path: out,
      files: [...files.map(described), ...copied].sort((a, b) => (a.path < b.path ? -1 : 1)),
      provenance: {
        tool: `@pippin/swift-codegen@${VERSION}`,
        source: facts.source,
        ...(facts.revision === undefined ? {} : { revision: facts.revision }),
        options: { name: name ?? facts.name, weights, ...(url === undefined ? {} : { url }), demo },
      },
    };
  });
}

/** Within a package of the model the output would become part of it. */
function checkPlace(out: string, { packageFolder, manifest }: SwiftInput): void {
  const target = resolve(out);
  const inside = manifest.packages.some((name) => {
    const path = relative(join(resolve(packageFolder), name), target);
    return path === "" || !(path.startsWith("..") || isAbsolute(path));
  });
  if (target !== resolve(packageFolder) && !inside) return;
  throw optionInvalid(
    `the output folder ${out} is the model's package, or lies in it`,
    "Name a folder beside it with --out.",
  );
}

function described({ path, content }: GeneratedFile): ArtifactFile {
  const bytes = Buffer.from(content);
  return { path, size: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/**
 * Everything but the copies of the model's packages, in memory.
 *
 * @throws PippinError `SWIFT_*`.
 */
export async function planSwiftPackage(
  input: SwiftInput,
  options: SwiftOptions,
  context: StageContext = {},
): Promise<SwiftPlan> {
  const url = checkedAddress(options);
  const runtime = await runtimeSources();
  const { manifest, bindings, golden, legal = [] } = input;
  const name = modelName({ asked: options.name, file: manifest.packages[0]! }, declaredTypes(runtime));
  const embedded = url === undefined;
  const hashed = await withHashes(
    await packageFiles(input),
    { folder: input.packageFolder, needed: embedded ? "any" : "all" },
    context,
  );
  const packageBytes = hashed.reduce((sum, { size }) => sum + size, 0);
  const { cacheBytes, peakBytes } = estimateMemory(manifest, packageBytes, input.geometry);
  const sizes = { parameters: input.geometry?.parameters ?? 0, packageBytes, cacheBytes, peakBytes };
  const facts = swiftFacts(name, input, sizes);
  warnOfLicense(facts.license, context);
  const kit = `Sources/${name}Kit`;
  const typed =
    bindings.bindings === "coreml"
      ? bindingsFile({
          name,
          manifest,
          minimumSystem: facts.minimumSystem,
          embedded,
          identity: identityOf(name, hashed),
        })
      : undefined;
  const readme = readmeText({
    facts,
    packages: manifest.packages,
    files: hashed,
    ...bindings,
    url,
    demo: options.demo,
    golden: golden !== undefined,
    typed: typed !== undefined,
    legal: legal.map((file) => file.name),
  });
  const generated: GeneratedFile[] = [
    { path: "README.md", content: readme },
    { path: "Package.swift", content: packageSwift(name, bindings) },
    { path: ".swift-format", content: SWIFT_FORMAT },
    ...(typed === undefined ? [] : [{ path: `${kit}/${name}.swift`, content: typed }]),
    { path: `${kit}/${name}Assets.swift`, content: assetsFile(facts, { golden: golden !== undefined, url }) },
    { path: `${kit}/${name}Model.swift`, content: engineFile(name, bindings, embedded) },
    { path: `${kit}/${PRIVACY_FILE}`, content: privacyManifest() },
    { path: `Tests/${name}KitTests/${name}KitTests.swift`, content: kitTestsFile(facts, embedded) },
    ...modelFiles(input, hashed).map((file) => ({ ...file, path: `${kit}/${MODEL_FOLDER}/${file.path}` })),
  ];
  const seam = { facts, bindings, embedded, golden: golden !== undefined };
  const demo = options.demo ? demoFiles(seam, await demoSources(DEMO_SOURCES)) : [];
  const listed = [...generated, ...runtime, ...demo];
  const copies = embedded ? hashed.map(({ path }) => `${kit}/${MODEL_FOLDER}/${path}`) : [];
  const record = recordOf([...listed.map(({ path }) => path), ...copies]);
  const files = [...listed, { path: RECORD_FILE, content: record }];
  const written = files.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
  return {
    name,
    facts,
    files,
    packageFiles: hashed,
    embedded,
    entitlements: neededEntitlements(facts),
    outputBytes: written + (embedded ? packageBytes : 0),
  };
}

/** What lies beside the packages, and says what they are. */
function modelFiles(
  { manifest, tokenizer, golden, legal = [] }: SwiftInput,
  files: readonly ArtifactFile[],
): GeneratedFile[] {
  const rows = tokenizer.selfTest.map((row) => `${JSON.stringify(row)}\n`).join("");
  return [
    { path: MANIFEST_FILE, content: jsonText({ ...manifest, files }) },
    { path: TOKENIZER_FILE, content: tokenizer.bytes },
    { path: TOKENIZER_SELF_TEST_FILE, content: rows },
    ...(golden === undefined
      ? []
      : [{ path: SELF_TEST_FILE, content: jsonText({ version: 1, cases: golden }) }]),
    ...legal.map(({ name, text }) => ({ path: legalName(name), content: text })),
  ];
}

function legalName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9._-]/g, "_").replace(/^\.+/, "");
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Differs between packages that differ, so that an app does not take the compiled model of another version of itself. */
function identityOf(name: string, files: readonly ArtifactFile[]): string {
  const hash = createHash("sha256").update(JSON.stringify(files)).digest("hex");
  return `${name}-${hash.slice(0, 16)}`;
}

/** @returns the address for `download`, `undefined` for `embed`. */
function checkedAddress({ weights, url }: SwiftOptions): string | undefined {
  if (weights === "embed") {
    if (url === undefined) return undefined;
    throw optionInvalid(
      "an address was given, but the weights are embedded",
      "Add --weights download, or leave --url out.",
    );
  }
  if (url === undefined) throw optionInvalid("the address of the weights is missing", "Add --url https://…");
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isLocal =
    parsed?.protocol === "http:" && ["localhost", "127.0.0.1", "[::1]"].includes(parsed.hostname);
  if (parsed === undefined || !(parsed.protocol === "https:" || isLocal)) {
    throw optionInvalid(
      `the address ${JSON.stringify(url)} is not https`,
      "Apps fetch over https only; http://localhost is for tests.",
    );
  }
  if (parsed.username !== "" || parsed.password !== "" || parsed.hash !== "" || parsed.search !== "") {
    throw optionInvalid(
      "the address holds a password, a query or a fragment",
      "It is the plain address of a folder: every user of the app can read it.",
    );
  }
  return parsed.href;
}

function optionInvalid(message: string, hint: string) {
  return swiftError("SWIFT_OPTION_INVALID", { message, hint });
}

function warnOfLicense(license: string | undefined, { warn }: StageContext): void {
  if (isPermissiveLicense(license)) return;
  const named = license === undefined ? "no licence" : `the licence ${JSON.stringify(license)}`;
  warn?.({
    code: "SWIFT_LICENSE_UNCHECKED",
    message: `the package names ${named} of the model`,
    hint: licenseSentence(license),
  });
}
