import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";

const run = promisify(execFile);
const PACKAGE = fileURLToPath(new URL("..", import.meta.url));

const readme = () => readFile(join(PACKAGE, "README.md"), "utf8");

/** A project that has installed the packed tarball, with its dependencies linked. */
async function installed(): Promise<string> {
  const project = await mkdtemp(join(tmpdir(), "pippin-package-"));
  onTestFinished(() => rm(project, { recursive: true, force: true }));
  const scope = join(project, "node_modules", "@pippin");
  await mkdir(join(scope, "checkpoint"), { recursive: true });
  const packed = await run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", project], {
    cwd: PACKAGE,
  });
  const [{ filename }] = Object.values<{ filename: string }>(JSON.parse(packed.stdout)) as [
    { filename: string },
  ];
  await run("tar", ["-xzf", filename, "-C", join(scope, "checkpoint"), "--strip-components=1"], {
    cwd: project,
  });
  for (const name of ["core", "kernels"]) await symlink(join(PACKAGE, "..", name), join(scope, name), "dir");
  await symlink(join(PACKAGE, "../../node_modules/zod"), join(project, "node_modules", "zod"), "dir");
  return project;
}

async function evaluate(code: string, cwd: string): Promise<string> {
  return (await run(process.execPath, ["--input-type=module", "--eval", code], { cwd })).stdout;
}

test("the packed tarball exports what the README's tables list", async () => {
  const code = `console.log(JSON.stringify(await Promise.all(["@pippin/checkpoint", "@pippin/checkpoint/node"]
    .map(async (name) => Object.keys(await import(name))))))`;
  const exported: string[][] = JSON.parse(await evaluate(code, await installed()));
  const listed = [...(await readme()).matchAll(/^\| `(\w+)/gm)].map((match) => match[1]);
  expect(listed.sort()).toEqual(exported.flat().sort());
});

test("the README's example prints what the README says", async () => {
  const [, code, output] = /```js\n(.*?)```.*?```\n(.*?)```/s.exec(await readme()) ?? [];
  expect(await evaluate(code!, PACKAGE)).toBe(output);
});

test("the browser's entry imports nothing of Node", async () => {
  const entry = await readFile(join(PACKAGE, "dist/index.js"), "utf8");
  const chunks = [...entry.matchAll(/from "(\.\/[^"]+)"/g)].map((match) => join(PACKAGE, "dist", match[1]!));
  const texts = await Promise.all(chunks.map((chunk) => readFile(chunk, "utf8")));
  expect([entry, ...texts].join("\n")).not.toMatch(/["']node:/);
});
