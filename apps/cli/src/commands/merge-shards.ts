import { mergeShards } from "@pippin/checkpoint/node";
import type { Command } from "commander";
import { localModel } from "../model-argument.ts";
import { counted, formatBytes } from "../terminal/format.ts";
import { type Io, say, sayJson, stageContext } from "../terminal/io.ts";
import { outputPath } from "./convert.ts";

interface Flags {
  readonly out: string;
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

export function define(command: Command, { io }: { io: Io }): void {
  command
    .argument("<model>", "repository or folder with shards")
    .requiredOption("--out <file>", "the .safetensors file to write", outputPath)
    .option("--force", "replace the file")
    .option("--dry-run", "say what would be written, and write nothing")
    .option("--json", "print the result as JSON")
    .addHelpText("after", "\nExample:\n  pippin merge-shards models/qwen --out model.safetensors")
    .action(async (path: string, { out, force = false, dryRun = false }: Flags) => {
      const context = stageContext(io);
      const model = await localModel(path, context);
      const merged = await mergeShards(model.path, out, { force, dryRun }, context);
      if (io.json) sayJson(io, { ...(dryRun ? { dryRun } : {}), ...merged });
      const { byteLength, tensors, files } = merged;
      const what = `${formatBytes(byteLength)}, ${tensors} tensors of ${counted(files, "file")}`;
      say(io, dryRun ? `would write ${out}: ${what}` : `${io.strong(out)}  ${what}`);
    });
}
