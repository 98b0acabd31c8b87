import { askTool } from "../ask-tool.ts";
import { examineDisk, formatSize } from "../disk-space.ts";
import type { Examination, Finding, Row } from "../examination.ts";
import { osRelease } from "../install-line.ts";
import { cleanText } from "../tool-text.ts";
import { isAtLeast, parseVersion } from "../version.ts";

/** Pippin's packages name it in `engines`. */
const LEAST_NODE = [22, 18];

/** A conversion of 3.1 GB of weights peaks at 172 MB (docs/status.md); three times that leaves room for others. */
const LEAST_MEMORY_BYTES = 512e6;

const NODE_ONLY = ["convert", "coreml"] as const;

const OWN_FOLDER = {
  unwritable: {
    prevents: "Nothing can be written into this folder, whatever room its disk has.",
    fix: "work in a folder of your own",
  },
  full: "free some space, or work on another disk",
};

const CACHE_FOLDER = {
  unwritable: {
    prevents: "Measurements and Python environments cannot be written there.",
    fix: "change the folder's permissions, or set PIPPIN_CACHE to a folder of your own",
  },
  full: "free some space, or set PIPPIN_CACHE to a folder on another disk",
};

/** What runs Pippin itself. */
export const SYSTEM_ROWS: readonly Row[] = [
  {
    id: "os",
    title: "Operating system",
    group: "system",
    needed: "Linux, macOS or Windows",
    prevents: "Pippin is written for these three; on others it was never started.",
    for: [],
    helps: NODE_ONLY,
    examine: system,
  },
  {
    id: "node",
    title: "Node.js",
    group: "system",
    needed: "22.18 or newer",
    prevents: "Without it no command of Pippin runs.",
    for: ["convert", "coreml", "hub"],
    helps: [],
    examine: async ({ machine }) => {
      const fix = "install Node 24 from https://nodejs.org";
      const version = parseVersion(machine.nodeVersion);
      const found = cleanText(machine.nodeVersion);
      if (version === undefined) return { status: "broken", found, fix };
      return isAtLeast(version, LEAST_NODE) ? { status: "ok", found } : { status: "tooOld", found, fix };
    },
  },
  {
    id: "simd",
    title: "WebAssembly SIMD",
    group: "system",
    needed: "128-bit vectors in this Node's WebAssembly",
    prevents: "The kernels that convert weights do not load.",
    for: NODE_ONLY,
    helps: [],
    examine: async ({ machine }) =>
      machine.webAssemblySimd
        ? { status: "ok", found: "works" }
        : {
            status: "missing",
            found: "this Node refuses a module that uses it",
            fix: "use an official build of Node for a processor with SSE4.1 or NEON, from https://nodejs.org",
          },
  },
  {
    id: "memory",
    title: "Memory",
    group: "system",
    needed: "512 MB free to convert",
    prevents:
      "Converting may end without memory; chat and verify hold a model's weights, and need more than their size.",
    for: NODE_ONLY,
    helps: [],
    examine: memory,
  },
  {
    id: "disk",
    title: "Disk, this folder",
    group: "system",
    needed: "1 GB free, and as much as the model's weights",
    prevents:
      "A package does not fit: it is about as large as its model, 3.1 GB for 1.5 billion parameters in fp16.",
    for: NODE_ONLY,
    helps: [],
    examine: async ({ machine }) =>
      (await machine.exists(machine.currentFolder))
        ? examineDisk(machine, machine.currentFolder, OWN_FOLDER)
        : { status: "broken", found: "this folder does not exist any more", fix: "change to another folder" },
  },
  {
    id: "cache-disk",
    title: "Disk, cache folder",
    group: "system",
    needed: "1 GB free",
    prevents: "Measurements and Python environments cannot be kept; PIPPIN_CACHE names another folder.",
    for: [],
    helps: ["python"],
    examine: ({ machine }) => examineDisk(machine, machine.cacheFolder, CACHE_FOLDER),
  },
];

async function system(examination: Examination): Promise<Finding> {
  const { platform, arch, release } = examination.machine;
  const name = await systemName(examination);
  const known = ["linux", "darwin", "win32"].includes(platform);
  const found = `${name ?? `${cleanText(platform)} ${cleanText(release)}`}, ${cleanText(arch)}`;
  return known ? { status: "ok", found } : { status: "unknown", found };
}

async function systemName(examination: Examination): Promise<string | undefined> {
  switch (examination.machine.platform) {
    case "linux": {
      const pretty = /^PRETTY_NAME=["']?([^"'\n]*)/m.exec(await osRelease(examination))?.[1];
      return pretty && cleanText(pretty);
    }
    case "darwin": {
      const answer = await askMacVersion(examination);
      const version = answer.kind === "answered" ? parseVersion(answer.text.trim()) : undefined;
      return version && `macOS ${version.join(".")}`;
    }
    case "win32":
      return `Windows ${cleanText(examination.machine.release)}`;
    default:
      return undefined;
  }
}

/** `sw_vers -productVersion`, once for all rows. */
export function askMacVersion(examination: Examination): ReturnType<typeof askTool> {
  return examination.once("macOS version", () => askTool(examination, ["sw_vers", "-productVersion"]));
}

async function memory({ machine }: Examination): Promise<Finding> {
  const { totalBytes, availableBytes } = machine.memory;
  const found =
    availableBytes === undefined
      ? `${formatSize(totalBytes)} in all`
      : `${formatSize(availableBytes)} free of ${formatSize(totalBytes)}`;
  if ((availableBytes ?? totalBytes) >= LEAST_MEMORY_BYTES) return { status: "ok", found };
  return { status: "missing", found, fix: "close other programs, or raise the container's limit" };
}
