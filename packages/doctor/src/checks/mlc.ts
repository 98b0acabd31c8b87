import { askTool, askVersion, notUnderstood } from "../ask-tool.ts";
import type { Examination, Finding, Row } from "../examination.ts";
import { installLine } from "../install-line.ts";
import { examineModule, holderOf } from "../python-module.ts";
import { cleanText } from "../tool-text.ts";
import { absent, withoutXcode } from "./xcode.ts";

const MAC = ["darwin"];
/** It loads all of MLC and TVM. */
const LOAD_TIMEOUT_MS = 60_000;

/** What `mlc_llm` needs: the weights are made anywhere, the model library on a Mac with Xcode. */
export const MLC_ROWS: readonly Row[] = [
  {
    id: "mlc-llm",
    title: "mlc_llm",
    group: "mlc",
    needed: "0.20 or newer",
    prevents: "Neither weights nor the model library of an MLC package can be made.",
    for: ["mlc"],
    helps: [],
    examine: (examination) =>
      examineModule(examination, {
        name: "mlc_llm",
        least: [0, 20],
        loadFor: "mlc",
        fix: installMlc(examination),
      }),
  },
  {
    id: "tvm",
    title: "TVM",
    group: "mlc",
    needed: "the build that belongs to mlc_llm",
    prevents: "mlc_llm cannot compile a model, and usually not even start.",
    for: ["mlc"],
    helps: [],
    examine: tvm,
  },
  {
    id: "mlc-command",
    title: "mlc_llm command",
    group: "mlc",
    needed: "on the path",
    prevents: "`mlc_llm` has to be typed as `python3 -m mlc_llm`.",
    for: [],
    helps: ["mlc"],
    examine: command,
  },
  {
    id: "git-lfs",
    title: "Git LFS",
    group: "mlc",
    needed: "any version",
    prevents: "mlc_llm cannot fetch models that are named as HF://.",
    for: [],
    helps: ["mlc"],
    examine: async (examination) =>
      askVersion(examination, {
        command: ["git-lfs", "version"],
        pattern: /^git-lfs\/(\d+\.\d+\.\d+)/m,
        fix: await installLine(examination, {
          brew: "git-lfs",
          apt: "git-lfs",
          dnf: "git-lfs",
          winget: "GitHub.GitLFS",
          page: "https://git-lfs.com",
        }),
      }),
  },
  {
    id: "metal",
    title: "Metal compiler",
    group: "mlc",
    needed: "the one of Xcode",
    prevents: "The GPU kernels of an MLC model library do not compile.",
    for: ["mlc"],
    helps: [],
    platforms: MAC,
    examine: metal,
  },
  {
    id: "cmake",
    title: "CMake",
    group: "mlc",
    needed: "3.24 or newer",
    prevents: "`mlc_llm package` cannot build MLC's runtime for an app.",
    for: ["mlc"],
    helps: [],
    platforms: MAC,
    examine: (examination) =>
      askVersion(examination, {
        command: ["cmake", "--version"],
        pattern: /^cmake version (\d+\.\d+[\w.-]*)/m,
        least: [3, 24],
        fix: "brew install cmake",
      }),
  },
  {
    id: "rust",
    title: "Rust (rustup)",
    group: "mlc",
    needed: "any version",
    prevents: "`mlc_llm package` cannot build the tokenizer library for an app.",
    for: ["mlc"],
    helps: [],
    platforms: MAC,
    examine: rustup,
  },
  {
    id: "mlc-source",
    title: "MLC's sources",
    group: "mlc",
    needed: "MLC_LLM_SOURCE_DIR names a checkout of mlc-llm",
    prevents: "`mlc_llm package` does not find the Swift package and the scripts that it builds from.",
    for: ["mlc"],
    helps: [],
    platforms: MAC,
    examine: source,
  },
];

/** MLC publishes its wheels on its own page, in pairs, the same for every system without a GPU of NVIDIA or AMD. */
function installMlc({ machine }: Examination): string {
  const install =
    "python -m pip install --pre -U -f https://mlc.ai/wheels mlc-llm-nightly-cpu mlc-ai-nightly-cpu";
  return machine.platform === "win32"
    ? `py -3 -m venv mlc-env; mlc-env\\Scripts\\activate; ${install}`
    : `python3 -m venv mlc-env && . mlc-env/bin/activate && ${install}`;
}

/** Found where rustup puts itself, too: MLC's own script looks there. */
async function rustup(examination: Examination): Promise<Finding> {
  const { machine } = examination;
  const isOnPath = (await machine.find("rustup")) !== undefined;
  return askVersion(examination, {
    command: [isOnPath ? "rustup" : `${machine.env.HOME}/.cargo/bin/rustup`, "--version"],
    pattern: /^rustup (\d+\.\d+\.\d+)/m,
    fix: "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh",
  });
}

async function tvm(examination: Examination): Promise<Finding> {
  const fix = installMlc(examination);
  const mlc = await holderOf(examination, "mlc_llm");
  const own = await holderOf(examination, "tvm");
  if (own === undefined) return { status: "missing", fix };
  if (mlc !== undefined && mlc !== own && !mlc.modules.has("tvm")) {
    return { status: "broken", found: `in ${own.name}, but mlc_llm is in ${mlc.name}`, fix };
  }
  const strangers = differentFlavors((mlc ?? own).distributions);
  if (strangers !== undefined) return { status: "broken", found: strangers, fix };
  const finding = await examineModule(examination, { name: "tvm", loadFor: "mlc", fix });
  const version = [...own.distributions].find(([name]) => name.startsWith("mlc-ai") || name.endsWith("tvm"));
  // TVM in MLC's wheels has no metadata under its own name.
  return finding.status === "ok" && version !== undefined
    ? { ...finding, found: cleanText(`${version.join(" ")} (${own.name})`) }
    : finding;
}

/** `mlc-llm-nightly-cu123` goes with `mlc-ai-nightly-cu123`; says what does not fit. */
function differentFlavors(distributions: ReadonlyMap<string, string>): string | undefined {
  const names = [...distributions.keys()];
  const llm = names.find((name) => name.startsWith("mlc-llm-"));
  const ai = names.find((name) => name.startsWith("mlc-ai-"));
  if (llm === undefined || ai === undefined) return undefined;
  return llm.slice("mlc-llm".length) === ai.slice("mlc-ai".length)
    ? undefined
    : cleanText(`${llm} beside ${ai}`);
}

/** It loads all of MLC, so that it is started only when that is asked for. */
async function command(examination: Examination): Promise<Finding> {
  const fix = "activate the Python environment that mlc_llm is installed in";
  const path = await examination.machine.find("mlc_llm");
  if (path === undefined) return { status: "missing", fix };
  if (!examination.asked.includes("mlc")) return { status: "ok", found: `${cleanText(path)}, not started` };
  const answer = await askTool(examination, ["mlc_llm", "--help"], { timeoutMs: LOAD_TIMEOUT_MS, fix });
  if (answer.kind === "failed") return answer.finding;
  return /^usage: MLC LLM/m.test(answer.text) && answer.text.includes("convert_weight")
    ? { status: "ok", found: cleanText(path) }
    : notUnderstood(answer.text, fix);
}

async function metal(examination: Examination): Promise<Finding> {
  const without = await withoutXcode(examination);
  if (without !== undefined) return without;
  const finding = await askVersion(examination, {
    command: ["xcrun", "--sdk", "iphoneos", "metal", "--version"],
    pattern: /^Apple metal version (\d+(?:\.\d+)*)/m,
    // Since Xcode 26 it is a part that is fetched by itself.
    fix: "xcodebuild -downloadComponent MetalToolchain",
  });
  return absent(finding, /missing Metal Toolchain|unable to find utility/);
}

async function source({ machine }: Examination): Promise<Finding> {
  const fix =
    "git clone --recursive https://github.com/mlc-ai/mlc-llm, then: export MLC_LLM_SOURCE_DIR=$PWD/mlc-llm";
  const folder = machine.env.MLC_LLM_SOURCE_DIR;
  if (!folder) return { status: "missing", fix };
  const found = cleanText(folder);
  if (await machine.exists(`${folder}/ios/prepare_libs.sh`)) return { status: "ok", found };
  return { status: "broken", found: `${found} holds no ios/prepare_libs.sh`, fix };
}
