import { createWriteStream, type WriteStream } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { finished } from "node:stream/promises";

/** A program that prints without end must not fill the disk. */
const MAX_BYTES = 16 << 20;
const MAX_LINE = 4000;
/** Logs of earlier runs that stay. */
const KEPT = 20;

/** What a program prints, kept for those who look for the reason of a failure. */
export interface LogFile {
  readonly path: string;
  write(line: string): void;
  close(): Promise<void>;
}

/** Opens a new log and removes the oldest ones beside it. A log that cannot be written does not stop the work. */
export async function openLog(path: string): Promise<LogFile> {
  await mkdir(dirname(path), { recursive: true });
  await removeOld(dirname(path));
  const stream = createWriteStream(path, { flags: "a", mode: 0o600 });
  let failed = false;
  stream.on("error", () => {
    failed = true;
  });
  let left = MAX_BYTES;
  return {
    path,
    write(line) {
      if (left <= 0 || failed) return;
      const text = `${line.slice(0, MAX_LINE)}\n`;
      left -= text.length;
      stream.write(left > 0 ? text : "… the rest is left out\n");
    },
    close: () => end(stream),
  };
}

async function end(stream: WriteStream): Promise<void> {
  stream.end();
  await finished(stream).catch(() => undefined);
}

/** Names begin with the time, so that they sort by it. */
async function removeOld(folder: string): Promise<void> {
  const logs = (await readdir(folder)).filter((name) => name.endsWith(".log")).sort();
  for (const name of logs.slice(0, -KEPT + 1)) await rm(join(folder, name), { force: true });
}
