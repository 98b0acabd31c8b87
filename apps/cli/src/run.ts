import { isPippinError } from "@pippin/core";
import { Command, CommanderError } from "commander";
import manifest from "../package.json" with { type: "json" };
import { COMMANDS } from "./commands.ts";
import { watchSignals } from "./signals.ts";
import { createIo, type Io, type Streams } from "./terminal/io.ts";
import { printError } from "./terminal/print-error.ts";

/** 0 done, 1 failed, 2 wrong usage, 3 environment not fit, 130 interrupted. */
export const EXIT = { done: 0, failed: 1, usage: 2, environment: 3, interrupted: 130 } as const;

/** Oldest Node whose worker threads, `import` attributes and WebAssembly SIMD everything here relies on. */
const MIN_NODE = [22, 18] as const;

/** Runs one command line and returns the exit status. */
export async function run(argv: readonly string[], streams: Streams): Promise<number> {
  const io = createIo(streams, argv.includes("--json"));
  const old = tooOldNode(process.versions.node);
  if (old) {
    printError(
      io,
      new Error(`Pippin needs Node ${MIN_NODE.join(".")} or newer, this is ${process.versions.node}`),
    );
    return EXIT.environment;
  }
  const signals = watchSignals();
  try {
    const program = await commandLine(argv, { ...io, signal: signals.signal });
    await program.parseAsync(argv, { from: "user" });
    return signals.signal.aborted ? EXIT.interrupted : Number(process.exitCode ?? EXIT.done);
  } catch (error) {
    io.progress.clear();
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    printError(io, error);
    if (signals.signal.aborted || (isPippinError(error) && error.code === "CORE_CANCELLED"))
      return EXIT.interrupted;
    return isPippinError(error) && error.code.startsWith("CLI_USAGE") ? EXIT.usage : EXIT.failed;
  } finally {
    signals.stop();
  }
}

/** Defines all commands, but loads only the code of the one that was named. */
async function commandLine(argv: readonly string[], io: Io): Promise<Command> {
  const program = new Command("pippin")
    .description("Turns a published language model into what an iPhone, iPad or Mac needs to run it.")
    .version(manifest.version)
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
    });
  program.addHelpText(
    "after",
    "\nMODEL is a folder with config.json and safetensors, a .safetensors or a .gguf file.\nPACKAGE is a folder that pippin convert wrote, or the .mlpackage in it.",
  );
  const named = argv.find((word) => COMMANDS.some((command) => command.name === word));
  for (const { name, summary, load } of COMMANDS) {
    const command = program.command(name).summary(summary).description(summary).allowExcessArguments(false);
    if (name === named || argv[0] === "help") await (await load()).define(command, { io, argv });
  }
  return program;
}

function tooOldNode(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < MIN_NODE[0] || (major === MIN_NODE[0] && minor < MIN_NODE[1]);
}
