/**
 * Stand-ins for Apple's frameworks, so that code behind `canImport` is compiled and run on Linux: each file or folder of
 * `packages/swift-codegen/swift/Stubs` becomes a module of its name and a static library.
 *
 *     node tools/swift/stubs.ts          builds them and prints the flags
 */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { SWIFT_PACKAGE } from "./driver.ts";
import { prepareSwift } from "./toolchain.ts";

const STUBS = join(SWIFT_PACKAGE, "Stubs");
const BUILT = join(SWIFT_PACKAGE, ".build/stubs");
/** What was built against the stand-ins. SwiftPM does not see when one of them changes. */
const DEPENDENTS = ["with-stubs", "app"].map((name) => join(SWIFT_PACKAGE, ".build", name));
/** Modules that others import; the rest follows in the order of names. */
const FIRST = ["os", "CoreML"];

/**
 * Builds what is older than its source.
 *
 * @param names - modules to build; default: all.
 * @returns flags for `swift build` and `swift test`.
 * @throws SwiftMissing
 */
export function buildStubs(names: readonly string[] = stubNames()): string[] {
  mkdirSync(BUILT, { recursive: true });
  const ordered = [
    ...FIRST.filter((name) => names.includes(name)),
    ...names.filter((name) => !FIRST.includes(name)),
  ];
  for (const name of ordered) buildModule(name);
  return [...["-Xswiftc", "-I", "-Xswiftc", BUILT], ...["-Xlinker", `-L${BUILT}`]];
}

/** All stand-ins there are. */
export function stubNames(): string[] {
  if (!existsSync(STUBS)) return [];
  return readdirSync(STUBS)
    .filter((entry) => !entry.startsWith("."))
    .map((entry) => basename(entry, ".swift"))
    .sort();
}

function buildModule(name: string): void {
  const sources = [
    ...globSync(join(STUBS, name, "**/*.swift")),
    ...globSync(join(STUBS, `${name}.swift`)),
  ].sort();
  const library = join(BUILT, `lib${name}.a`);
  const newest = Math.max(...sources.map((file) => statSync(file).mtimeMs));
  if (existsSync(library) && statSync(library).mtimeMs > newest) return;
  const { file, args } = prepareSwift(STUBS).command("swiftc", [
    ...["-emit-library", "-static", "-emit-module", "-module-name", name, "-module-link-name", name],
    ...[
      "-parse-as-library",
      "-swift-version",
      "6",
      "-I",
      BUILT,
      "-emit-module-path",
      join(BUILT, `${name}.swiftmodule`),
    ],
    ...["-o", library, ...sources],
  ]);
  const { status } = spawnSync(file, args, { stdio: ["ignore", "inherit", "inherit"], cwd: BUILT });
  if (status !== 0) throw new Error(`the stand-in for ${name} does not build`);
  for (const folder of DEPENDENTS) rmSync(folder, { recursive: true, force: true });
}

if (import.meta.main) console.log(buildStubs().join(" "));
