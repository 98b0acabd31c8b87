import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, inject, test } from "vitest";
import { runInProcess } from "./support/in-process.ts";
import { type CliResult, startCli } from "./support/run-cli.ts";
import { writeSyntheticModel } from "./support/synthetic-model.ts";
import { filesIn, sameFiles, tempFolder } from "./support/temp-folder.ts";

/** 27 MB of output: enough that worker threads write it too. */
const MODEL = { layers: 4, hidden: 512, vocab: 4000, fill: "noise" } as const;
const KILLS = 8;
/** A machine that is too busy for all of them within this time does fewer. */
const MAX_MS = 28_000;
/** The golden ratio's fraction: multiples of it cover the time evenly, however many there are. */
const SPREAD = 0.618034;
/** A file of somebody else in the folder that is replaced; it may be late, but is never lost. */
const NOTES = "notes.txt";

type State = "absent" | "old" | "new" | "something else";

interface Scene {
  readonly cwd: string;
  readonly fresh: ReadonlyMap<string, Buffer>;
  /** Brings the target into the state before each kill. */
  prepare(): void;
}

test("kill -9 at up to 8 moments of a conversion to a fresh folder leaves nothing that only looks finished", async () => {
  const { cwd, fresh } = await stage();
  const prepare = () => rmSync(join(cwd, "out"), { recursive: true, force: true });
  const outcomes = await killRepeatedly({ cwd, fresh, prepare }, ["absent", "new"]);
  expect(outcomes.absent).toBeGreaterThan(0);
}, 180_000);

test("kill -9 at up to 8 moments of a conversion with --force leaves the old package or the new one", async () => {
  const { cwd, fresh } = await stage();
  const old = filesIn(inject("converted"));
  const prepare = () => {
    rmSync(join(cwd, "out"), { recursive: true, force: true });
    cpSync(inject("converted"), join(cwd, "out"), { recursive: true });
    writeFileSync(join(cwd, "out", NOTES), "mine");
  };
  const outcomes = await killRepeatedly({ cwd, fresh, prepare }, ["absent", "old", "new"], old);
  expect(outcomes.old).toBeGreaterThan(0);
}, 180_000);

test("a run that was killed when the old package lay aside: what it held does not come back into the next one", async () => {
  const { cwd, fresh } = await stage();
  cpSync(inject("converted"), join(cwd, ".out.pippin-replaced"), { recursive: true });
  writeFileSync(join(cwd, ".out.pippin-replaced", NOTES), "mine");
  const again = await runInProcess(["convert", join(cwd, "../model"), "--out", join(cwd, "out"), "--force"]);
  expect(again).toMatchObject({ status: 0, stderr: "" });
  expect(stateOf(join(cwd, "out"), fresh)).toBe("new");
  expect(readdirSync(join(cwd, "out"))).toContain(NOTES);
  expect(readdirSync(cwd)).toEqual(["out"]);
}, 60_000);

/** A folder with the model, and what a clean conversion of it holds. */
async function stage(): Promise<Omit<Scene, "prepare">> {
  const cwd = tempFolder();
  writeSyntheticModel(join(cwd, "model"), MODEL);
  mkdirSync(join(cwd, "work"));
  const clean = await runInProcess(["convert", join(cwd, "model"), "--out", join(cwd, "clean")]);
  expect(clean.status).toBe(0);
  return { cwd: join(cwd, "work"), fresh: filesIn(join(cwd, "clean")) };
}

async function killRepeatedly(
  { cwd, fresh, prepare }: Scene,
  allowed: readonly State[],
  old?: ReadonlyMap<string, Buffer>,
): Promise<Record<State, number>> {
  const outcomes = { absent: 0, old: 0, new: 0, "something else": 0 };
  const args = ["convert", "../model", "--out", "out", "--force"];
  prepare();
  const { writingMs } = await timed(startCli(args, { cwd }).result, cwd);
  const began = performance.now();
  for (let round = 0; round < KILLS && performance.now() - began < MAX_MS; round++) {
    prepare();
    const { child, result } = startCli(args, { cwd });
    // Every fifth falls into the start, the others are spread over the writing and a little beyond.
    if (round % 5 === 0) await sleep(((round * SPREAD) % 1) * 200);
    else {
      await untilWriting(cwd, result);
      await sleep(((round * SPREAD) % 1) * writingMs * 1.2);
    }
    child.kill("SIGKILL");
    await result;
    const state = stateOf(join(cwd, "out"), fresh, old);
    outcomes[state]++;
    expect(allowed, `after kill ${round}`).toContain(state);
    const again = await runInProcess([
      "convert",
      join(cwd, "../model"),
      "--out",
      join(cwd, "out"),
      "--force",
    ]);
    expect(again, `after kill ${round}`).toMatchObject({ status: 0, stderr: "" });
    expect(stateOf(join(cwd, "out"), fresh)).toBe("new");
    expect(existsSync(join(cwd, "out", NOTES))).toBe(old !== undefined);
    expect(readdirSync(cwd)).toEqual(["out"]);
  }
  return outcomes;
}

function stateOf(
  out: string,
  fresh: ReadonlyMap<string, Buffer>,
  old: ReadonlyMap<string, Buffer> = new Map(),
): State {
  if (!existsSync(out)) return "absent";
  const found = filesIn(out);
  if (sameFiles(found, fresh, [NOTES])) return "new";
  return sameFiles(found, old, [NOTES]) ? "old" : "something else";
}

async function timed(result: Promise<CliResult>, cwd: string): Promise<{ readonly writingMs: number }> {
  await untilWriting(cwd, result);
  const began = performance.now();
  expect((await result).status).toBe(0);
  return { writingMs: performance.now() - began };
}

/** Resolves when a staging folder is there, or the process has ended. */
async function untilWriting(cwd: string, result: Promise<CliResult>): Promise<void> {
  let ended = false;
  void result.then(() => {
    ended = true;
  });
  while (!ended && !readdirSync(cwd).some((name) => name.startsWith(".out.pippin-writing-"))) await sleep(1);
}
