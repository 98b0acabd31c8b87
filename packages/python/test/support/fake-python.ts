import { chmodSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** An empty folder that goes when the test has ended. */
export function tempFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "pippin-python-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Variables that let the fakes run. */
export const ENV: Readonly<Record<string, string>> = { PATH: process.env.PATH ?? "" };

const PRELUDE = `
const fs = require("node:fs");
const path = require("node:path");
const { spawn } = require("node:child_process");
const args = process.argv.slice(2);
const say = (kind, fields) => console.log(JSON.stringify({ pippin: kind, ...fields }));
const hang = () => setInterval(() => undefined, 1000);
`;

/** An executable that is called as Python is, and does what the JavaScript of \`body\` says. */
export function fakePython(body: string, folder: string = tempFolder(), name = "python"): string {
  const path = join(folder, name);
  writeFileSync(path, `#!${process.execPath}\n${PRELUDE}\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Whether a process runs; one that nobody has waited for does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (process.platform !== "linux") return true;
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
