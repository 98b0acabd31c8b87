import type { Machine } from "../../src/index.ts";
import { type Case, match, testRows } from "../support/rows.ts";

const HUB_SETTINGS = { endpoint: "https://huggingface.co", offline: false, hasToken: true };
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
      fix: "unset HF_HUB_OFFLINE",
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
  { id: "hub", when: "nobody can ask", expected: { status: "unknown" } },
  { id: "hub-token", when: "found", machine: hub({}), expected: { status: "ok", found: "present" } },
  { id: "hub-token", when: "missing", machine: hub({ hasToken: false }), expected: { status: "missing" } },
  { id: "hub-token", when: "nobody can ask", expected: { status: "unknown" } },
];

testRows(HUB, { hub: ["tooOld", "broken"], "hub-token": ["tooOld", "broken"] });
