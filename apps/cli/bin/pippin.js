#!/usr/bin/env node
// Exists before the build and runs on any Node: it loads the rest only where that can work.
import { existsSync } from "node:fs";
import module from "node:module";

const [major, minor] = process.versions.node.split(".").map(Number);
const main = new URL("../dist/main.js", import.meta.url);

if (major < 22 || (major === 22 && minor < 18)) {
  refuse(
    `Pippin needs Node 22.18 or newer, this is ${process.versions.node} [CLI_NODE_TOO_OLD]`,
    "Install a newer Node from https://nodejs.org.",
  );
} else if (!existsSync(main)) {
  refuse("Pippin has not been built [CLI_NOT_BUILT]", "Run npm run build in the repository.");
} else {
  // Node keeps the compiled form of what is loaded below: half of a short command's time.
  module.enableCompileCache?.();
  await import(main.href);
}

/** Exit status 3: the environment is not fit. */
function refuse(message, hint) {
  console.error(`error: ${message}\nhint:  ${hint}`);
  process.exitCode = 3;
}
