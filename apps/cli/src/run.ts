import { Command, CommanderError } from "commander";
import manifest from "../package.json" with { type: "json" };
import { COMMANDS } from "./commands.ts";
import { watchSignals } from "./signals.ts";
import { createIo, type Io, type Streams } from "./terminal/io.ts";

/** 0 done, 1 failed, 2 wrong usage, 3 environment not fit (also given by bin/pippin.js), 130 interrupted. */
export const EXIT = { done: 0, failed: 1, usage: 2, unfit: 3, interrupted: 130 } as const;

/** Runs one command line and returns the exit status. */
export async function run(argv: readonly string[], streams: Streams): Promise<number> {
  const signals = watchSignals();
  let status: number = EXIT.done;
  const io = createIo(streams, {
    json: argv.includes("--json"),
    signal: signals.signal,
    interrupt: signals.interrupt,
    fail: () => {
      status = EXIT.failed;
    },
    unfit: () => {
      status = EXIT.unfit;
    },
  });
  try {
    const program = await commandLine(argv, io);
    await program.parseAsync(argv, { from: "user" });
    return signals.signal.aborted ? EXIT.interrupted : status;
  } catch (error) {
    io.progress.clear();
    return await fail(error, argv, io);
  } finally {
    io.progress.clear();
    signals.stop();
  }
}

/** Prints what went wrong and gives the status. Loads its code here, so that `--help` starts without it. */
async function fail(error: unknown, argv: readonly string[], io: Io): Promise<number> {
  // Help, also the one that is printed when no command is given.
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
  if (error instanceof CommanderError && error.code === "commander.help") return EXIT.usage;
  const { isUsageError, usageError } = await import("./errors.ts");
  const { printError } = await import("./terminal/print-error.ts");
  const shown = error instanceof CommanderError ? usageError(...commanderText(error, argv)) : error;
  printError(io, shown);
  if (io.signal.aborted) return EXIT.interrupted;
  return isUsageError(shown) ? EXIT.usage : EXIT.failed;
}

/** Commander writes "error: unknown option '--jsn'\n(Did you mean --json?)". */
function commanderText(
  { message }: CommanderError,
  argv: readonly string[],
): [message: string, hint: string] {
  const [first = "", ...rest] = message.replace(/^error: /, "").split("\n");
  const help = `See pippin ${[commandIn(argv) ?? [], "--help"].flat().join(" ")}.`;
  return [first.replace(/\.$/, ""), [rest.join(" ").replace(/^\((.*)\)$/, "$1"), help].join(" ").trim()];
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
      // `fail` prints errors, all in one form.
      outputError: () => undefined,
    });
  program.addHelpText(
    "after",
    "\nMODEL is a repository of the Hugging Face Hub (ORG/NAME, ORG/NAME@revision, ORG/NAME/FILE.gguf), a folder with config.json and safetensors, a .safetensors or\na .gguf file. What is on this machine wins.\nPACKAGE is a folder that pippin convert wrote, or the .mlpackage in it.",
  );
  const named = commandIn(argv);
  for (const { name, summary, load } of COMMANDS) {
    const command = program.command(name).summary(summary).description(summary).allowExcessArguments(false);
    if (name === named) await (await load()).define(command, { io, argv });
  }
  return program;
}

/** The command that a command line names, also after `help`. */
function commandIn(argv: readonly string[]): string | undefined {
  return argv.find((word) => COMMANDS.some((command) => command.name === word));
}
