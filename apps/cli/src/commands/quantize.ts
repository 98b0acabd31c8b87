import { basename } from "node:path";
import { PippinError, type Recompress } from "@pippin/core";
import { checkOutputFolder } from "@pippin/core/node";
import type { Command } from "commander";
import { type AnyBackend, loadBackends } from "../config.ts";
import { writeOutput } from "../convert.ts";
import type { CliErrorCode } from "../errors.ts";
import { openPackage } from "../package.ts";
import { addSchemaOptions, parseSchemaOptions } from "../schema-options.ts";
import { formatBytes, formatSeconds, printableLine, shellWord } from "../terminal/format.ts";
import { type Io, say, sayJson, stageContext } from "../terminal/io.ts";
import { artifactBytes, outputPath } from "./convert.ts";

interface Flags extends Readonly<Record<string, unknown>> {
  readonly out?: string;
  readonly force?: boolean;
}

export async function define(command: Command, { io }: { io: Io }): Promise<void> {
  const backends = await loadBackends(io.cwd);
  command
    .argument(
      "<package>",
      "folder that pippin convert wrote, or a package of another tool, with fp16 weights",
    )
    .option(
      "--out <dir>",
      "folder to write (default: build/ and the names of package and encoding)",
      outputPath,
    )
    .option("--force", "replace what is in the folder");
  const first = backends.find(({ recompress }) => recompress !== undefined);
  if (first?.recompress) addSchemaOptions(command, first.recompress.options);
  command
    .option("--json", "print the artifacts as JSON")
    .addHelpText("after", "\nExample:\n  pippin quantize build/pip --quantize int4 --out build/pip-int4")
    .action((path: string, flags: Flags) => quantize(path, flags, io));
}

async function quantize(path: string, flags: Flags, io: Io): Promise<void> {
  const context = stageContext(io);
  const began = performance.now();
  await using source = await openPackage(path, io);
  const { backend, text, textFolder } = source;
  const recompress = needRecompress(backend);
  const options = await parseSchemaOptions(recompress.options, flags);
  const out =
    flags.out ?? `build/${basename(path).replace(/\.mlpackage$/, "")}-${flags.quantize ?? "quantized"}`;
  await checkOutputFolder(out, flags);
  const artifacts = await writeOutput(
    { text, folder: textFolder },
    { out, force: flags.force ?? false },
    context,
    async (staging) => {
      const written = await recompress.run(path, options, staging, context);
      const reopened = await backend.open(staging, context);
      await reopened.close();
      return { artifacts: written, manifest: reopened.manifest };
    },
  );
  const seconds = (performance.now() - began) / 1000;
  if (io.json) sayJson(io, { artifacts, warnings: context.warnings, seconds });
  for (const artifact of artifacts) {
    const { encodings } = artifact.provenance.options;
    say(
      io,
      `${io.strong(printableLine(artifact.path))}  ${formatBytes(artifactBytes([artifact]))}  ${formatSeconds(seconds)}`,
    );
    say(io, io.dim(`weights ${printableLine(String(encodings))}`));
  }
  say(io, `next: npx pippin verify ${shellWord(out)} --against MODEL`);
}

function needRecompress({ id, recompress }: AnyBackend): Recompress {
  if (recompress !== undefined) return recompress;
  throw new PippinError<CliErrorCode>("CLI_CANNOT_QUANTIZE", {
    message: `the backend "${id}" cannot compress packages that exist`,
    hint: "Convert the model again, with an encoding of that backend.",
  });
}
