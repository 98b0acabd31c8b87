/**
 * What the tools of a healthy machine print, word by word, and from where that is known.
 *
 * cmake 3.25.1, rustup 1.29.0 and the two Pythons: run on Debian 12. git-lfs: its documentation's `git lfs version`.
 * Swift for Linux: swift.org's release 6.0.3. MLC's usage: the page "Compile Model Libraries" of MLC's documentation.
 * Apple's tools, as their output stands in public projects' records: `xcodebuild -version` and `xcrun --version` of
 * Xcode 16.2; `security find-identity` of Expo's parser; `devicectl` of Xcode 16, whose file Flutter reads too;
 * `simctl list --json` in the form that fastlane and React Native parse; `metal --version` of Xcode 16.
 */
import type { Fakes, Reply } from "./fake-tools.ts";

/** The answer line of the inventory script, as Python 3.11.7 printed it. */
export function inventory(answer: Readonly<Record<string, unknown>> = {}): string {
  const whole = { version: [3, 11, 7], missing: [], modules: {}, distributions: {}, ...answer };
  return `\npippin-doctor ${JSON.stringify(whole)}\n`;
}

/** The answer line of the loading script. */
export function loaded(version: string): string {
  return `\npippin-doctor ${JSON.stringify({ version, error: null })}\n`;
}

/** A module that does not load: the error in Python's words. */
export function unloadable(error: string): string {
  return `\npippin-doctor ${JSON.stringify({ version: "", error })}\n`;
}

export const MODULES = {
  coremltools: "9.0",
  torch: "2.13.0+cpu",
  numpy: "2.2.6",
  mlc_llm: "0.20.0.dev0",
  tvm: "0.26.0",
};
export const DISTRIBUTIONS = { "mlc-llm": "0.20.0.dev0", "apache-tvm": "0.26.0" };

/**
 * A Python with these modules. What it is asked to load it finds in the script on stdin.
 *
 * @param loads - module to answer; default: every module loads.
 */
export function python(
  answer: Readonly<Record<string, unknown>> = { modules: MODULES, distributions: DISTRIBUTIONS },
  loads: Readonly<Record<string, string>> = {},
): Reply {
  const branches = Object.entries({ ...DEFAULT_LOADS, ...loads }).map(
    ([name, text]) => `*'import_module("${name}")'*) printf '%s' '${text.replaceAll("'", "'\\''")}' ;;\n`,
  );
  const script = `script="$(/bin/cat)"\ncase "$script" in\n${branches.join("")}*) printf '%s' '${inventory(answer).replaceAll("'", "'\\''")}' ;;\nesac`;
  return { script };
}

const DEFAULT_LOADS = Object.fromEntries(
  Object.entries(MODULES).map(([name, version]) => [name, loaded(version)]),
);

export const MLC_USAGE =
  "usage: MLC LLM Command Line Interface. [-h]\n" +
  "                                       {compile,convert_weight,gen_config,chat,serve,package,calibrate,router}\n";

/** Tools that run on any system. */
export const ANYWHERE: Fakes = {
  python3: python(),
  "git-lfs": [["version", { stdout: "git-lfs/3.5.1 (GitHub; linux amd64; go 1.21.5)\n" }]],
  cmake: [
    [
      "--version",
      {
        stdout:
          "cmake version 3.25.1\n\nCMake suite maintained and supported by Kitware (kitware.com/cmake).\n",
      },
    ],
  ],
  rustup: [
    [
      "--version",
      {
        stdout: "rustup 1.29.0 (28d1352db 2026-03-05)\n",
        stderr: "info: This is the version for the rustup toolchain manager, not the rustc compiler.\n",
      },
    ],
  ],
  mlc_llm: [["--help", { stdout: MLC_USAGE }]],
  swift: [
    [
      "--version",
      { stdout: "Swift version 6.0.3 (swift-6.0.3-RELEASE)\nTarget: x86_64-unknown-linux-gnu\n" },
    ],
  ],
};

export const SIMULATORS = {
  devices: {
    "com.apple.CoreSimulator.SimRuntime.iOS-18-2": [
      { udid: "A", name: "iPhone 16 Pro", state: "Shutdown", isAvailable: true },
      { udid: "B", name: "iPad Pro 11-inch (M4)", state: "Shutdown", isAvailable: true },
    ],
    "com.apple.CoreSimulator.SimRuntime.watchOS-11-2": [
      { udid: "C", name: "Apple Watch", isAvailable: true },
    ],
  },
};

export const DEVICES = {
  info: { commandType: "devicectl.list.devices", outcome: "success", version: "397.21" },
  result: {
    devices: [
      {
        connectionProperties: { pairingState: "paired", transportType: "wired", tunnelState: "connected" },
        deviceProperties: { name: "Jo's iPhone", osVersionNumber: "18.1", developerModeStatus: "enabled" },
        hardwareProperties: { platform: "iOS", reality: "physical", marketingName: "iPhone 15 Pro" },
      },
      {
        connectionProperties: { pairingState: "paired", tunnelState: "unavailable" },
        deviceProperties: { name: "Old iPhone", osVersionNumber: "26.1" },
        hardwareProperties: { platform: "iOS" },
      },
      {
        connectionProperties: { pairingState: "paired", transportType: "wired" },
        deviceProperties: { name: "Watch", osVersionNumber: "11.5" },
        hardwareProperties: { platform: "watchOS" },
      },
    ],
  },
};

export const IDENTITIES =
  '  1) 0123456789ABCDEF0123456789ABCDEF01234567 "Apple Development: Jo Doe (AB12CD34EF)"\n' +
  "     1 valid identities found\n";

/** `xcrun`'s subcommands. */
export const XCRUN = {
  version: ["--version", { stdout: "xcrun version 70.\n" }],
  iosSdk: ["--sdk iphoneos --show-sdk-version", { stdout: "18.2\n" }],
  macSdk: ["--sdk macosx --show-sdk-version", { stdout: "15.2\n" }],
  find: [
    "--find coremlcompiler",
    { stdout: "/Applications/Xcode.app/Contents/Developer/usr/bin/coremlcompiler\n" },
  ],
  compiler: ["coremlcompiler version", { stdout: "3404.16.1\n" }],
  simctl: ["simctl list devices available --json", { stdout: JSON.stringify(SIMULATORS) }],
  devicectl: [
    "devicectl list devices --json-output *",
    { file: JSON.stringify(DEVICES), stdout: "Name   Hostname   Identifier   State   Model\n" },
  ],
  metal: [
    "--sdk iphoneos metal --version",
    {
      stdout:
        "Apple metal version 32023.404 (metalfe-32023.404)\nTarget: air64-apple-darwin24.2.0\nThread model: posix\n",
    },
  ],
} satisfies Record<string, readonly [string, Reply]>;

export type XcrunPart = keyof typeof XCRUN;

/** `xcrun` with some of its answers replaced. */
export function xcrun(changes: Partial<Record<XcrunPart, Reply>> = {}): Fakes[string] {
  return Object.entries(XCRUN).map(
    ([part, [args, reply]]) => [args, changes[part as XcrunPart] ?? reply] as const,
  );
}

/** A Mac with Xcode 16.2; `developer` is the folder that `xcode-select` names, which has to exist. */
export function mac(developer: string): Fakes {
  return {
    ...ANYWHERE,
    sw_vers: [["-productVersion", { stdout: "15.2\n" }]],
    "xcode-select": [["-p", { stdout: `${developer}\n` }]],
    xcodebuild: [
      ["-version", { stdout: "Xcode 16.2\nBuild version 16C5032a\n" }],
      ["-license check", {}],
    ],
    xcrun: xcrun(),
    security: [["find-identity -v -p codesigning", { stdout: IDENTITIES }]],
    swift: [
      [
        "--version",
        {
          stderr: "swift-driver version: 1.115.1 ",
          stdout:
            "Apple Swift version 6.0.3 (swiftlang-6.0.3.1.10 clang-1600.0.30.1)\nTarget: arm64-apple-macosx15.0\n",
        },
      ],
    ],
  };
}
