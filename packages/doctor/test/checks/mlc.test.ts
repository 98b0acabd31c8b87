import { FAILS } from "../support/fake-tools.ts";
import { MLC_USAGE, MODULES, python, unloadable } from "../support/healthy.ts";
import { brokenCases, type Case, match, moduleCases, part, testRows, without } from "../support/rows.ts";

const MLC: Case[] = [
  ...moduleCases("mlc-llm", { module: "mlc_llm", asked: "mlc", old: "0.19.0" }),
  {
    id: "tvm",
    when: "found",
    asked: ["mlc"],
    expected: { status: "ok", found: "apache-tvm 0.26.0 (python3)" },
  },
  {
    id: "tvm",
    when: "missing",
    tools: { python3: python({ modules: without("tvm") }) },
    expected: {
      status: "missing",
      fix: match(
        /^python3 -m venv mlc-env && .* -f https:\/\/mlc\.ai\/wheels mlc-llm-nightly-cpu mlc-ai-nightly-cpu$/,
      ),
    },
  },
  {
    id: "tvm",
    when: "missing on Windows",
    machine: { platform: "win32" },
    tools: { python3: python({ modules: without("tvm") }) },
    expected: { status: "missing", fix: match(/^py -3 -m venv mlc-env; mlc-env\\Scripts\\activate; /) },
  },
  {
    id: "tvm",
    when: "of a wheel that belongs to another mlc_llm",
    tools: {
      python3: python({
        modules: MODULES,
        distributions: { "mlc-llm-nightly-cu123": "0.20.dev30", "mlc-ai-nightly-cpu": "0.20.dev511" },
      }),
    },
    expected: { status: "broken", found: "mlc-llm-nightly-cu123 beside mlc-ai-nightly-cpu" },
  },
  {
    id: "tvm",
    when: "of the wheel that belongs to mlc_llm",
    tools: {
      python3: python({
        modules: { ...MODULES, tvm: null },
        distributions: { "mlc-llm-nightly-cpu": "0.20.dev30", "mlc-ai-nightly-cpu": "0.20.dev511" },
      }),
    },
    asked: ["mlc"],
    expected: { status: "ok", found: "mlc-ai-nightly-cpu 0.20.dev511 (python3)" },
  },
  {
    id: "tvm",
    when: "in another Python",
    tools: { python3: python({ modules: without("tvm") }), python: python({ modules: without("mlc_llm") }) },
    expected: { status: "broken", found: "in python, but mlc_llm is in python3" },
  },
  {
    id: "tvm",
    when: "does not load",
    asked: ["mlc"],
    tools: {
      python3: python(undefined, { tvm: unloadable("OSError: undefined symbol: TVMFFIErrorSetRaised") }),
    },
    expected: { status: "broken", found: match(/undefined symbol/) },
  },

  {
    id: "mlc-command",
    when: "found",
    asked: ["mlc"],
    expected: { status: "ok", found: match(/\/bin\/mlc_llm$/) },
  },
  {
    id: "mlc-command",
    when: "found, and not started unasked",
    tools: { mlc_llm: FAILS },
    expected: { status: "ok", found: match(/not started$/) },
  },
  { id: "mlc-command", when: "missing", tools: { mlc_llm: null }, expected: { status: "missing" } },
  {
    id: "mlc-command",
    when: "another program of that name",
    asked: ["mlc"],
    tools: { mlc_llm: { stdout: MLC_USAGE.replace("MLC LLM", "Other") } },
    expected: { status: "broken" },
  },
  ...brokenCases("mlc-command", (mlc_llm) => ({ mlc_llm }), ["mlc"]),

  { id: "git-lfs", when: "found", expected: { status: "ok", found: "3.5.1" } },
  {
    id: "git-lfs",
    when: "missing",
    tools: { "git-lfs": null },
    expected: { status: "missing", fix: "brew install git-lfs" },
  },
  {
    id: "git-lfs",
    when: "missing on Windows",
    tools: { "git-lfs": null },
    machine: { platform: "win32" },
    expected: { status: "missing", fix: "winget install GitHub.GitLFS" },
  },
  {
    id: "git-lfs",
    when: "missing on Fedora",
    tools: { "git-lfs": null },
    machine: { platform: "linux", readText: async () => 'ID=nobara\nID_LIKE="rhel fedora"\n' },
    expected: { status: "missing", fix: "sudo dnf install git-lfs" },
  },
  {
    id: "git-lfs",
    when: "missing on another Linux",
    tools: { "git-lfs": null },
    machine: { platform: "linux", readText: async () => undefined },
    expected: { status: "missing", fix: "install it from https://git-lfs.com" },
  },
  ...brokenCases("git-lfs", (fake) => ({ "git-lfs": fake })),

  { id: "metal", when: "found", expected: { status: "ok", found: "32023.404" } },
  {
    id: "metal",
    when: "missing",
    tools: part("metal", {
      status: 1,
      stderr:
        "error: error: cannot execute tool 'metal' due to missing Metal Toolchain; use: xcodebuild -downloadComponent MetalToolchain\n",
    }),
    expected: { status: "missing", fix: "xcodebuild -downloadComponent MetalToolchain" },
  },
  ...brokenCases("metal", (reply) => part("metal", reply)),

  { id: "cmake", when: "found", expected: { status: "ok", found: "3.25.1" } },
  {
    id: "cmake",
    when: "too old",
    tools: {
      cmake: {
        stdout:
          "cmake version 3.16.3\n\nCMake suite maintained and supported by Kitware (kitware.com/cmake).\n",
      },
    },
    expected: { status: "tooOld", found: "3.16.3" },
  },
  {
    id: "cmake",
    when: "missing",
    tools: { cmake: null },
    expected: { status: "missing", fix: "brew install cmake" },
  },
  ...brokenCases("cmake", (cmake) => ({ cmake })),

  { id: "rust", when: "found", expected: { status: "ok", found: "1.29.0" } },
  {
    id: "rust",
    when: "missing",
    tools: { rustup: null },
    expected: { status: "missing", fix: match(/rustup\.rs/) },
  },
  {
    id: "rust",
    when: "found where rustup puts itself",
    tools: { rustup: null, "home/.cargo/bin/rustup": { stdout: "rustup 1.27.1 (54dd3d00f 2024-04-24)\n" } },
    expected: { status: "ok", found: "1.27.1" },
  },
  ...brokenCases("rust", (rustup) => ({ rustup })),

  {
    id: "mlc-source",
    when: "found",
    machine: { env: { MLC_LLM_SOURCE_DIR: "/src/mlc" }, exists: async () => true },
    expected: { status: "ok", found: "/src/mlc" },
  },
  {
    id: "mlc-source",
    when: "missing",
    expected: { status: "missing", fix: match(/^git clone --recursive/) },
  },
  {
    id: "mlc-source",
    when: "names another folder",
    machine: { env: { MLC_LLM_SOURCE_DIR: "/nowhere" } },
    expected: { status: "broken", found: "/nowhere holds no ios/prepare_libs.sh" },
  },
];

// TVM is judged by whether it loads beside mlc_llm; of the others any version serves.
testRows(MLC, {
  tvm: ["tooOld"],
  "mlc-command": ["tooOld"],
  "git-lfs": ["tooOld"],
  metal: ["tooOld"],
  rust: ["tooOld"],
  "mlc-source": ["tooOld"],
});
