import { askTool } from "../ask-tool.ts";
import type { Examination, Finding, Row } from "../examination.ts";
import { isAtLeast, parseVersion, type Version } from "../version.ts";
import { absent, withoutXcode } from "./xcode.ts";

const MAC = ["darwin"];
/** Stateful models need it. */
const LEAST_IOS = [18];
/** A list with every runtime installed is some hundred kilobytes. */
const MAX_LIST_BYTES = 8 * 1024 * 1024;
const ATTACH =
  "connect it with a cable, unlock it, trust this Mac, and turn on Settings → Privacy & Security → Developer Mode";
const GET_SIMULATOR = "xcodebuild -downloadPlatform iOS";
/** These tools' answers hold names of people and their devices, so that they are not repeated. */
const UNREADABLE: Finding = { status: "broken", found: "its answer is not understood" };

/** Where an app can run, and what signs it. */
export const DEVICE_ROWS: readonly Row[] = [
  {
    id: "simulators",
    title: "iOS simulators",
    group: "xcode",
    needed: "one with iOS 18 or newer (17 for stateless models)",
    prevents: "The app runs on a device only, not on this Mac's screen.",
    for: [],
    helps: ["xcode"],
    platforms: MAC,
    examine: simulators,
  },
  {
    id: "devices",
    title: "iPhone or iPad",
    group: "xcode",
    needed: "one attached, with iOS 18 or newer (17 for stateless models)",
    prevents:
      "Speed, heat and memory cannot be measured: a simulator has neither Neural Engine nor a phone's limits.",
    for: [],
    helps: ["xcode", "mlc"],
    platforms: MAC,
    examine: devices,
  },
  {
    id: "signing",
    title: "Signing identity",
    group: "xcode",
    needed: "one that is valid",
    prevents: "The app does not install on a device; simulators and My Mac need none.",
    for: [],
    helps: ["xcode", "mlc"],
    platforms: MAC,
    examine: signing,
  },
];

async function simulators(examination: Examination): Promise<Finding> {
  const without = await withoutXcode(examination);
  if (without !== undefined) return without;
  const answer = await askTool(examination, ["xcrun", "simctl", "list", "devices", "available", "--json"], {
    maxBytes: MAX_LIST_BYTES,
    fix: GET_SIMULATOR,
  });
  if (answer.kind === "failed") return absent(answer.finding, /unable to find utility/);
  const runtimes = record(record(parseJson(answer.text))?.devices);
  if (runtimes === undefined) return { ...UNREADABLE, fix: GET_SIMULATOR };
  const versions = Object.entries(runtimes).flatMap(([name, list]) => {
    const text = /\.SimRuntime\.iOS-(\d{1,3}-\d{1,3})/.exec(name)?.[1]?.replace("-", ".");
    return text === undefined || !Array.isArray(list) ? [] : list.map(() => text);
  });
  return judge(versions, (count, newest) => `${count}, newest iOS ${newest}`, GET_SIMULATOR);
}

async function devices(examination: Examination): Promise<Finding> {
  const without = await withoutXcode(examination);
  if (without !== undefined) return without;
  const { machine } = examination;
  return machine.withTemporaryFile(async (path) => {
    const command = ["xcrun", "devicectl", "list", "devices", "--json-output", path] as const;
    const answer = await askTool(examination, [...command], { maxBytes: MAX_LIST_BYTES });
    if (answer.kind === "failed") return absent(answer.finding, /unable to find utility/);
    const text = (await machine.readText(path, MAX_LIST_BYTES)) ?? "";
    const list = record(record(parseJson(text))?.result)?.devices;
    if (!Array.isArray(list)) return UNREADABLE;
    const versions = list.flatMap(attachedVersion);
    return judge(versions, (count, newest) => `${count} attached, newest iOS ${newest}`, ATTACH);
  });
}

/** The system's version of an attached iPhone or iPad; names of people's devices are not looked at. */
function attachedVersion(device: unknown): string[] {
  // devicectl of Xcode 27 writes the parts below `properties`, and lists simulators too.
  const properties = record(record(device)?.properties);
  const connection = record(record(device)?.connectionProperties ?? properties?.connection);
  const hardware = record(record(device)?.hardwareProperties ?? properties?.hardware);
  const state = record(record(device)?.deviceProperties ?? properties?.software ?? properties?.state);
  const attached = connection?.pairingState === "paired" && connection.transportType !== undefined;
  const physical = hardware?.reality === undefined || hardware.reality === "physical";
  if (!attached || !physical || !["iOS", "iPadOS"].includes(String(hardware?.platform))) return [];
  return [String(state?.osVersionNumber ?? "0")];
}

/** The newest of some versions decides. */
function judge(
  texts: readonly string[],
  describe: (count: number, newest: string) => string,
  fix: string,
): Finding {
  const versions = texts.map((text) => parseVersion(text) ?? [0]);
  const newest = versions.reduce<Version>((best, one) => (isAtLeast(one, best) ? one : best), [0]);
  if (versions.length === 0) return { status: "missing", found: "none", fix };
  if (isAtLeast([0], newest)) return { status: "unknown", found: describe(versions.length, "unknown") };
  const found = describe(versions.length, newest.join("."));
  return isAtLeast(newest, LEAST_IOS) ? { status: "ok", found } : { status: "tooOld", found, fix };
}

async function signing(examination: Examination): Promise<Finding> {
  const fix =
    "add your Apple account in Xcode → Settings → Accounts, then Manage Certificates → + → Apple Development";
  const answer = await askTool(examination, ["security", "find-identity", "-v", "-p", "codesigning"], {
    fix,
  });
  if (answer.kind === "failed") return answer.finding;
  // The names above the last line are people's and teams', and are not repeated.
  const count = /^\s*(\d{1,4}) valid identities found\s*$/m.exec(answer.text)?.[1];
  if (count === undefined) return { ...UNREADABLE, fix };
  return Number(count) > 0 ? { status: "ok", found: count } : { status: "missing", found: "none", fix };
}

function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Callers say what was printed instead.
    return undefined;
  }
}
