/** Begins the line that holds the answer: modules print what they like around it. */
export const ANSWER_MARK = "pippin-doctor ";

/**
 * What is installed, without loading any of it. Read from stdin, so that no quoting is needed on any system; the
 * current folder is taken off the module path before anything is imported. Plain enough for Python 2 to read.
 */
export const INVENTORY_SCRIPT = `
import sys
sys.path = [entry for entry in sys.path if entry not in ("", ".")]
import json
answer = {"version": list(sys.version_info[:3]), "missing": [], "modules": {}, "distributions": {}}
try:
    from importlib import util, metadata
    for name in ("venv", "ensurepip"):
        if util.find_spec(name) is None:
            answer["missing"].append(name)
    for name in ("coremltools", "torch", "numpy", "mlc_llm", "tvm"):
        if util.find_spec(name) is not None:
            answer["modules"][name] = None
            try:
                answer["modules"][name] = metadata.version(name)
            except Exception:
                pass
    for distribution in metadata.distributions():
        name = (distribution.metadata["Name"] or "").lower().replace("_", "-")
        if name.startswith("mlc-") or name in ("tvm", "apache-tvm"):
            answer["distributions"][name] = distribution.version
except Exception as error:
    answer["error"] = repr(error)
sys.stdout.write("\\n${ANSWER_MARK}" + json.dumps(answer) + "\\n")
`;

/** Loads modules for real: a library that is missing, or of another version, shows only then. */
export function loadScript(modules: readonly string[]): string {
  return `
import sys
sys.path = [entry for entry in sys.path if entry not in ("", ".")]
import importlib, json
answer = {"version": None, "error": None}
try:
    first = importlib.import_module(${JSON.stringify(modules[0])})
    answer["version"] = str(getattr(first, "__version__", ""))
    for name in ${JSON.stringify(modules.slice(1))}:
        importlib.import_module(name)
except BaseException as error:
    answer["error"] = type(error).__name__ + ": " + str(error)
sys.stdout.write("\\n${ANSWER_MARK}" + json.dumps(answer) + "\\n")
`;
}

/** The answer of one of these scripts, as JSON that nobody has checked. */
export function readAnswer(stdout: string): Readonly<Record<string, unknown>> | undefined {
  const line = stdout.split("\n").findLast((text) => text.startsWith(ANSWER_MARK));
  if (line === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(line.slice(ANSWER_MARK.length));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    // A line that was cut off: no answer.
    return undefined;
  }
}
