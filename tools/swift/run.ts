/**
 * Runs a tool of the Swift compiler, which is unpacked first where there is none.
 *
 *     node tools/swift/run.ts swift test
 *     node tools/swift/run.ts .build/release/some-program argument
 */
import { spawnSync } from "node:child_process";
import { prepareSwift, SwiftMissing } from "./toolchain.ts";

const [program = "swift", ...rest] = process.argv.slice(2);
try {
  const { file, args } = prepareSwift().command(program, rest);
  process.exitCode = spawnSync(file, args, { stdio: "inherit" }).status ?? 1;
} catch (error) {
  if (!(error instanceof SwiftMissing)) throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = 3;
}
