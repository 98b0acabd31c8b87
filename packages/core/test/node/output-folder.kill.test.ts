import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { recoverOutputFolder } from "../../src/node/output-folder.ts";

const KILLS = 12;

test("a process killed at any moment leaves a whole folder", async () => {
  const parent = await mkdtemp(join(tmpdir(), "pippin-core-"));
  const target = join(parent, "out");
  await mkdir(target);
  await writeFile(join(target, "of-the-user"), "kept");
  for (let kill = 0; kill < KILLS; kill++) {
    await killWhileWriting(target, kill * 1_000_000);
    await recoverOutputFolder(target);
    const generation = await readFile(join(target, "a"), "utf8");
    expect((await readdir(target)).sort()).toEqual(["a", "b", "of-the-user", `package-${generation}`]);
    expect(await readFile(join(target, "b"), "utf8")).toBe(generation);
    expect(await readFile(join(target, `package-${generation}`), "utf8")).toBe(generation);
    expect(await readFile(join(target, "of-the-user"), "utf8")).toBe("kept");
    expect(await readdir(parent)).toEqual(["out"]);
  }
  await rm(parent, { recursive: true });
});

/** Kills after its first folder is whole, at a moment that differs each time: the swaps take up most of the loop. */
async function killWhileWriting(target: string, generation: number): Promise<void> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, "write-generations.ts"), target, String(generation)],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const exited = once(child, "exit");
  await once(child.stdout, "data");
  await delay(((generation / 1_000_000) * 0.618034 * 20) % 20);
  child.kill("SIGKILL");
  await exited;
}
