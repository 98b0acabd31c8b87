import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { access, mkdtemp, open, rm, statfs } from "node:fs/promises";
import os from "node:os";
import { dirname, join } from "node:path";
import { childEnvironment } from "./child-environment.ts";
import { findTool } from "./find-tool.ts";
import type { DiskSpace, HubProbe, Machine, Memory } from "./machine.ts";
import { runTool } from "./run-tool.ts";

export interface NodeMachineOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly currentFolder: string;
  /** Where Pippin keeps its environments and measurements; it need not exist. */
  readonly cacheFolder: string;
  readonly hub?: HubProbe | undefined;
}

/** The smallest module that uses a vector instruction: `v128.const` and `drop`. */
const SIMD_MODULE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 23, 1, 21, 0, 253, 12],
  ...new Array<number>(16).fill(0),
  ...[26, 11],
);

/** The machine that this process runs on. Secrets of `env` are not handed to the tools that are asked. */
export function nodeMachine({ env, currentFolder, cacheFolder, hub }: NodeMachineOptions): Machine {
  const forTools = childEnvironment(env);
  return {
    platform: process.platform,
    arch: process.arch,
    release: os.release(),
    nodeVersion: process.versions.node,
    env,
    currentFolder,
    cacheFolder,
    memory: memory(),
    webAssemblySimd: WebAssembly.validate(SIMD_MODULE),
    hub,
    find: (command) => findTool(command, env),
    async run(command, args, options) {
      const file = await findTool(command, env);
      return file === undefined ? { kind: "missing" } : runTool(file, args, { ...options, env: forTools });
    },
    diskSpace,
    exists: (path) => can(path, constants.F_OK),
    readText,
    withTemporaryFile,
  };
}

function memory(): Memory {
  const limit = process.constrainedMemory();
  // Without a limit the figure is 0, or larger than any memory.
  const totalBytes = limit > 0 ? Math.min(limit, os.totalmem()) : os.totalmem();
  if (process.platform === "darwin") return { totalBytes };
  return { totalBytes, availableBytes: Math.min(process.availableMemory(), totalBytes) };
}

async function diskSpace(folder: string): Promise<DiskSpace | undefined> {
  for (let place = folder; ; place = dirname(place)) {
    try {
      const { bavail, bsize } = await statfs(place);
      return { freeBytes: bavail * bsize, writable: await can(place, constants.W_OK) };
    } catch {
      // Not there yet: it would be made in its parent.
      if (dirname(place) === place) return undefined;
    }
  }
}

async function can(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}

async function readText(path: string, maxBytes: number): Promise<string | undefined> {
  try {
    await using file = await open(path, "r");
    const { buffer, bytesRead } = await file.read(Buffer.alloc(maxBytes), 0, maxBytes, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } catch {
    // Callers ask for files that need not be there.
    return undefined;
  }
}

async function withTemporaryFile<Result>(use: (path: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(os.tmpdir(), "pippin-doctor-"));
  try {
    return await use(join(folder, randomUUID()));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
