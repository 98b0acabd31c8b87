import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { runCli, startCli } from "./support/run-cli.ts";
import { writeSyntheticModel } from "./support/synthetic-model.ts";
import { tempFolder } from "./support/temp-folder.ts";

/** 436 MB of bf16, sparse: long enough that a signal sent when writing begins lands in the middle. */
const LARGE = { layers: 12, hidden: 1024, vocab: 64_000, fill: "zeros" } as const;

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s in the middle leaves nothing behind: status 130",
  async (name) => {
    const cwd = tempFolder();
    writeSyntheticModel(join(cwd, "model"), LARGE);
    const { child, result } = startCli(["convert", "model", "--out", "out"], { cwd });
    await writingBegan(cwd, result);
    child.kill(name);
    const { status, signal, stdout, stderr } = await result;
    expect({ status, signal, stdout }).toEqual({ status: 130, signal: null, stdout: "" });
    expect(stderr).toMatch(/^error: the operation was cancelled \[CORE_CANCELLED\]\nhint: [^\n]*\n$/);
    expect(readdirSync(cwd)).toEqual(["model"]);
  },
);

test("Ctrl-C while a model answers ends with status 130 and a clean last line", async () => {
  const cwd = tempFolder();
  writeSyntheticModel(join(cwd, "model"), { layers: 2, hidden: 512, vocab: 8000, fill: "noise" });
  expect((await runCli(["convert", "model", "--out", "out"], { cwd })).status).toBe(0);
  const { child, result } = startCli(["verify", "out", "--against", "model", "--tokens", "200"], { cwd });
  await sleep(400);
  child.kill("SIGINT");
  const { status, stdout, stderr } = await result;
  expect({ status, stdout }).toEqual({ status: 130, stdout: "" });
  expect(stderr).not.toContain("    at ");
});

test("Ctrl-C behind the conversion of a deploy leaves the whole package, and says how to go on", async () => {
  const cwd = tempFolder();
  writeSyntheticModel(join(cwd, "model"), { layers: 4, hidden: 512, vocab: 8000, fill: "noise" });
  const { child, result } = startCli(["deploy", "model", "--out", "out"], { cwd });
  while (!existsSync(join(cwd, "out"))) await sleep(1);
  child.kill("SIGINT");
  const { status, stderr } = await result;
  expect(status).toBe(130);
  expect(stderr).toContain(
    "hint:  The package in out is whole; run the command again with --force to do all of it.",
  );
  expect(existsSync(join(cwd, "out/pippin-manifest.json"))).toBe(true);
});

/** Resolves when the weight file of `out` lies in its staging folder. */
async function writingBegan(cwd: string, result: Promise<unknown>): Promise<void> {
  let ended = false;
  void result.then(() => {
    ended = true;
  });
  while (!ended) {
    const staging = readdirSync(cwd).find((name) => name.startsWith(".out.pippin-writing-"));
    if (staging !== undefined) {
      const weights = join(cwd, staging, "out/model.mlpackage/Data/com.apple.CoreML/weights/weight.bin");
      if (existsSync(weights)) return;
    }
    await sleep(1);
  }
  throw new Error("the conversion ended before it was interrupted");
}
