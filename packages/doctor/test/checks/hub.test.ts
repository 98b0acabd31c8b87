import { PippinError } from "@pippin/core";
import type { Machine } from "../../src/index.ts";
import { type Case, match, testRows } from "../support/rows.ts";

const HUB_SETTINGS = {
  endpoint: "https://huggingface.co",
  offline: false,
  hasToken: true,
  cacheDir: "/models",
};
const hub = (changes: Partial<NonNullable<Machine["hub"]>>): Partial<Machine> => ({
  hub: { ...HUB_SETTINGS, reach: async () => ({ reachable: true, milliseconds: 41.7 }), ...changes },
});

const HUB: Case[] = [
  {
    id: "hub",
    when: "found",
    machine: hub({}),
    expected: { status: "ok", found: "https://huggingface.co, 42 ms" },
  },
  {
    id: "hub",
    when: "at a mirror with a password",
    machine: hub({ endpoint: "https://jo:geheim@mirror.example/hf/" }),
    expected: { status: "ok", found: "https://mirror.example/hf, 42 ms" },
  },
  {
    id: "hub",
    when: "offline",
    machine: hub({ offline: true, reach: () => Promise.reject(new Error("was asked")) }),
    expected: {
      status: "missing",
      found: "https://huggingface.co: offline mode is on",
      fix: "unset HF_HUB_OFFLINE and TRANSFORMERS_OFFLINE",
    },
  },
  {
    id: "hub",
    when: "not reachable",
    machine: hub({ reach: async () => ({ reachable: false, reason: "ENOTFOUND\u001b[31m" }) }),
    expected: { status: "missing", found: "https://huggingface.co: ENOTFOUND", fix: match(/HF_ENDPOINT/) },
  },
  {
    id: "hub",
    when: "the probe throws",
    machine: hub({ reach: () => Promise.reject(new Error("bad endpoint")) }),
    expected: { status: "missing", found: "https://huggingface.co: bad endpoint" },
  },
  {
    id: "hub",
    when: "the endpoint is no address",
    machine: hub({
      endpoint: "garbage",
      reach: () =>
        Promise.reject(new PippinError("HUB_X", { message: "is no address", hint: "Set HF_ENDPOINT." })),
    }),
    expected: { status: "missing", found: "HF_ENDPOINT: is no address", fix: "Set HF_ENDPOINT." },
  },
  {
    id: "hub",
    when: "the probe knows what to do",
    machine: hub({ reach: async () => ({ reachable: false, reason: "bad port", hint: "Check the port." }) }),
    expected: { status: "missing", found: "https://huggingface.co: bad port", fix: "Check the port." },
  },
  { id: "hub", when: "nobody can ask", expected: { status: "unknown" } },
  {
    id: "hub-token",
    when: "found",
    machine: hub({}),
    expected: { status: "ok", found: "present, not checked" },
  },
  { id: "hub-token", when: "missing", machine: hub({ hasToken: false }), expected: { status: "missing" } },
  { id: "hub-token", when: "nobody can ask", expected: { status: "unknown" } },
  {
    id: "hub-disk",
    when: "found",
    machine: { ...hub({}), ...space(1e9, true) },
    expected: { status: "ok", found: "1.0 GB free at /models" },
  },
  {
    id: "hub-disk",
    when: "too little",
    machine: { ...hub({}), ...space(999e6, true) },
    expected: { status: "missing", found: "999 MB free at /models", fix: match(/HF_HUB_CACHE/) },
  },
  {
    id: "hub-disk",
    when: "not writable",
    machine: { ...hub({}), ...space(1e12, false) },
    expected: { status: "broken", found: "/models cannot be written", prevents: match(/cannot be kept/) },
  },
  { id: "hub-disk", when: "nobody can ask", expected: { status: "unknown" } },
];

function space(freeBytes: number, writable: boolean): Partial<Machine> {
  return { diskSpace: async (folder) => (folder === "/models" ? { freeBytes, writable } : undefined) };
}

testRows(HUB, { hub: ["tooOld", "broken"], "hub-token": ["tooOld", "broken"], "hub-disk": ["tooOld"] });
