import { MODULES, python, unloadable } from "../support/healthy.ts";
import { brokenCases, type Case, match, moduleCases, testRows, without } from "../support/rows.ts";

const TRACEBACK =
  "Traceback (most recent call last):\n  File \"<stdin>\", line 3, in <module>\nModuleNotFoundError: No module named 'encodings'\n";

const PYTHON: Case[] = [
  { id: "python", when: "found", expected: { status: "ok", found: "3.11.7 (python3)" } },
  {
    id: "python",
    when: "found as python",
    tools: { python3: null, python: python() },
    expected: { status: "ok", found: "3.11.7 (python)" },
  },
  {
    id: "python",
    when: "too old",
    tools: { python3: python({ version: [3, 8, 20] }) },
    expected: { status: "tooOld", found: "3.8.20 (python3)", fix: "brew install python@3.12" },
  },
  {
    id: "python",
    when: "as old as Python 2",
    tools: { python3: python({ version: [2, 7, 18], error: "ImportError('No module named metadata',)" }) },
    expected: { status: "tooOld", found: "2.7.18 (python3)" },
  },
  { id: "python", when: "missing", tools: { python3: null }, expected: { status: "missing" } },
  {
    id: "python",
    when: "missing, but for the program that opens Microsoft's shop",
    tools: {
      python3: {
        status: 9,
        stderr:
          "Python was not found; run without arguments to install from the Microsoft Store, or disable this shortcut from Settings > Apps > Advanced app settings > App execution aliases.\n",
      },
    },
    expected: { status: "missing" },
  },
  {
    id: "python",
    when: "without venv",
    tools: { python3: python({ missing: ["ensurepip"] }) },
    machine: { platform: "linux", readText: async () => "ID=debian\n" },
    expected: {
      status: "broken",
      found: "3.11.7 (python3), without ensurepip",
      fix: "sudo apt-get install python3-venv",
    },
  },
  {
    id: "python",
    when: "its library is gone",
    tools: { python3: { status: 1, stderr: TRACEBACK } },
    expected: { status: "broken", found: match(/ModuleNotFoundError: No module named 'encodings'$/) },
  },
  ...brokenCases("python", (python3) => ({ python3 })),

  ...moduleCases("coremltools", { module: "coremltools", asked: "python", old: "6.3.0" }),
  {
    id: "coremltools",
    when: "without the writer of weight files",
    tools: {
      python3: python(undefined, {
        coremltools: unloadable("ModuleNotFoundError: No module named 'coremltools.libmilstoragepython'"),
      }),
    },
    asked: ["python"],
    expected: { status: "broken", found: match(/libmilstoragepython/), fix: "pippin python setup" },
  },
  ...moduleCases("torch", { module: "torch", asked: "python", old: "1.13.1" }),
  { id: "numpy", when: "found", expected: { status: "ok", found: "2.2.6 (python3)" } },
  {
    id: "numpy",
    when: "too new",
    tools: { python3: python({ modules: { ...MODULES, numpy: "2.4.0" } }) },
    expected: {
      status: "broken",
      found: "2.4.0 (python3), too new for coremltools",
      fix: "pippin python setup",
    },
  },
  {
    id: "numpy",
    when: "missing",
    tools: { python3: python({ modules: without("numpy") }) },
    expected: { status: "missing" },
  },
  {
    id: "numpy",
    when: "there without coremltools",
    tools: { python3: python({ modules: without("coremltools") }) },
    expected: { status: "ok", found: "2.2.6 (python3)" },
  },
  {
    id: "numpy",
    when: "in the second Python, and coremltools in none",
    tools: { python3: python({ modules: {} }), python: python({ modules: { numpy: "2.1.0" } }) },
    expected: { status: "ok", found: "2.1.0 (python)" },
  },
  {
    id: "numpy",
    when: "in another Python than coremltools",
    tools: {
      python3: python({ modules: without("numpy") }),
      python: python({ modules: { numpy: "2.1.0" } }),
    },
    expected: { status: "missing" },
  },
];

testRows(PYTHON, { numpy: ["tooOld"] });
