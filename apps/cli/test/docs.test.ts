import { existsSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { pipFiles, startHub } from "./support/hub.ts";
import { REPOSITORY, runCli } from "./support/run-cli.ts";
import { tempFolder } from "./support/temp-folder.ts";

const ROOT_FILES = ["README.md", "CONTRIBUTING.md"];
const DOCS = readdirSync(join(REPOSITORY, "docs"))
  .filter((name) => name.endsWith(".md"))
  .map((name) => `docs/${name}`);
const FILES = [...ROOT_FILES, ...DOCS].filter((name) => existsSync(join(REPOSITORY, name)));

/** What a document expects in the folder in which its commands run. */
const RAW_BACKEND = join(import.meta.dirname, "fixtures/raw-backend");
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
function wordsOf(command: string): string[] {
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

test.each(FILES)("the commands of %s work as they are written", { timeout: 180_000 }, async (file) => {
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
    const env = { ...hub.env, PIPPIN_CACHE: join(cwd, "cache") };
    const { status, stderr } = await runCli(args, { cwd, env });
    expect({ status, stderr }, command).toEqual({ status: 0, stderr: "" });
  }
});

test("apps/cli/README.md prints what its example prints, but for the figures", async () => {
  const cwd = tempFolder();
  symlinkSync(join(REPOSITORY, "models"), join(cwd, "models"));
  const text = readFileSync(join(REPOSITORY, "apps/cli/README.md"), "utf8");
  const [, example, printed] = /```sh\n((?:npx[^\n]*\n)+)```\s+```text\n(.*?)```/s.exec(text)!;
  let output = "";
  for (const command of example!.trim().split("\n")) {
    output += (await runCli(wordsOf(command).slice(2), { cwd })).stdout;
  }
  expect(withoutFigures(output)).toBe(withoutFigures(printed!));
});

/** Times and rounding errors differ between machines. */
function withoutFigures(text: string): string {
  const numbers = text.replaceAll("\\", "/").replaceAll(/\d+(?:\.\d+)?(?:e-?\d+)?/g, "N");
  return numbers.replaceAll(/\bN (?:ms|s|min N s)\b/g, "N s");
}

test("the code of docs/backends.md is the fixture's, word by word", () => {
  const code = readFileSync(join(RAW_BACKEND, "raw-backend.js"), "utf8");
  const document = readFileSync(join(REPOSITORY, "docs/backends.md"), "utf8");
  const excerpts = [...document.matchAll(/^```js\n(.*?)^```$/gms)].map(([, excerpt]) => excerpt!);
  expect(excerpts.length).toBeGreaterThan(3);
  for (const excerpt of excerpts) expect(code).toContain(excerpt);
});
