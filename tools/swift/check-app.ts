/**
 * Compiles the demo app on Linux against the stand-ins for Apple's frameworks, warnings as errors, and tests its view model;
 * then parses its sources as the compiler does for an iPhone, a simulator and a Mac.
 *
 *     node tools/swift/check-app.ts [--filter NAME]
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, globSync, lstatSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { SWIFT_PACKAGE } from "./driver.ts";
import { buildStubs } from "./stubs.ts";
import { prepareSwift, SwiftMissing } from "./toolchain.ts";

const PLACE = join(SWIFT_PACKAGE, ".build/app");
/** Folders and files of the Swift package, and where they go. */
const PARTS: readonly (readonly [from: string, to: string])[] = [
  ["AppTests/Package.swift", "Package.swift"],
  ["App", "Sources/PippinDemo"],
  ["AppTests/DemoModel.swift", "Sources/PippinDemo/DemoModel.swift"],
  ["AppTests/ChatModelTests.swift", "Tests/PippinDemoTests/ChatModelTests.swift"],
  ["AppTests/AskIntentTests.swift", "Tests/PippinDemoTests/AskIntentTests.swift"],
  ["AppTests/FakeConditions.swift", "Tests/PippinDemoTests/FakeConditions.swift"],
  [
    "Tests/PippinRuntimeTests/Support/FakeLanguageModel.swift",
    "Tests/PippinDemoTests/FakeLanguageModel.swift",
  ],
];

/** What `#if` tells apart. */
const TARGETS = ["arm64-apple-ios18.0", "x86_64-apple-ios18.0-simulator", "arm64-apple-macos15.0"];

/** Puts the package together; files that are the same stay untouched, so that they are not compiled again. */
function assemble(): void {
  const wanted = new Map(
    PARTS.flatMap(([from, to]) => {
      const source = join(SWIFT_PACKAGE, from);
      if (!lstatSync(source).isDirectory()) return [[join(PLACE, to), source] as const];
      return globSync(join(source, "**/*.swift")).map(
        (file) => [join(PLACE, to, relative(source, file)), file] as const,
      );
    }),
  );
  for (const old of globSync(join(PLACE, "{Sources,Tests}/**/*.swift"))) if (!wanted.has(old)) rmSync(old);
  for (const [target, source] of wanted) {
    if (existsSync(target) && readFileSync(target).equals(readFileSync(source))) continue;
    mkdirSync(dirname(target), { recursive: true });
    cpSync(source, target);
  }
}

function run(program: string, args: readonly string[]): void {
  const { file, args: all } = prepareSwift(PLACE).command(program, args);
  const { status } = spawnSync(file, all, { stdio: "inherit", cwd: PLACE });
  if (status !== 0) throw new Error(`${program} ${args[0]} failed`);
}

try {
  const stubs = buildStubs();
  assemble();
  // Observation's library of 6.0 on Linux asks for a symbol that no library has.
  const observation = process.platform === "linux" ? ["-Xlinker", "--allow-shlib-undefined"] : [];
  run("swift", [
    ...["test", "-Xswiftc", "-warnings-as-errors", ...stubs, ...observation],
    ...process.argv.slice(2),
  ]);
  const sources = globSync(join(SWIFT_PACKAGE, "App/**/*.swift"));
  for (const target of TARGETS) {
    run("swift-frontend", ["-parse", "-target", target, "-swift-version", "6", ...sources]);
  }
  console.log(`${sources.length} files of the app compile against the stand-ins`);
} catch (error) {
  console.error(`error: ${(error as Error).message}`);
  process.exitCode = error instanceof SwiftMissing ? 3 : 1;
}
