import type { Command } from "commander";
import { answer } from "../answer.ts";
import { chooseBackend, loadBackends } from "../config.ts";
import { planConversion, writeConversion } from "../convert.ts";
import { openModel, packageName } from "../model.ts";
import { openPackage, startRunner } from "../package.ts";
import { checkParity, parityLine } from "../parity.ts";
import { addSchemaOptions, flagValue, parseSchemaOptions } from "../schema-options.ts";
import { formatBytes, formatSeconds } from "../terminal/format.ts";
import { type Io, say, sayJson, stageContext } from "../terminal/io.ts";
import { encodeChat } from "../text.ts";

interface Flags extends Readonly<Record<string, unknown>> {
  readonly out?: string;
  readonly force?: boolean;
  readonly ask: string;
}

export async function define(
  command: Command,
  { io, argv }: { io: Io; argv: readonly string[] },
): Promise<void> {
  const backend = chooseBackend(await loadBackends(io.cwd), flagValue(argv, "--backend"));
  command
    .argument("<model>", "folder, .safetensors or .gguf file")
    .option("--backend <id>", "format to write")
    .option("--out <dir>", "folder to write (default: build/ and the model's name)")
    .option("--force", "replace what is in the folder")
    .option("--ask <text>", "what the converted model is asked in the end", "What can you do?")
    .option("--json", "print the result as JSON");
  addSchemaOptions(command, backend.options);
  command.addHelpText("after", "\nExample:\n  pippin deploy models/pip-chat --out build/pip");
  command.action(async (path: string, flags: Flags) => {
    const context = stageContext(io);
    const options = parseSchemaOptions(backend.options, flags);
    const model = await openModel(path, io);
    const plan = planConversion(backend, model, options);
    const out = flags.out ?? `build/${packageName(model.facts.name)}`;

    const began = performance.now();
    const artifacts = await writeConversion(
      { backend, model, plan },
      { out, force: flags.force ?? false },
      context,
    );
    const bytes = artifacts.flatMap(({ files }) => files).reduce((sum, file) => sum + file.size, 0);
    const seconds = (performance.now() - began) / 1000;
    for (const artifact of artifacts) {
      say(
        io,
        `${io.strong("package")}  ${artifact.path}  ${formatBytes(bytes)} in ${formatSeconds(seconds)}`,
      );
    }

    const opened = await openPackage(out, io);
    const candidate = await startRunner(opened, { precision: "fp16" }, context);
    try {
      const parity = await checkParity({ model, candidate }, { prompts: 2, tokens: 16 }, context);
      say(io, `${io.strong("parity")}   ${parityLine(parity)}`);
      const { text } = opened;
      const prompt = text && encodeChat(text, [{ role: "user", content: flags.ask }]);
      const said = prompt && (await answer({ runner: candidate, text }, prompt, { maxTokens: 64 }, context));
      if (said) {
        say(io, `${io.strong("you")}      ${flags.ask}`);
        say(
          io,
          `${io.strong("model")}    ${said.text.trim()}  ${io.dim(`(${said.tokensPerSecond.toFixed(0)} tokens/s here)`)}`,
        );
      }
      if (io.json)
        sayJson(io, {
          artifacts,
          parity,
          answer: said && { ask: flags.ask, ...said },
          warnings: context.warnings,
        });
      say(io, `\nnext: npx pippin chat ${out}`);
      say(io, `      npx pippin inspect ${out}`);
      if (!parity.passed) process.exitCode = 1;
    } finally {
      await candidate.close();
      await opened.opened.close();
    }
  });
}
