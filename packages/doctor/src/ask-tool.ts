import type { Examination, Finding } from "./examination.ts";
import type { RunResult } from "./machine.ts";
import { cleanText, tellingLine } from "./tool-text.ts";
import { isAtLeast, parseVersion, type Version } from "./version.ts";

/** Long enough for a tool that is loaded from a cold disk; a healthy one answers in milliseconds. */
const TIMEOUT_MS = 10_000;
/** More than any version text, less than what would fill a memory. */
const MAX_BYTES = 256 * 1024;

export interface AskOptions {
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  readonly input?: string;
  /** The step that mends what is wrong with the tool. */
  readonly fix?: string | undefined;
}

/** What a tool said, or why it has not. */
export type Answer =
  | { readonly kind: "answered"; readonly text: string }
  | { readonly kind: "failed"; readonly finding: Finding };

/** Apple's placeholders in /usr/bin open a dialog while no developer tools are there; these are no placeholders. */
const MAC_PROGRAMS = new Set(["xcode-select", "sw_vers", "security"]);

/** Runs a tool; its stdout is given as it came, and must be treated as a stranger's text. */
export async function askTool(
  examination: Examination,
  command: readonly [name: string, ...args: string[]],
  options: AskOptions = {},
): Promise<Answer> {
  const { machine, signal } = examination;
  const { timeoutMs = TIMEOUT_MS, maxBytes = MAX_BYTES, input, fix } = options;
  const [name, ...args] = command;
  if (await isPlaceholder(examination, name)) return failed({ status: "missing", fix });
  const result = await machine.run(name, args, { timeoutMs, maxBytes, signal, input });
  if (result.kind === "exited" && result.status === 0) return { kind: "answered", text: result.stdout };
  return failed({ ...failure(result, timeoutMs), fix });
}

function failed(finding: Finding): Answer {
  return { kind: "failed", finding };
}

function failure(result: RunResult, timeoutMs: number): Finding {
  switch (result.kind) {
    case "missing":
      return { status: "missing" };
    case "timeout":
      return { status: "broken", found: `did not answer within ${timeoutMs / 1000} s` };
    case "flooded":
      return { status: "broken", found: "printed without end" };
    case "unstartable":
      return { status: "broken", found: `cannot be started: ${cleanText(result.reason)}` };
    case "crashed":
      return { status: "broken", found: `ended by ${cleanText(result.signal)}` };
    case "exited": {
      const said = tellingLine(result.stderr) || tellingLine(result.stdout);
      return { status: "broken", found: `exit status ${result.status}${said && `: ${said}`}` };
    }
  }
}

async function isPlaceholder(examination: Examination, name: string): Promise<boolean> {
  const { machine } = examination;
  if (machine.platform !== "darwin" || MAC_PROGRAMS.has(name)) return false;
  const path = await machine.find(name);
  return path?.startsWith("/usr/bin/") === true && (await developerFolderText(examination)) === undefined;
}

/** What `xcode-select -p` prints, or nothing. */
async function developerFolderText(examination: Examination): Promise<string | undefined> {
  const answer = await askDeveloperFolder(examination);
  return answer.kind === "answered" ? answer.text : undefined;
}

/** `xcode-select -p`, once for all rows. */
export function askDeveloperFolder(examination: Examination): Promise<Answer> {
  return examination.once("developer folder", () => askTool(examination, ["xcode-select", "-p"]));
}

export interface VersionQuestion extends AskOptions {
  readonly command: readonly [name: string, ...args: string[]];
  /** Its first group is the version, in the words around it that only this tool prints. */
  readonly pattern: RegExp;
  readonly least?: Version;
}

/** Asks a tool for its version and compares it. What does not look like the tool's own words is never `ok`. */
export async function askVersion(examination: Examination, question: VersionQuestion): Promise<Finding> {
  const { command, pattern, least = [], fix } = question;
  const answer = await askTool(examination, command, question);
  if (answer.kind === "failed") return answer.finding;
  const text = pattern.exec(answer.text)?.[1];
  const version = text === undefined ? undefined : parseVersion(text);
  if (text === undefined || version === undefined) return notUnderstood(answer.text, fix);
  const found = cleanText(text);
  return isAtLeast(version, least) ? { status: "ok", found } : { status: "tooOld", found, fix };
}

/** For an answer that is none. */
export function notUnderstood(text: string, fix?: string): Finding {
  const said = cleanText(text.slice(0, 200));
  return {
    status: "broken",
    found: said === "" ? "printed nothing" : `printed ${JSON.stringify(said)}`,
    fix,
  };
}
