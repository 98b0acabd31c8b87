import type { Fake } from "../support/fake-tools.ts";
import { DEVICES, SIMULATORS } from "../support/healthy.ts";
import { brokenCases, type Case, part, testRows } from "../support/rows.ts";

const ONLY_OLD_SIMULATORS = {
  devices: {
    "com.apple.CoreSimulator.SimRuntime.iOS-17-5":
      SIMULATORS.devices["com.apple.CoreSimulator.SimRuntime.iOS-18-2"],
  },
};
const NO_SIMULATORS = {
  devices: {
    "com.apple.CoreSimulator.SimRuntime.watchOS-11-2": [],
    "com.apple.CoreSimulator.SimRuntime.iOS-18-2": [],
  },
};

/** The devices of the healthy Mac, with the first one's properties changed. */
function deviceFile(changes: Readonly<Record<string, unknown>>): Fake {
  const [first, ...rest] = DEVICES.result.devices;
  return { file: JSON.stringify({ result: { devices: [{ ...first, ...changes }, ...rest] } }) };
}

const DEVICE: Case[] = [
  { id: "simulators", when: "found", expected: { status: "ok", found: "2, newest iOS 18.2" } },
  {
    id: "simulators",
    when: "too old",
    tools: part("simctl", { stdout: JSON.stringify(ONLY_OLD_SIMULATORS) }),
    expected: { status: "tooOld", found: "2, newest iOS 17.5" },
  },
  {
    id: "simulators",
    when: "missing",
    tools: part("simctl", { stdout: JSON.stringify(NO_SIMULATORS) }),
    expected: { status: "missing", found: "none", fix: "xcodebuild -downloadPlatform iOS" },
  },
  ...brokenCases("simulators", (reply) => part("simctl", reply)),

  { id: "devices", when: "found", expected: { status: "ok", found: "1 attached, newest iOS 18.1" } },
  {
    id: "devices",
    when: "too old",
    tools: part("devicectl", deviceFile({ deviceProperties: { osVersionNumber: "17.6" } })),
    expected: { status: "tooOld", found: "1 attached, newest iOS 17.6" },
  },
  {
    id: "devices",
    when: "missing",
    tools: part(
      "devicectl",
      deviceFile({ connectionProperties: { pairingState: "unpaired", transportType: "localNetwork" } }),
    ),
    expected: { status: "missing", found: "none" },
  },
  {
    id: "devices",
    when: "of an unknown version",
    tools: part("devicectl", deviceFile({ deviceProperties: {} })),
    expected: { status: "unknown" },
  },
  {
    id: "devices",
    when: "devicectl is missing",
    tools: part("devicectl", {
      status: 72,
      stderr: 'xcrun: error: unable to find utility "devicectl", not a developer tool or in PATH\n',
    }),
    expected: { status: "missing" },
  },
  {
    id: "devices",
    when: "the file is cut off",
    tools: part("devicectl", { file: JSON.stringify(DEVICES).slice(0, 300) }),
    expected: { status: "broken" },
  },
  ...brokenCases("devices", (reply) => part("devicectl", reply)),

  { id: "signing", when: "found", expected: { status: "ok", found: "1" } },
  {
    id: "signing",
    when: "missing",
    tools: { security: { stdout: "     0 valid identities found\n" } },
    expected: { status: "missing", found: "none" },
  },
  ...brokenCases("signing", (security) => ({ security })),
];

testRows(DEVICE, { signing: ["tooOld"] });
