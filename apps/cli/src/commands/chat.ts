import { createInterface } from "node:readline/promises";
import { isPippinError } from "@pippin/core";
import type { ChatMessage } from "@pippin/tokenizer";
import type { Command } from "commander";
import { answer } from "../answer.ts";
import { needText, openPackage, startRunner } from "../package.ts";
import { type Io, say, stageContext } from "../terminal/io.ts";
import { encodeChat } from "../text.ts";
import { addSampling } from "./generate.ts";

interface Flags {
  readonly system?: string;
  readonly maxTokens: number;
  readonly temperature: number;
  readonly seed: number;
  readonly precision: "fp16" | "fp32";
}

export function define(command: Command, { io }: { io: Io }): void {
  command
    .argument("<package>", "folder that pippin convert wrote, or the package in it")
    .option("--system <text>", "instructions that come before the conversation");
  addSampling(command)
    .addHelpText(
      "after",
      "\nOne question a line; an empty line or Ctrl-D ends. Reads from a pipe too.\n\nExample:\n  pippin chat build/pip",
    )
    .action((path: string, flags: Flags) => chat(path, flags, io));
}

async function chat(path: string, flags: Flags, io: Io): Promise<void> {
  const context = stageContext(io);
  const opened = await openPackage(path, io);
  const text = needText(opened);
  const runner = await startRunner(opened, { precision: flags.precision }, context);
  const lines = createInterface({
    input: io.stdin,
    output: io.stderr,
    terminal: io.stdin.isTTY === true,
    prompt: "> ",
  });
  io.signal.addEventListener("abort", () => lines.close(), { once: true });
  // On a terminal readline hears Ctrl-C itself.
  lines.on("SIGINT", () => process.kill(process.pid, "SIGINT"));
  const messages: ChatMessage[] =
    flags.system === undefined ? [] : [{ role: "system", content: flags.system }];
  const session = runner.start();
  let fed: number[] = [];
  try {
    if (io.stdin.isTTY) lines.prompt();
    for await (const line of lines) {
      if (line.trim() === "") break;
      messages.push({ role: "user", content: line });
      const prompt = encodeChat(text, messages);
      // What the cache already holds is not fed again.
      const shared = commonPrefix(fed, prompt);
      session.rewind(shared);
      const { maxTokens, temperature, seed } = flags;
      const onText = (piece: string) => void io.stdout.write(piece);
      const options = { maxTokens, temperature, seed, session, onText };
      const result = await answer({ runner, text }, prompt.slice(shared), options, context);
      fed = [...prompt, ...result.ids].slice(0, session.length);
      messages.push({ role: "assistant", content: result.text });
      say(io);
      if (result.finish === "context") say(io, "(the context is full)");
      if (io.stdin.isTTY) lines.prompt();
    }
  } catch (error) {
    if (!io.signal.aborted || !isPippinError(error)) throw error;
    say(io);
  } finally {
    lines.close();
    await runner.close();
    await opened.opened.close();
  }
}

/** Tokens that two sequences begin with; one less than the new one has, since something must be fed. */
function commonPrefix(old: readonly number[], next: readonly number[]): number {
  let length = 0;
  while (length < old.length && length < next.length - 1 && old[length] === next[length]) length++;
  return length;
}
