import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";

const run = promisify(execFile);
const PACKAGE = join(import.meta.dirname, "..");

interface PackageJson {
  readonly dependencies: Readonly<Record<string, string>>;
}

/** A project that has installed the packed tarball, with the dependencies that its package.json names linked. */
async function installed(): Promise<string> {
  const project = await mkdtemp(join(tmpdir(), "pippin-package-"));
  onTestFinished(() => rm(project, { recursive: true, force: true }));
  const target = join(project, "node_modules", "@pippin", "coreml");
  await mkdir(target, { recursive: true });
  const options = ["--json", "--ignore-scripts", "--pack-destination", project];
  const packed = await run("npm", ["pack", ...options], { cwd: PACKAGE });
  const [{ filename }] = Object.values<{ filename: string }>(JSON.parse(packed.stdout)) as [
    { filename: string },
  ];
  await run("tar", ["-xzf", filename, "-C", target, "--strip-components=1"], { cwd: project });
  const { dependencies }: PackageJson = JSON.parse(await readFile(join(target, "package.json"), "utf8"));
  for (const name of Object.keys(dependencies)) {
    const place = join(project, "node_modules", name);
    await mkdir(join(place, ".."), { recursive: true });
    await symlink(join(PACKAGE, "../../node_modules", name), place, "dir");
  }
  return project;
}

async function exportsOf(name: string, cwd: string): Promise<string[]> {
  const code = `console.log(JSON.stringify(Object.keys(await import("${name}"))))`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", code], { cwd });
  return JSON.parse(stdout);
}

test("the packed tarball imports, and README lists all that it exports", async () => {
  const project = await installed();
  const readme = await readFile(join(PACKAGE, "README.md"), "utf8");
  const listed = new Set([...readme.matchAll(/`(\w+)`/g)].map((match) => match[1]!));
  for (const entry of ["@pippin/coreml", "@pippin/coreml/program"]) {
    const exported = await exportsOf(entry, project);
    expect(exported.length).toBeGreaterThan(0);
    expect(exported.filter((name) => !listed.has(name))).toEqual([]);
  }
});
