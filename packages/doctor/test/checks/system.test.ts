import type { Machine } from "../../src/index.ts";
import { type Case, match, testRows } from "../support/rows.ts";

const SYSTEM: Case[] = [
  { id: "os", when: "a Mac", expected: { status: "ok", found: match(/^macOS 15\.2, /) } },
  {
    id: "os",
    when: "Windows",
    machine: { platform: "win32", release: "10.0.26100", arch: "x64" },
    expected: { status: "ok", found: "Windows 10.0.26100, x64" },
  },
  {
    id: "os",
    when: "another system",
    machine: { platform: "freebsd", release: "14.1", arch: "x64" },
    expected: { status: "unknown", found: "freebsd 14.1, x64" },
  },
  {
    id: "node",
    when: "found",
    machine: { nodeVersion: "22.18.0" },
    expected: { status: "ok", found: "22.18.0" },
  },
  {
    id: "node",
    when: "too old",
    machine: { nodeVersion: "22.17.1" },
    expected: { status: "tooOld", found: "22.17.1", fix: match(/nodejs\.org/) },
  },
  {
    id: "node",
    when: "says no version",
    machine: { nodeVersion: "nightly" },
    expected: { status: "broken" },
  },
  { id: "simd", when: "found", expected: { status: "ok" } },
  { id: "simd", when: "missing", machine: { webAssemblySimd: false }, expected: { status: "missing" } },
  {
    id: "memory",
    when: "found",
    machine: { memory: { totalBytes: 8e9, availableBytes: 512e6 } },
    expected: { status: "ok", found: "512 MB free of 8.0 GB" },
  },
  {
    id: "memory",
    when: "known only in all",
    machine: { memory: { totalBytes: 16e9 } },
    expected: { status: "ok", found: "16.0 GB in all" },
  },
  {
    id: "memory",
    when: "too little",
    machine: { memory: { totalBytes: 8e9, availableBytes: 511e6 } },
    expected: { status: "missing" },
  },
  {
    id: "disk",
    when: "the folder is gone",
    machine: { currentFolder: "/nowhere/at/all" },
    expected: { status: "broken", found: "this folder does not exist any more" },
  },
  ...["disk", "cache-disk"].flatMap((id): Case[] => [
    {
      id,
      when: "found",
      machine: space({ freeBytes: 1e9, writable: true }),
      expected: { status: "ok", found: match(/^1\.0 GB free at \//) },
    },
    {
      id,
      when: "too little",
      machine: space({ freeBytes: 999e6, writable: true }),
      expected: { status: "missing", found: match(/^999 MB free/) },
    },
    {
      id,
      when: "not writable",
      machine: space({ freeBytes: 1e12, writable: false }),
      expected: { status: "broken", found: match(/cannot be written$/), prevents: match(/be written/) },
    },
    {
      id,
      when: "cannot be read",
      machine: { diskSpace: async () => undefined },
      expected: { status: "unknown" },
    },
  ]),
];

function space(value: Awaited<ReturnType<Machine["diskSpace"]>>): Partial<Machine> {
  return { diskSpace: async () => value };
}

testRows(SYSTEM, {
  os: ["tooOld", "missing", "broken"],
  node: ["missing"],
  simd: ["tooOld", "broken"],
  memory: ["tooOld", "broken"],
  disk: ["tooOld"],
  "cache-disk": ["tooOld"],
});
