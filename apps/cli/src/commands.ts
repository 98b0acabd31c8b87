import type { Command } from "commander";
import type { Io } from "./terminal/io.ts";

/** What a command's module exports: it adds arguments, options, help and the action. */
export interface CommandModule {
  define(
    command: Command,
    given: { readonly io: Io; readonly argv: readonly string[] },
  ): void | Promise<void>;
}

interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<CommandModule>;
}

/** Every command, in the order of `pippin --help`. Its code is loaded when it is called. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "doctor",
    summary: "say what this machine has and lacks, and what each lack prevents",
    load: () => import("./commands/doctor.ts"),
  },
  {
    name: "deploy",
    summary: "convert a model, verify it, let it answer, and write its app",
    load: () => import("./commands/deploy.ts"),
  },
  {
    name: "fetch",
    summary: "fetch a model from the Hugging Face Hub, resumable and verified",
    load: () => import("./commands/fetch.ts"),
  },
  {
    name: "plan",
    summary: "say which devices a model fits, and how fast it will be there, before its weights are fetched",
    load: () => import("./commands/plan.ts"),
  },
  { name: "convert", summary: "write a package from a model", load: () => import("./commands/convert.ts") },
  {
    name: "quantize",
    summary: "compress the weights of a package that exists",
    load: () => import("./commands/quantize.ts"),
  },
  {
    name: "swift",
    summary: "write the Swift package and the demo app of a package",
    load: () => import("./commands/swift.ts"),
  },
  {
    name: "verify",
    summary: "compare a package with the original weights",
    load: () => import("./commands/verify.ts"),
  },
  {
    name: "chat",
    summary: "talk to a converted package on this machine",
    load: () => import("./commands/chat.ts"),
  },
  { name: "generate", summary: "answer one prompt", load: () => import("./commands/generate.ts") },
  {
    name: "tokenizer",
    summary: "turn text into ids and back, render chats, export a model's tokenizer",
    load: () => import("./commands/tokenizer.ts"),
  },
  {
    name: "inspect",
    summary: "show what is inside a model or a package",
    load: () => import("./commands/inspect.ts"),
  },
  {
    name: "merge-shards",
    summary: "write a sharded checkpoint as one safetensors file",
    load: () => import("./commands/merge-shards.ts"),
  },
  {
    name: "cache",
    summary: "list and remove what was fetched",
    load: () => import("./commands/cache.ts"),
  },
  {
    name: "python",
    summary: "look after the Python environment of --engine coremltools",
    load: () => import("./commands/python.ts"),
  },
];
