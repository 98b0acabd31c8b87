import { mergeShards } from "@pippin/checkpoint/node";
import type { Command } from "commander";
import { formatBytes } from "../terminal/format.ts";
import { type Io, say, sayJson, stageContext } from "../terminal/io.ts";

export function define(command: Command, { io }: { io: Io }): void {
  command
    .argument("<model>", "folder with shards")
    .requiredOption("--out <file>", "the .safetensors file to write")
    .option("--force", "replace the file")
    .option("--json", "print the result as JSON")
    .addHelpText("after", "\nExample:\n  pippin merge-shards models/qwen --out model.safetensors")
    .action(async (path: string, { out, force = false }: { out: string; force?: boolean }) => {
      const merged = await mergeShards(path, out, { force }, stageContext(io));
      if (io.json) sayJson(io, merged);
      say(
        io,
        `${io.strong(out)}  ${formatBytes(merged.byteLength)}, ${merged.tensors} tensors of ${merged.files} files`,
      );
    });
}
