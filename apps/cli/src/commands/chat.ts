import { createInterface, type Interface } from "node:readline/promises";
import { isPippinError, type Runner, type Session } from "@pippin/core";
import type { ChatMessage } from "@pippin/tokenizer";
import type { Command } from "commander";
import { answer } from "../answer.ts";
import { needText, openPackage, startRunner } from "../package.ts";
import { type CommandContext, type Io, say, sayPiece, stageContext } from "../terminal/io.ts";
import { printError } from "../terminal/print-error.ts";
import { encodeChat, type Text } from "../text.ts";
import { addSampling, type SamplingFlags, samplingOf } from "./generate.ts";

interface Flags extends SamplingFlags {
  readonly system?: string;
}

export function define(command: Command, { io }: { io: Io }): void {
  command
    .argument("<package>", "folder that pippin convert wrote, or the package in it")
    .option("--system <text>", "instructions that come before the conversation");
  addSampling(command)
    .addHelpText(
      "after",
      "\nOne question a line; an empty line or Ctrl-D ends. Reads from a pipe too, to its end.\n\nExample:\n  pippin chat build/pip",
    )
    .action((path: string, flags: Flags) => chat(path, flags, io));
}

async function chat(path: string, flags: Flags, io: Io): Promise<void> {
  const context = stageContext(io);
  await using opened = await openPackage(path, io);
  const text = needText(opened);
  await using runner = await startRunner(opened, { precision: flags.precision }, context);
  const conversation = new Conversation({ runner, text }, flags);
  const typed = io.stdin.isTTY === true;
  const lines = readLines(io, typed);
  let ended = false;
  try {
    io.progress.clear();
    if (typed) lines.prompt();
    lines.once("close", () => {
      ended = true;
    });
    for await (const line of lines) {
      if (line.trim() === "" && typed) return;
      if (line.trim() !== "") await reply(conversation, line, { io, typed, context });
      // Ctrl-D may have come while the model spoke.
      if (typed && !ended) lines.prompt();
    }
    // After Ctrl-D and Ctrl-C the cursor still stands behind the prompt.
    if (typed) say(io);
  } catch (error) {
    if (!io.signal.aborted || !isPippinError(error)) throw error;
    say(io);
  } finally {
    lines.close();
  }
}

/** Answers a line. Who types may ask again when it goes wrong; a script must see it fail. */
async function reply(
  conversation: Conversation,
  line: string,
  { io, typed, context }: { readonly io: Io; readonly typed: boolean; readonly context: CommandContext },
): Promise<void> {
  try {
    await conversation.reply(line, io, context);
  } catch (error) {
    if (!typed || io.signal.aborted || !isPippinError(error)) throw error;
    io.progress.clear();
    printError(io, error);
  }
}

function readLines(io: Io, terminal: boolean): Interface {
  const lines = createInterface({ input: io.stdin, output: io.stderr, terminal, prompt: "> " });
  io.signal.addEventListener("abort", () => lines.close(), { once: true });
  // On a terminal readline hears Ctrl-C itself.
  lines.on("SIGINT", io.interrupt);
  return lines;
}

/** The turns so far, and the session whose cache holds them. */
class Conversation {
  readonly #model: { readonly runner: Runner; readonly text: Text };
  readonly #flags: Flags;
  readonly #session: Session;
  #messages: ChatMessage[] = [];
  /** Tokens in the session's cache. */
  #fed: number[] = [];

  constructor(model: { readonly runner: Runner; readonly text: Text }, flags: Flags) {
    this.#model = model;
    this.#flags = flags;
    this.#session = model.runner.start();
    this.#forget();
  }

  async reply(question: string, io: Io, context: CommandContext): Promise<void> {
    const { text, runner } = this.#model;
    this.#messages.push({ role: "user", content: question });
    let prompt = encodeChat(text, this.#messages);
    if (prompt.length >= runner.contextLength && this.#fed.length > 0) {
      say(io, io.dim("(the context is full: the conversation starts over)"));
      this.#forget();
      this.#messages.push({ role: "user", content: question });
      prompt = encodeChat(text, this.#messages);
    }
    // What the cache already holds is not fed again.
    const shared = commonPrefix(this.#fed, prompt);
    this.#session.rewind(shared);
    const onText = (piece: string) => sayPiece(io, piece);
    const before = { session: this.#session, history: prompt.slice(0, shared) };
    const options = { ...samplingOf(this.#flags), ...before, onText };
    try {
      const result = await answer(this.#model, prompt.slice(shared), options, context);
      this.#fed = [...prompt, ...result.ids].slice(0, this.#session.length);
      this.#messages.push({ role: "assistant", content: result.text });
    } catch (error) {
      // As if it had not been asked.
      this.#messages.pop();
      this.#session.rewind(0);
      this.#fed = [];
      throw error;
    }
    say(io);
  }

  #forget(): void {
    const { system } = this.#flags;
    this.#messages = system === undefined ? [] : [{ role: "system", content: system }];
    this.#fed = [];
  }
}

/** Tokens that two sequences begin with; one less than the new one has, since something must be fed. */
function commonPrefix(old: readonly number[], next: readonly number[]): number {
  let length = 0;
  while (length < old.length && length < next.length - 1 && old[length] === next[length]) length++;
  return length;
}
