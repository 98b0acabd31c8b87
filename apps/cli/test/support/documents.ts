import { readFileSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { expect } from "vitest";
import { pipFiles, startHub } from "./hub.ts";
import { REPOSITORY, runCli } from "./run-cli.ts";
import { tempFolder } from "./temp-folder.ts";

/** What a document expects in the folder in which its commands run. */
export const RAW_BACKEND: string = join(import.meta.dirname, "../fixtures/raw-backend");
const SCENES: Readonly<Record<string, readonly string[]>> = {
  "docs/backends.md": [join(RAW_BACKEND, "pippin.json"), join(RAW_BACKEND, "raw-backend.js")],
};

/** Commands of all sh fences, in order: lines, split at `&&`, without comments. */
function commandsOf(file: string): string[] {
  const text = readFileSync(join(REPOSITORY, file), "utf8");
  const fences = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, body]) => body!);
  return fences
    .flatMap((body) => body.replaceAll("\\\n", " ").split("\n"))
    .flatMap((line) => line.replace(/(^|\s)#.*$/, "").split("&&"))
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** Words as a shell reads them, for the simple quoting that documents use. */
export function wordsOf(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c!);
}

function npmProblem(command: string): string | undefined {
  const { scripts } = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8"));
  const [, verb = "", script = ""] = command.split(/\s+/);
  const name = verb === "run" ? script : verb;
  if (["ci", "install"].includes(verb) || name in scripts) return undefined;
  return `package.json has no script ${name}`;
}

/** Repositories that documents name: the bundled model stands for each. */
const REPOSITORIES = [
  ...["Qwen/Qwen2.5-0.5B-Instruct", "Qwen/Qwen2.5-1.5B-Instruct"].map((id) => ({ id, files: pipFiles() })),
  {
    id: "bartowski/Qwen2.5-0.5B-Instruct-GGUF",
    files: { "Qwen2.5-Q8_0.gguf": "GGUF", "Qwen2.5-Q4_0.gguf": "GGUF" },
  },
];

/**
 * Runs the commands of a document as they are written; each must succeed and warn of nothing.
 *
 * @param cache - where measurements are kept, so that two documents do not make the same one.
 */
export async function runDocument(file: string, cache: string): Promise<void> {
  const cwd = tempFolder();
  const hub = await startHub({ repos: REPOSITORIES });
  for (const path of [join(REPOSITORY, "models"), ...(SCENES[file] ?? [])]) {
    symlinkSync(path, join(cwd, basename(path)));
  }
  for (const command of commandsOf(file)) {
    if (command.startsWith("npm ")) {
      expect(npmProblem(command), command).toBeUndefined();
      continue;
    }
    const [npx, name, ...args] = wordsOf(command);
    expect([npx, name], command).toEqual(["npx", "pippin"]);
    const { status, stderr } = await runCli(args, { cwd, env: { ...hub.env, PIPPIN_CACHE: cache } });
    expect({ status, stderr }, command).toEqual({ status: 0, stderr: "" });
  }
}
