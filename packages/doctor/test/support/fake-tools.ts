import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

/** What a fake tool does when it is called. */
export interface Reply {
  readonly stdout?: string;
  readonly stderr?: string;
  readonly status?: number;
  /** Written to the last argument. */
  readonly file?: string;
  /** Lines of sh in place of all that. */
  readonly script?: string;
}

/** One reply to everything, or replies by the arguments, as sh patterns; the first that matches counts. */
export type Fake = Reply | readonly (readonly [args: string, reply: Reply])[];

export type Fakes = Readonly<Record<string, Fake>>;

export function tempFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "pippin-doctor-test-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Puts executables with these names into a folder. Each is a process of its own, as the real tool is. */
export function writeFakes(folder: string, fakes: Fakes): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, fake] of Object.entries(fakes)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `#!/bin/sh\n${bodyOf(fake)}`);
    chmodSync(path, 0o755);
  }
}

function bodyOf(fake: Fake): string {
  if (!Array.isArray(fake)) return linesOf(fake as Reply);
  const cases = fake.map(([args, reply]) => `${args.replaceAll(" ", "\\ ")}) ${linesOf(reply)} ;;\n`);
  return `case "$*" in\n${cases.join("")}*) echo "fake: unexpected: $*" >&2; exit 64 ;;\nesac\n`;
}

function linesOf({ stdout = "", stderr = "", status = 0, file, script }: Reply): string {
  if (script !== undefined) return script;
  const write = file === undefined ? "" : `for last; do :; done; printf '%s' ${quoted(file)} > "$last"; `;
  return `${write}printf '%s' ${quoted(stdout)}; printf '%s' ${quoted(stderr)} >&2; exit ${status}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Sleeps in a child that keeps the pipes open, as tools that wait for a service do. */
export const HANGS: Reply = { script: "/bin/sleep 600 & wait" };
export const FAILS: Reply = { stderr: "Segmentation fault in module 7\n", status: 1 };
export const CRASHES: Reply = { script: "kill -SEGV $$" };
export const FLOODS: Reply = { script: "while :; do printf '%01000d' 0; done" };
export const GARBAGE: Reply = { stdout: "\u001b[2J\u001b]0;owned\u0007 99.9 \u202eever\u0000\n<html>\n" };
