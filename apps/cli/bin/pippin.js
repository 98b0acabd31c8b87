#!/usr/bin/env node
import module from "node:module";

// Node keeps the compiled form of what is loaded below: half of a short command's time.
module.enableCompileCache?.();
await import("../dist/main.js");
