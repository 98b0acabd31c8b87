import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { prepareSwift } from "./toolchain.ts";

/** The Swift package of the runtime. */
export const SWIFT_PACKAGE: string = join(import.meta.dirname, "../../packages/swift-codegen/swift");

/**
 * Builds a program of the package that answers questions for tests, as an app would be built: optimized.
 *
 * @param product - `TokenizerDriver` or `SamplerDriver`.
 * @returns its path; run it with tools/swift/run.ts.
 * @throws SwiftMissing
 */
export function buildSwiftDriver(product: string): string {
  const { file, args } = prepareSwift(SWIFT_PACKAGE).command("swift", [
    ...["build", "-c", "release", "--product", product],
    ...["-Xswiftc", "-warnings-as-errors"],
  ]);
  const { status } = spawnSync(file, args, { stdio: ["ignore", "inherit", "inherit"], cwd: SWIFT_PACKAGE });
  if (status !== 0) throw new Error(`the Swift program ${product} does not build`);
  return join(SWIFT_PACKAGE, ".build/release", product);
}
