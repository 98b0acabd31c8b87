import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

/** What is installed, and how: what the data packages depend on is not needed. */
const REQUIREMENTS = [
  { file: join(import.meta.dirname, "requirements.txt"), flags: [] },
  { file: join(import.meta.dirname, "requirements-data.txt"), flags: ["--no-deps"] },
] as const;

/** Says on stderr which of the given `name==version` are not installed; a local version such as `+cpu` is fine. */
const CHECK_VERSIONS = `
import sys
from importlib.metadata import PackageNotFoundError, version
def installed(name):
    try:
        return version(name).split("+")[0]
    except PackageNotFoundError:
        return None
wrong = [pin for pin in sys.argv[1:] if installed(pin.split("==")[0]) != pin.split("==")[1]]
sys.exit(", ".join(wrong) or 0)
`;

/** The environment cannot be made; the message says why and what to do. */
export class PythonMissing extends Error {}

/** Where this machine keeps what the oracle tests made. */
export function cacheFolder(): string {
  return process.env.PIPPIN_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "pippin");
}

/**
 * The Python of the oracle tests with the pinned packages; makes or completes the environment when that is needed.
 *
 * @throws PythonMissing
 */
export function preparePython(): string {
  const venv = join(cacheFolder(), "python");
  const python =
    process.platform === "win32" ? join(venv, "Scripts", "python.exe") : join(venv, "bin", "python");
  const marker = join(venv, "pippin-requirements.sha256");
  const hash = createHash("sha256");
  for (const { file } of REQUIREMENTS) hash.update(readFileSync(file));
  const wanted = hash.digest("hex");
  if (existsSync(python) && existsSync(marker) && readFileSync(marker, "utf8") === wanted) return python;
  if (!existsSync(python)) createVenv(venv);
  if (!hasAll(python)) install(python);
  writeFileSync(marker, wanted);
  return python;
}

function createVenv(venv: string): void {
  const python = process.env.PIPPIN_PYTHON ?? "python3";
  console.log(`making a Python environment in ${venv}`);
  mkdirSync(dirname(venv), { recursive: true });
  const { error, status } = spawnSync(python, ["-m", "venv", venv], { stdio: "inherit" });
  if (error || status !== 0) {
    throw new PythonMissing(
      `${python} -m venv failed${error ? `: ${error.message}` : ""}\n` +
        "hint:  Install Python 3.11 with venv (Debian: python3 and python3-venv), or name one in PIPPIN_PYTHON.",
    );
  }
}

function hasAll(python: string): boolean {
  const pins = REQUIREMENTS.flatMap(({ file }) => readFileSync(file, "utf8").match(/^\S+==\S+$/gm) ?? []);
  const { status, stderr } = spawnSync(python, ["-c", CHECK_VERSIONS, ...pins], { encoding: "utf8" });
  if (status !== 0) console.log(`to install: ${stderr.trim()}`);
  return status === 0;
}

function install(python: string): void {
  for (const { file, flags } of REQUIREMENTS) {
    const args = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...flags, "-r", file];
    const { status } = spawnSync(python, args, { stdio: "inherit" });
    if (status !== 0) {
      throw new PythonMissing(
        `pip could not install ${file}\n` +
          "hint:  The packages exist for Python 3.11 on x86-64 and arm64; name another Python in PIPPIN_PYTHON " +
          "and delete the environment, or look at pip's message above.",
      );
    }
  }
}
