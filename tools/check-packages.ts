/**
 * Checks every published package as npm will see it: publint for its manifest, attw for its types, and what is in the
 * archive. Needs a build.
 */
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";

const problems: string[] = [];
for (const manifest of globSync(["packages/*/package.json", "apps/*/package.json"]).sort()) {
  const folder = manifest.replace(/[/\\]package\.json$/, "");
  check(folder, "publint", [folder, "--strict"]);
  checkContents(folder);
  // The command line exports nothing to type.
  if (folder.startsWith("packages")) check(folder, "attw", ["--pack", folder, "--profile", "esm-only"]);
}
console.log(problems.length === 0 ? "packages are fit to publish" : problems.join("\n"));
process.exitCode = problems.length === 0 ? 0 : 1;

function check(folder: string, tool: string, args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(tool, args, {
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (status !== 0) problems.push(`${tool} ${folder}:\n${stdout}${stderr}`);
}

function checkContents(folder: string): void {
  const { stdout, stderr } = spawnSync("npm", ["pack", "--dry-run", "--json"], {
    cwd: folder,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  for (const name of ["LICENSE", "README.md", "package.json"])
    if (!new RegExp(`"path": "${name}"`).test(stdout))
      problems.push(`${folder}: no ${name} in it\n${stderr}`);
}
