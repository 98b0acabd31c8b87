import { FAILS, HANGS } from "../support/fake-tools.ts";
import type { XcrunPart } from "../support/healthy.ts";
import { brokenCases, type Case, match, part, testRows } from "../support/rows.ts";

const CLT = "/Library/Developer/CommandLineTools";
const LICENSE =
  "You have not agreed to the Xcode license agreements. Please run 'sudo xcodebuild -license' from within a Terminal " +
  "window to review and agree to the Xcode and Apple SDKs license.\n";

const XCODE: Case[] = [
  { id: "macos", when: "found", expected: { status: "ok", found: "15.2" } },
  {
    id: "macos",
    when: "too old",
    tools: { sw_vers: { stdout: "13.6.1\n" } },
    expected: { status: "tooOld", found: "13.6.1", fix: match(/Software Update/) },
  },
  {
    id: "macos",
    when: "missing",
    machine: { platform: "linux" },
    asked: ["xcode"],
    expected: { status: "missing", found: "this is no Mac" },
  },
  ...brokenCases("macos", (sw_vers) => ({ sw_vers })),

  {
    id: "developer-folder",
    when: "found",
    expected: { status: "ok", found: match(/Xcode\.app\/Contents\/Developer$/) },
  },
  {
    id: "developer-folder",
    when: "missing",
    tools: {
      "xcode-select": {
        status: 2,
        stderr:
          "xcode-select: error: unable to get active developer directory, use `sudo xcode-select --switch path/to/Xcode.app` to set one (or see `man xcode-select`)\n",
      },
    },
    expected: { status: "missing", fix: match(/^install Xcode 16/) },
  },
  {
    id: "developer-folder",
    when: "only command line tools",
    tools: { "xcode-select": { stdout: `${CLT}\n` } },
    machine: { exists: async (path) => path === CLT },
    expected: {
      status: "broken",
      found: `${CLT}: the command line tools alone`,
      fix: match(/^install Xcode.*sudo xcode-select -s/),
    },
  },
  {
    id: "developer-folder",
    when: "only command line tools selected, Xcode beside them",
    tools: { "xcode-select": { stdout: `${CLT}\n` } },
    machine: { exists: async () => true },
    expected: { status: "broken", fix: "sudo xcode-select -s /Applications/Xcode.app/Contents/Developer" },
  },
  {
    id: "developer-folder",
    when: "selected folder is gone",
    tools: { "xcode-select": { stdout: "/Applications/Xcode-beta.app/Contents/Developer\n" } },
    expected: { status: "broken", found: match(/does not exist$/) },
  },
  ...brokenCases("developer-folder", (fake) => ({ "xcode-select": fake })),

  { id: "command-line-tools", when: "found", expected: { status: "ok", found: "70" } },
  {
    id: "command-line-tools",
    when: "missing",
    tools: { xcrun: null },
    expected: { status: "missing", fix: "xcode-select --install" },
  },
  {
    id: "command-line-tools",
    when: "lost in an update of macOS",
    tools: {
      xcrun: {
        status: 1,
        stderr: `xcrun: error: invalid active developer path (${CLT}), missing xcrun at: ${CLT}/usr/bin/xcrun\n`,
      },
    },
    expected: {
      status: "broken",
      found: match(/^exit status 1: xcrun: error: invalid active developer path/),
      fix: "xcode-select --install",
    },
  },
  ...brokenCases("command-line-tools", (reply) => part("version", reply)),

  { id: "xcode", when: "found", expected: { status: "ok", found: "16.2" } },
  {
    id: "xcode",
    when: "good for stateless models alone",
    tools: { xcodebuild: { stdout: "Xcode 15.4\nBuild version 15F31d\n" } },
    expected: { status: "tooOld", found: "15.4", prevents: match(/stateless models do/) },
  },
  {
    id: "xcode",
    when: "too old",
    tools: { xcodebuild: { stdout: "Xcode 14.3.1\nBuild version 14E300c\n" } },
    expected: { status: "tooOld", found: "14.3.1", prevents: "No app can be built." },
  },
  {
    id: "xcode",
    when: "missing",
    tools: { "xcode-select": { stdout: `${CLT}\n` } },
    machine: { exists: async () => true },
    expected: { status: "missing" },
  },
  {
    id: "xcode",
    when: "its licence is not accepted",
    tools: { xcodebuild: { status: 69, stderr: LICENSE } },
    expected: {
      status: "broken",
      found: "its licence has not been accepted",
      fix: "sudo xcodebuild -license accept",
    },
  },
  ...brokenCases("xcode", (xcodebuild) => ({ xcodebuild })),

  { id: "xcode-license", when: "found", expected: { status: "ok", found: "accepted" } },
  {
    id: "xcode-license",
    when: "missing",
    tools: { xcodebuild: { status: 69, stderr: LICENSE } },
    expected: { status: "missing", found: "not accepted", fix: "sudo xcodebuild -license accept" },
  },
  {
    id: "xcode-license",
    when: "exits 1",
    tools: { xcodebuild: FAILS },
    expected: { status: "broken", found: match(/^exit status 1/) },
  },
  {
    id: "xcode-license",
    when: "hangs",
    tools: { xcodebuild: HANGS },
    hangs: true,
    expected: { status: "broken", found: match(/^did not answer/) },
  },
  {
    id: "xcode-license",
    when: "there is no Xcode",
    tools: { "xcode-select": null },
    expected: { status: "unknown" },
  },

  ...sdkCases("ios-sdk", "iosSdk", { name: "iphoneos", old: "17.5", fit: "18.2" }),
  ...sdkCases("macos-sdk", "macSdk", { name: "macosx", old: "14.5", fit: "15.2" }),

  { id: "coremlcompiler", when: "found", expected: { status: "ok", found: "3404.16.1" } },
  {
    id: "coremlcompiler",
    when: "missing",
    tools: part("find", {
      status: 72,
      stderr: 'xcrun: error: unable to find utility "coremlcompiler", not a developer tool or in PATH\n',
    }),
    expected: { status: "missing", found: match(/unable to find utility/) },
  },
  ...brokenCases("coremlcompiler", (reply) => part("find", reply)),
  {
    id: "coremlcompiler",
    when: "found, but does not run",
    tools: part("compiler", FAILS),
    expected: { status: "broken", found: match(/^exit status 1/) },
  },

  { id: "swift", when: "found", expected: { status: "ok", found: "6.0.3" } },
  {
    id: "swift",
    when: "found on Linux",
    machine: { platform: "linux" },
    tools: {
      swift: { stdout: "Swift version 6.0.3 (swift-6.0.3-RELEASE)\nTarget: x86_64-unknown-linux-gnu\n" },
    },
    expected: { status: "ok", found: "6.0.3" },
  },
  {
    id: "swift",
    when: "too old",
    tools: { swift: { stdout: "Swift version 5.10.1 (swift-5.10.1-RELEASE)\n" } },
    expected: { status: "tooOld", found: "5.10.1" },
  },
  { id: "swift", when: "missing", tools: { swift: null }, expected: { status: "missing" } },
  ...brokenCases("swift", (swift) => ({ swift })),
];

function sdkCases(
  id: string,
  name: XcrunPart,
  sdk: { readonly name: string; readonly old: string; readonly fit: string },
): Case[] {
  const lacks = `xcrun: error: SDK "${sdk.name}" cannot be located\nxcrun: error: unable to lookup item 'SDKVersion' in SDK '${sdk.name}'\n`;
  return [
    { id, when: "found", expected: { status: "ok", found: sdk.fit } },
    {
      id,
      when: "too old",
      tools: part(name, { stdout: `${sdk.old}\n` }),
      expected: { status: "tooOld", found: sdk.old },
    },
    {
      id,
      when: "missing",
      tools: part(name, { status: 1, stderr: lacks }),
      expected: { status: "missing", found: match(/cannot be located/) },
    },
    {
      id,
      when: "its licence is not accepted",
      tools: part(name, { status: 69, stderr: LICENSE }),
      expected: { status: "broken", fix: "sudo xcodebuild -license accept" },
    },
    ...brokenCases(id, (reply) => part(name, reply)),
  ];
}

testRows(XCODE, {
  "developer-folder": ["tooOld"],
  "command-line-tools": ["tooOld"],
  "xcode-license": ["tooOld"],
  coremlcompiler: ["tooOld"],
});
