import { askTool } from "./ask-tool.ts";
import type { Workflow } from "./check.ts";
import type { Examination, Finding } from "./examination.ts";
import { type Interpreter, interpreters } from "./interpreters.ts";
import { loadScript, readAnswer } from "./python-scripts.ts";
import { cleanText } from "./tool-text.ts";
import { isAtLeast, parseVersion, type Version } from "./version.ts";

/** coremltools with torch took 5 s alone on two cores, 15 s beside other work; from a cold disk longer. */
const LOAD_TIMEOUT_MS = 60_000;

export interface ModuleQuestion {
  readonly name: string;
  /** Loaded too: parts that are left out of some wheels. */
  readonly parts?: readonly string[];
  readonly least?: Version;
  /** It is loaded for real when one of these is asked for; else only what is installed is read. */
  readonly loadFor: Workflow;
  readonly fix: string;
}

/** The first Python that has a module. */
export async function holderOf(examination: Examination, name: string): Promise<Interpreter | undefined> {
  return (await interpreters(examination)).working.find(({ modules }) => modules.has(name));
}

/** Looks for a Python module, compares its version, and loads it where its workflow is asked for. */
export async function examineModule(examination: Examination, question: ModuleQuestion): Promise<Finding> {
  const { name, least = [], loadFor, fix } = question;
  const holder = await holderOf(examination, name);
  if (holder === undefined) return { status: "missing", fix };
  const installed = holder.modules.get(name)!;
  if (!examination.asked.includes(loadFor)) {
    return judge(installed, least, { where: `${holder.name}, not loaded`, fix });
  }
  const loaded = await load(examination, holder, question);
  return "status" in loaded ? loaded : judge(installed || loaded.version, least, { where: holder.name, fix });
}

function judge(
  text: string,
  least: Version,
  { where, fix }: { readonly where: string; readonly fix: string },
): Finding {
  const version = parseVersion(text);
  if (version === undefined) {
    return text === "" && least.length === 0
      ? { status: "ok", found: `of an unknown version (${where})` }
      : { status: "broken", found: `says no version (${where})`, fix };
  }
  const found = `${text} (${where})`;
  return isAtLeast(version, least) ? { status: "ok", found } : { status: "tooOld", found, fix };
}

async function load(
  examination: Examination,
  { command, name: where }: Interpreter,
  { name, parts = [], fix }: ModuleQuestion,
): Promise<Finding | { readonly version: string }> {
  const answer = await askTool(examination, [...command, "-"], {
    input: loadScript([name, ...parts]),
    timeoutMs: LOAD_TIMEOUT_MS,
    fix,
  });
  if (answer.kind === "failed") return { ...answer.finding, status: "broken" };
  const said = readAnswer(answer.text);
  if (typeof said?.error === "string") return { status: "broken", found: cleanText(said.error), fix };
  if (typeof said?.version !== "string") {
    return { status: "broken", found: `its answer is not understood (${where})`, fix };
  }
  return { version: cleanText(said.version) };
}
