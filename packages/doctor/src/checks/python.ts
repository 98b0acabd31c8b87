import type { Examination, Finding, Row } from "../examination.ts";
import { installLine, linuxFamily } from "../install-line.ts";
import { interpreters } from "../interpreters.ts";
import { examineModule, holderOf } from "../python-module.ts";
import { isAtLeast, parseVersion } from "../version.ts";

const LEAST_PYTHON = [3, 9];
const SETUP = "pippin python setup";

/** What the engine of coremltools needs. Pippin converts without it. */
export const PYTHON_ROWS: readonly Row[] = [
  {
    id: "python",
    title: "Python",
    group: "python",
    needed: "3.9 or newer, with venv; 3.11 to 3.13 for pippin python setup",
    prevents: "The engines of coremltools and MLC cannot run; Pippin's own conversion needs no Python.",
    for: ["python", "mlc"],
    helps: ["coreml"],
    examine: python,
  },
  {
    id: "coremltools",
    title: "coremltools",
    group: "python",
    needed: "7 or newer",
    prevents: "`pippin convert --engine coremltools` cannot run.",
    for: ["python"],
    helps: ["coreml"],
    examine: (examination) =>
      examineModule(examination, {
        name: "coremltools",
        // Wheels for a Python that coremltools does not know lack the writer of weight files.
        parts: ["coremltools.libmilstoragepython"],
        least: [7],
        loadFor: "python",
        fix: SETUP,
      }),
  },
  {
    id: "numpy",
    title: "numpy",
    group: "python",
    needed: "below 2.4",
    prevents: "coremltools 9.0 fails in the middle of a conversion with numpy 2.4 and newer.",
    for: ["python"],
    helps: ["coreml"],
    examine: numpy,
  },
  {
    id: "torch",
    title: "PyTorch",
    group: "python",
    needed: "2.0 or newer",
    prevents: "The coremltools engine has nothing to trace a model with.",
    for: ["python"],
    helps: ["coreml"],
    examine: (examination) =>
      examineModule(examination, { name: "torch", least: [2], loadFor: "python", fix: SETUP }),
  },
];

async function python(examination: Examination): Promise<Finding> {
  const { working, failures } = await interpreters(examination);
  const install = await installLine(examination, {
    brew: "python@3.12",
    apt: "python3 python3-venv",
    dnf: "python3",
    winget: "Python.Python.3.12",
    page: "https://python.org",
  });
  const fit = working.filter(({ version }) => isAtLeast(version, LEAST_PYTHON));
  const whole = fit.find(({ missing }) => missing.length === 0);
  if (whole !== undefined) return { status: "ok", found: `${whole.version.join(".")} (${whole.name})` };
  if (fit[0] !== undefined) {
    const { version, name, missing } = fit[0];
    const found = `${version.join(".")} (${name}), without ${missing.join(" and ")}`;
    const debian = (await linuxFamily(examination)) === "debian" && examination.machine.platform === "linux";
    return { status: "broken", found, fix: debian ? "sudo apt-get install python3-venv" : install };
  }
  if (working[0] !== undefined) {
    const { version, name } = working[0];
    return { status: "tooOld", found: `${version.join(".")} (${name})`, fix: install };
  }
  const broken = failures.find(({ finding }) => finding.status === "broken");
  return broken === undefined ? { status: "missing", fix: install } : { ...broken.finding, fix: install };
}

/** The numpy beside coremltools counts; without coremltools the first there is. */
async function numpy(examination: Examination): Promise<Finding> {
  const holder = (await holderOf(examination, "coremltools")) ?? (await holderOf(examination, "numpy"));
  const text = holder?.modules.get("numpy");
  if (holder === undefined || text === undefined) return { status: "missing", fix: SETUP };
  const version = parseVersion(text);
  if (version === undefined)
    return { status: "broken", found: `says no version (${holder.name})`, fix: SETUP };
  const found = `${text} (${holder.name})`;
  return isAtLeast(version, [2, 4])
    ? { status: "broken", found: `${found}, too new for coremltools`, fix: SETUP }
    : { status: "ok", found };
}
