import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { PIP_CHAT, runCli } from "./run-cli.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A conversion of models/pip-chat that tests read and none changes. */
    readonly converted: string;
    /** Where commands of documents keep what they measured. */
    readonly documentsCache: string;
  }
}

/** Converts the bundled model once for all tests. */
export async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), "pippin-cli-converted-"));
  const converted = join(folder, "pip");
  const { status, stderr } = await runCli(["convert", PIP_CHAT, "--out", converted]);
  if (status !== 0) throw new Error(`the bundled model could not be converted: ${stderr}`);
  project.provide("converted", converted);
  project.provide("documentsCache", join(folder, "cache"));
  return () => rmSync(folder, { recursive: true, force: true });
}
