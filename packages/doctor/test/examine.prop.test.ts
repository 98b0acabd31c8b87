import fc from "fast-check";
import { expect, test } from "vitest";
import { examine, type Machine, nodeMachine, type RunResult, WORKFLOWS } from "../src/index.ts";
import { IDENTITIES, inventory, loaded, MLC_USAGE } from "./support/healthy.ts";

/** Real words of tools, cut, joined and changed: what is closest to an answer without being one. */
const REAL = [
  "Xcode 16.2\nBuild version 16C5032a\n",
  "cmake version 3.25.1\n",
  "git-lfs/3.5.1 (GitHub; linux amd64; go 1.21.5)\n",
  "rustup 1.29.0 (28d1352db 2026-03-05)\n",
  "Apple Swift version 6.0.3 (swiftlang-6.0.3.1.10)\n",
  "Apple metal version 32023.404 (metalfe-32023.404)\n",
  "/Applications/Xcode.app/Contents/Developer\n",
  '{"devices":{"com.apple.CoreSimulator.SimRuntime.iOS-18-2":[{}]}}',
  '{"result":{"devices":[{"connectionProperties":null}]}}',
  "18.2\n",
  "xcrun version 70.\n",
  IDENTITIES,
  MLC_USAGE,
  inventory({ modules: { coremltools: "9.0", torch: 7, mlc_llm: {} } }),
  loaded("9.0"),
];

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.constantFrom(...REAL),
  fc.tuple(fc.constantFrom(...REAL), fc.nat(200)).map(([text, end]) => text.slice(0, end)),
  fc
    .tuple(fc.constantFrom(...REAL), fc.constantFrom(...REAL), fc.nat(80))
    .map(([a, b, at]) => a.slice(0, at) + b),
  fc.json().map((text) => `\npippin-doctor ${text}\n`),
);

const anyResult: fc.Arbitrary<RunResult> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("exited" as const),
      status: fc.constantFrom(0, 0, 0, 1, 69, 72),
      stdout: anyText,
      stderr: anyText,
    }),
  },
  fc.record({ kind: fc.constant("crashed" as const), signal: fc.string() }),
  fc.constantFrom<RunResult>(
    { kind: "missing" },
    { kind: "unstartable", reason: "ENOEXEC" },
    { kind: "timeout" },
    { kind: "flooded" },
  ),
);

/** Python on the path, and the one that pippin python setup made. */
const PYTHON = /^(?:py|\/nowhere\/engines\/)/;

/** Without it no other part of Xcode is asked. */
const XCODE: RunResult = {
  kind: "exited",
  status: 0,
  stdout: "/Applications/Xcode.app/Contents/Developer\n",
  stderr: "",
};

/** What has to stand in the answer to which question before a row may be `ok`. */
const PROOF: Readonly<Record<string, readonly [question: RegExp, answer: RegExp]>> = {
  xcode: [/^xcodebuild -version/, /^Xcode (1[6-9]|[2-9]\d|\d{3,})/m],
  cmake: [/^cmake/, /^cmake version (3\.(2[4-9]|[3-9]\d|\d{3,})|[4-9]|\d\d)/m],
  "git-lfs": [/^git-lfs/, /^git-lfs\/\d+\.\d+\.\d+/m],
  rust: [/^rustup/, /^rustup \d+\.\d+\.\d+/m],
  swift: [/^swift/, /Swift version ([6-9]|\d\d)/],
  metal: [/^xcrun .*metal/, /^Apple metal version \d/m],
  "command-line-tools": [/^xcrun --version/, /^xcrun version \d/m],
  "ios-sdk": [/^xcrun --sdk iphoneos --show/, /^\s*(1[89]|[2-9]\d|\d{3,})\.\d/],
  "macos-sdk": [/^xcrun --sdk macosx --show/, /^\s*(1[5-9]|[2-9]\d|\d{3,})\.\d/],
  coremlcompiler: [/^xcrun --find/, /^\/.*\/coremlcompiler\s*$/],
  signing: [/^security/, /^\s*0*[1-9]\d* valid identities found\s*$/m],
  simulators: [/^xcrun simctl/, /SimRuntime\.iOS-(1[89]|[2-9]\d|\d{3})-\d/],
  macos: [/^sw_vers/, /^\s*(1[4-9]|[2-9]\d|\d{3,})[.\d]*\s*$/],
  python: [PYTHON, /^pippin-doctor .*"version":\s*\[\s*(3,\s*(9|\d\d+)|[4-9]|\d\d)/m],
  torch: [PYTHON, /^pippin-doctor .*"torch"/m],
  coremltools: [PYTHON, /^pippin-doctor .*"coremltools"/m],
  "mlc-llm": [PYTHON, /^pippin-doctor .*"mlc_llm"/m],
};

test("whatever tools print, nothing throws, and no row is ok without the words that prove it", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyResult, { minLength: 4, maxLength: 12 }),
      fc.subarray([...WORKFLOWS]),
      fc.boolean(),
      async (results, asked, selected) => {
        const said: (readonly [question: string, answer: string])[] = [];
        let turn = 0;
        const machine = babbling((question) => {
          const result =
            selected && question.startsWith("xcode-select") ? XCODE : results[turn++ % results.length]!;
          if (result.kind === "exited" && result.status === 0) said.push([question, result.stdout]);
          return result;
        });
        for (const { id, status, found = "" } of (await examine(machine, { for: asked })).checks) {
          expect(found).not.toMatch(/[\p{Cc}\p{Cf}]|^could not be asked/u);
          const proof = PROOF[id];
          if (status !== "ok" || proof === undefined) continue;
          const answers = said.filter(([question]) => proof[0].test(question)).map(([, answer]) => answer);
          expect(answers.join("\n\n"), id).toMatch(proof[1]);
        }
      },
    ),
    { numRuns: 400 },
  );
});

/** A Mac whose tools say anything. */
function babbling(next: (question: string) => RunResult): Machine {
  return {
    ...nodeMachine({ env: {}, currentFolder: "/", cacheFolder: "/nowhere" }),
    platform: "darwin",
    find: async (name) => `/opt/${name}`,
    exists: async () => true,
    readText: async (path) => {
      const result = next(path);
      return result.kind === "exited" ? result.stdout : undefined;
    },
    withTemporaryFile: (use) => use("/nowhere/file"),
    run: async (name, args) => next([name, ...args].join(" ")),
  };
}
