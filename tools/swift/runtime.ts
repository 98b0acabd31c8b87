/**
 * The Swift runtime on Linux: builds `RuntimeDriver` against the stand-ins, and runs it with the server that computes for
 * them. JSON Lines go through; when they end, a last line says what the server was asked.
 *
 *     node tools/swift/runtime.ts
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCoremlServer } from "./coreml-server.ts";
import { SWIFT_PACKAGE } from "./driver.ts";
import { buildStubs } from "./stubs.ts";
import { prepareSwift } from "./toolchain.ts";

const SCRATCH = ".build/with-stubs";

/** Builds the driver; returns its path. */
function build(): string {
  const { file, args } = prepareSwift(SWIFT_PACKAGE).command("swift", [
    ...["build", "-c", "release", "--scratch-path", SCRATCH, "--product", "RuntimeDriver"],
    ...["-Xswiftc", "-warnings-as-errors", ...buildStubs()],
  ]);
  const { status } = spawnSync(file, args, { stdio: ["ignore", 2, 2], cwd: SWIFT_PACKAGE });
  if (status !== 0) throw new Error("the runtime's driver does not build");
  return join(SWIFT_PACKAGE, SCRATCH, "release/RuntimeDriver");
}

const folder = mkdtempSync(join(tmpdir(), "pippin-coreml-"));
const program = build();
const server = await startCoremlServer(join(folder, "coreml.sock"));
try {
  const { file, args } = prepareSwift(folder).command(program, []);
  const env = { ...process.env, PIPPIN_COREML_SOCKET: server.socket };
  const child = spawn(file, args, { stdio: "inherit", env });
  const status = await new Promise<number | null>((done) => child.on("close", done));
  console.log(JSON.stringify({ counts: server.counts }));
  process.exitCode = status ?? 1;
} finally {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
}
