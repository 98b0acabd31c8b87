import { isPippinError } from "@pippin/core";
import { examineDisk } from "../disk-space.ts";
import type { Examination, Finding, Row } from "../examination.ts";
import type { HubProbe } from "../machine.ts";
import { cleanText } from "../tool-text.ts";

const TIMEOUT_MS = 8000;

/** What fetching models by their name needs. */
export const HUB_ROWS: readonly Row[] = [
  {
    id: "hub",
    title: "Hugging Face Hub",
    group: "hub",
    needed: "answers",
    prevents:
      "Models cannot be fetched or planned by their name; folders and files on this machine can be converted.",
    for: ["hub"],
    helps: [],
    examine: reach,
  },
  {
    id: "hub-token",
    title: "Access token",
    group: "hub",
    needed: "for gated and private models",
    prevents: "Gated models (Llama, Gemma) and private ones cannot be fetched; all others can.",
    for: [],
    helps: ["hub"],
    examine: async ({ machine: { hub } }) => {
      if (hub === undefined) return { status: "unknown" };
      return hub.hasToken
        ? { status: "ok", found: "present, not checked" }
        : {
            status: "missing",
            fix: "hf auth login, or set HF_TOKEN to a token of https://huggingface.co/settings/tokens",
          };
    },
  },
  {
    id: "hub-disk",
    title: "Disk, Hub's cache",
    group: "hub",
    needed: "1 GB free, and as much as the models",
    prevents: "Models that are fetched by their name do not fit: 1.5 billion parameters take 3.1 GB in fp16.",
    for: [],
    helps: ["hub"],
    examine: async ({ machine }) =>
      machine.hub === undefined
        ? { status: "unknown" }
        : examineDisk(machine, machine.hub.cacheDir, MODELS_FOLDER),
  },
];

const MODELS_FOLDER = {
  unwritable: {
    prevents: "Models that are fetched by their name cannot be kept there; those that are there can be read.",
    fix: "change the folder's permissions, or set HF_HUB_CACHE to a folder of your own",
  },
  full: "free some space (pippin cache ls), or set HF_HUB_CACHE to a folder on another disk",
};

async function reach({ machine: { hub }, signal }: Examination): Promise<Finding> {
  if (hub === undefined) return { status: "unknown", found: "was not asked" };
  const where = address(hub);
  if (hub.offline) {
    return {
      status: "missing",
      found: `${where}: offline mode is on`,
      fix: "unset HF_HUB_OFFLINE and TRANSFORMERS_OFFLINE",
    };
  }
  const fix = "check the network and HTTPS_PROXY; where the Hub is out of reach, set HF_ENDPOINT to a mirror";
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const answer = await within(hub, signal === undefined ? timeout : AbortSignal.any([signal, timeout]));
  if (answer.reachable) {
    const { milliseconds } = answer;
    return {
      status: "ok",
      found: where + (milliseconds === undefined ? "" : `, ${Math.round(milliseconds)} ms`),
    };
  }
  signal?.throwIfAborted();
  const reason = timeout.aborted ? `did not answer within ${TIMEOUT_MS / 1000} s` : answer.reason;
  return {
    status: "missing",
    found: cleanText(`${where}: ${reason ?? "no answer"}`),
    fix: answer.hint === undefined ? fix : cleanText(answer.hint),
  };
}

/** The probe's answer, also when it throws, and at the latest when the signal ends. */
async function within(hub: HubProbe, signal: AbortSignal): ReturnType<HubProbe["reach"]> {
  const { promise: ended, resolve } = Promise.withResolvers<{ reachable: false }>();
  const end = () => resolve({ reachable: false });
  signal.addEventListener("abort", end, { once: true });
  try {
    return await Promise.race([hub.reach(signal), ended]);
  } catch (error) {
    const hint = isPippinError(error) ? error.hint : undefined;
    const reason = error instanceof Error ? error.message : String(error);
    return { reachable: false, reason, ...(hint !== undefined && { hint }) };
  } finally {
    signal.removeEventListener("abort", end);
  }
}

/** An endpoint without the name and password that a mirror's address may hold. */
function address({ endpoint }: HubProbe): string {
  if (!URL.canParse(endpoint)) return "HF_ENDPOINT";
  const { protocol, host, pathname } = new URL(endpoint);
  return cleanText(`${protocol}//${host}${pathname.replace(/\/+$/, "")}`);
}
