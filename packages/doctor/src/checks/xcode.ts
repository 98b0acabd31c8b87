import { askDeveloperFolder, askTool, askVersion, notUnderstood } from "../ask-tool.ts";
import type { Examination, Finding, Row } from "../examination.ts";
import { cleanText } from "../tool-text.ts";
import { isAtLeast, parseVersion } from "../version.ts";
import { askMacVersion } from "./system.ts";

const ACCEPT_LICENSE = "sudo xcodebuild -license accept";
const GET_XCODE =
  "install Xcode 16 or newer from the App Store (https://apps.apple.com/app/xcode/id497799835)";
const STANDARD_XCODE = "/Applications/Xcode.app";
const MAC = ["darwin"];

/** What `xcode-select` points at. */
type Developer =
  | { readonly kind: "xcode"; readonly path: string }
  | { readonly kind: "tools"; readonly path: string }
  | { readonly kind: "none"; readonly finding: Finding };

/** What builds an app. */
export const XCODE_ROWS: readonly Row[] = [
  {
    id: "macos",
    title: "macOS",
    group: "xcode",
    needed: "14 or newer",
    prevents:
      "Only a Mac builds and signs an app; the package and its Swift sources can be made anywhere and carried there.",
    for: ["xcode"],
    helps: ["mlc"],
    examine: macOS,
  },
  {
    id: "developer-folder",
    title: "Selected Xcode",
    group: "xcode",
    needed: "xcode-select points at an Xcode",
    prevents: "xcodebuild, the iOS SDK and coremlcompiler are not found, though an Xcode may be installed.",
    for: ["xcode", "mlc"],
    helps: [],
    platforms: MAC,
    examine: developerFolder,
  },
  {
    id: "command-line-tools",
    title: "Command line tools",
    group: "xcode",
    needed: "xcrun runs",
    prevents: "git, clang, python3 and xcrun of the system do not start.",
    for: ["xcode"],
    helps: ["mlc", "python"],
    platforms: MAC,
    examine: (examination) =>
      askVersion(examination, {
        command: ["xcrun", "--version"],
        pattern: /^xcrun version (\d+)/m,
        fix: "xcode-select --install",
      }),
  },
  {
    id: "xcode",
    title: "Xcode",
    group: "xcode",
    needed: "16 or newer (15 for stateless models without our Swift package)",
    prevents: "No app can be built.",
    for: ["xcode"],
    helps: ["mlc"],
    platforms: MAC,
    examine: xcode,
  },
  {
    id: "xcode-license",
    title: "Xcode's licence",
    group: "xcode",
    needed: "accepted",
    prevents: "Xcode's tools refuse to work until it is accepted once.",
    for: ["xcode", "mlc"],
    helps: [],
    platforms: MAC,
    examine: license,
  },
  {
    id: "ios-sdk",
    title: "iOS SDK",
    group: "xcode",
    needed: "18 or newer (17 for stateless models)",
    prevents: "Apps for iPhone and iPad do not compile.",
    for: ["xcode"],
    helps: ["mlc"],
    platforms: MAC,
    examine: (examination) => sdk(examination, "iphoneos", [18]),
  },
  {
    id: "macos-sdk",
    title: "macOS SDK",
    group: "xcode",
    needed: "15 or newer (14 for stateless models)",
    prevents: "Apps for the Mac do not compile.",
    for: [],
    helps: ["xcode"],
    platforms: MAC,
    examine: (examination) => sdk(examination, "macosx", [15]),
  },
  {
    id: "coremlcompiler",
    title: "coremlcompiler",
    group: "xcode",
    needed: "the one in Xcode",
    prevents: "Xcode cannot compile a .mlpackage, and no package can be checked by Apple's compiler here.",
    for: ["xcode"],
    helps: ["coreml"],
    platforms: MAC,
    examine: compiler,
  },
  {
    id: "swift",
    title: "Swift",
    group: "xcode",
    needed: "6.0 or newer",
    prevents: "The tests of a generated Swift package cannot run here; on a Mac, it does not compile.",
    for: [],
    helps: ["xcode"],
    examine: (examination) =>
      askVersion(examination, {
        command: ["swift", "--version"],
        pattern: /(?:^|\s)(?:Apple )?Swift version (\d+\.\d+[\w.-]*)/m,
        least: [6],
        fix:
          examination.machine.platform === "darwin" ? GET_XCODE : "install it from https://swift.org/install",
      }),
  },
];

/** The folder that Xcode's tools come from, found once. */
export function developer(examination: Examination): Promise<Developer> {
  return examination.once("developer", async (): Promise<Developer> => {
    const answer = await askDeveloperFolder(examination);
    if (answer.kind === "failed") {
      const { status, found = "" } = answer.finding;
      const none = status === "missing" || /unable to get active developer directory/i.test(found);
      return {
        kind: "none",
        finding: { ...answer.finding, status: none ? "missing" : "broken", fix: GET_XCODE },
      };
    }
    const path = answer.text.trim();
    if (!/^\/[^\p{Cc}]{1,1000}$/u.test(path))
      return { kind: "none", finding: notUnderstood(answer.text, GET_XCODE) };
    if (!(await examination.machine.exists(path))) {
      const found = `${cleanText(path)}, which does not exist`;
      return { kind: "none", finding: { status: "broken", found, fix: await selectXcode(examination) } };
    }
    return { kind: path.includes("/CommandLineTools") ? "tools" : "xcode", path };
  });
}

async function selectXcode({ machine }: Examination): Promise<string> {
  if (await machine.exists(STANDARD_XCODE))
    return `sudo xcode-select -s ${STANDARD_XCODE}/Contents/Developer`;
  return `${GET_XCODE}, then: sudo xcode-select -s ${STANDARD_XCODE}/Contents/Developer`;
}

async function macOS(examination: Examination): Promise<Finding> {
  const { machine, asked } = examination;
  const fix = "update it in System Settings → General → Software Update";
  if (machine.platform !== "darwin") {
    if (!asked.includes("xcode")) return { status: "notApplicable" };
    return {
      status: "missing",
      found: "this is no Mac",
      fix: "copy the package to a Mac, and run pippin doctor --for xcode there",
    };
  }
  const answer = await askMacVersion(examination);
  if (answer.kind === "failed") return answer.finding;
  const text = answer.text.trim();
  const version = parseVersion(text);
  if (version === undefined || !/^\d+(?:\.\d+){0,2}$/.test(text)) return notUnderstood(answer.text);
  return isAtLeast(version, [14]) ? { status: "ok", found: text } : { status: "tooOld", found: text, fix };
}

async function developerFolder(examination: Examination): Promise<Finding> {
  const found = await developer(examination);
  if (found.kind === "none") return found.finding;
  if (found.kind === "xcode") return { status: "ok", found: cleanText(found.path) };
  return {
    status: "broken",
    found: `${cleanText(found.path)}: the command line tools alone`,
    fix: await selectXcode(examination),
  };
}

async function xcode(examination: Examination): Promise<Finding> {
  const without = await withoutXcode(examination);
  if (without !== undefined) return without;
  const finding = licensed(
    await askVersion(examination, {
      command: ["xcodebuild", "-version"],
      pattern: /^Xcode (\d+(?:\.\d+)*)/m,
      least: [16],
      fix: GET_XCODE,
    }),
  );
  const major = Number.parseInt(finding.found ?? "", 10);
  if (finding.status !== "tooOld" || major < 15) return finding;
  return { ...finding, prevents: "Stateful models and our Swift package do not build; stateless models do." };
}

async function license(examination: Examination): Promise<Finding> {
  const without = await withoutXcode(examination);
  if (without !== undefined) return { ...without, status: "unknown", found: "no Xcode is selected" };
  const answer = await askTool(examination, ["xcodebuild", "-license", "check"], { fix: ACCEPT_LICENSE });
  if (answer.kind === "answered") return { status: "ok", found: "accepted" };
  const { found = "" } = answer.finding;
  // xcodebuild ends with 69 and says so.
  return found.startsWith("exit status 69")
    ? { ...answer.finding, status: "missing", found: "not accepted" }
    : answer.finding;
}

/** Any of Xcode's tools may end with the words about its licence. */
function licensed(finding: Finding): Finding {
  const unread =
    finding.status === "broken" && /^exit status 69|agreed to the Xcode license/.test(finding.found ?? "");
  return unread ? { ...finding, found: "its licence has not been accepted", fix: ACCEPT_LICENSE } : finding;
}

/** Why nothing that is part of Xcode can be there. */
export async function withoutXcode(examination: Examination): Promise<Finding | undefined> {
  const found = await developer(examination);
  if (found.kind === "xcode") return undefined;
  return { status: "missing", found: "no Xcode is selected", fix: await selectXcode(examination) };
}

async function sdk(examination: Examination, name: string, least: readonly number[]): Promise<Finding> {
  const found = await developer(examination);
  if (found.kind === "none") return { status: "missing", found: "no Xcode is selected", fix: GET_XCODE };
  const finding = await askVersion(examination, {
    command: ["xcrun", "--sdk", name, "--show-sdk-version"],
    // Nothing else is printed on stdout.
    pattern: /^\s*(\d+\.\d+(?:\.\d+)?)\s*$/,
    least,
    fix: found.kind === "tools" ? await selectXcode(examination) : GET_XCODE,
  });
  return licensed(absent(finding, /SDK "[^"]*" cannot be located/));
}

async function compiler(examination: Examination): Promise<Finding> {
  const without = await withoutXcode(examination);
  if (without !== undefined) return without;
  const answer = await askTool(examination, ["xcrun", "--find", "coremlcompiler"], { fix: GET_XCODE });
  if (answer.kind === "failed") return licensed(absent(answer.finding, /unable to find utility/));
  if (!/^\/[^\p{Cc}]*\/coremlcompiler\s*$/u.test(answer.text)) return notUnderstood(answer.text, GET_XCODE);
  const version = await askTool(examination, ["xcrun", "coremlcompiler", "version"], { fix: GET_XCODE });
  if (version.kind === "failed") return licensed(version.finding);
  const number = /\b\d{1,6}(?:\.\d{1,6}){1,3}\b/.exec(version.text)?.[0];
  return { status: "ok", found: number ?? cleanText(answer.text) };
}

/** xcrun ends with an error where a part of Xcode is not installed: that is missing, not broken. */
export function absent(finding: Finding, words: RegExp): Finding {
  const missing = finding.status === "broken" && words.test(finding.found ?? "");
  return missing ? { ...finding, status: "missing" } : finding;
}
