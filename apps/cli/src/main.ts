import { run } from "./run.ts";

for (const stream of [process.stdout, process.stderr]) stream.on("error", onOutputError);

process.exitCode = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: currentFolder(),
});

/** A shell may stand in a folder that is gone; relative paths then lead nowhere, and say so. */
function currentFolder(): string {
  try {
    return process.cwd();
  } catch {
    return process.env.PWD ?? "/";
  }
}

/** Who reads our output may leave early, as `head` does: the command goes on and ends with its own status. */
function onOutputError(error: NodeJS.ErrnoException): void {
  if (error.code === "EPIPE") return;
  process.stderr.write(`error: the output cannot be written: ${error.message}\n`);
  process.exit(1);
}
