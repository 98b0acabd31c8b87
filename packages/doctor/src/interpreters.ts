import { askTool } from "./ask-tool.ts";
import type { Examination, Finding } from "./examination.ts";
import { INVENTORY_SCRIPT, readAnswer } from "./python-scripts.ts";
import { cleanText } from "./tool-text.ts";
import type { Version } from "./version.ts";

/** A Python that answered. */
export interface Interpreter {
  readonly command: readonly [name: string, ...args: string[]];
  /** What people call it: `python3`, or the environment that Pippin made. */
  readonly name: string;
  readonly version: Version;
  /** Standard modules that a new environment needs and that this Python lacks. */
  readonly missing: readonly string[];
  /** Module to version; the version is empty where no metadata says it. */
  readonly modules: ReadonlyMap<string, string>;
  /** Installed distributions of MLC and TVM, by their name on the index. */
  readonly distributions: ReadonlyMap<string, string>;
}

/** A Python that did not answer, and why. */
export interface Failure {
  readonly name: string;
  readonly finding: Finding;
}

export interface Interpreters {
  readonly working: readonly Interpreter[];
  readonly failures: readonly Failure[];
}

/** Every Python that could serve: the environment of `pippin python setup` first, then those on the path. */
export function interpreters(examination: Examination): Promise<Interpreters> {
  return examination.once("interpreters", async () => {
    const answers = await Promise.all((await candidates(examination)).map((one) => ask(one, examination)));
    return {
      working: answers.filter((answer) => "version" in answer),
      failures: answers.filter((answer) => "finding" in answer),
    };
  });
}

type Candidate = Pick<Interpreter, "command" | "name">;

async function candidates({ machine }: Examination): Promise<Candidate[]> {
  const windows = machine.platform === "win32";
  const separator = windows ? "\\" : "/";
  const inside = windows ? ["Scripts", "python.exe"] : ["bin", "python"];
  const engine = [machine.cacheFolder, "engines", "coremltools", "venv", ...inside].join(separator);
  const onPath: Candidate[] = [
    { command: ["python3"], name: "python3" },
    { command: ["python"], name: "python" },
  ];
  if (windows) onPath.unshift({ command: ["py", "-3"], name: "py -3" });
  const own = (await machine.exists(engine))
    ? [{ command: [engine] as const, name: "the environment of pippin python setup" }]
    : [];
  return [...own, ...onPath];
}

async function ask({ command, name }: Candidate, examination: Examination): Promise<Interpreter | Failure> {
  const answer = await askTool(examination, [...command, "-"], { input: INVENTORY_SCRIPT });
  if (answer.kind === "failed") return { name, finding: withoutStore(answer.finding) };
  const said = readAnswer(answer.text);
  const version = versionOf(said?.version);
  if (said === undefined || version === undefined) {
    return { name, finding: { status: "broken", found: `its answer is not understood (${name})` } };
  }
  if (typeof said.error === "string" && version[0]! >= 3 && version[1]! >= 8) {
    return { name, finding: { status: "broken", found: cleanText(said.error) } };
  }
  return {
    command,
    name,
    version,
    missing: Array.isArray(said.missing) ? said.missing.map((one) => cleanText(String(one))) : [],
    modules: texts(said.modules),
    distributions: texts(said.distributions),
  };
}

/** Windows has programs called python that only open its shop; they end with 9009 and these words. */
function withoutStore(finding: Finding): Finding {
  return /Microsoft Store|status 9009/.test(finding.found ?? "") ? { status: "missing" } : finding;
}

function versionOf(value: unknown): Version | undefined {
  const valid =
    Array.isArray(value) &&
    value.length === 3 &&
    value.every((number) => Number.isSafeInteger(number) && number >= 0 && number < 1000);
  return valid ? value : undefined;
}

function texts(value: unknown): ReadonlyMap<string, string> {
  if (typeof value !== "object" || value === null) return new Map();
  return new Map(
    Object.entries(value).map(([name, text]) => [name, typeof text === "string" ? cleanText(text) : ""]),
  );
}
