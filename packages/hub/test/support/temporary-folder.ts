import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** Registers what happens when a test ends. Tests that run at once pass the one of their own context. */
export type AtEnd = (work: () => void | Promise<void>) => void;

/** A folder that goes with the test. */
export function temporaryFolder(atEnd: AtEnd = onTestFinished): string {
  const folder = mkdtempSync(join(tmpdir(), "pippin-hub-"));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
