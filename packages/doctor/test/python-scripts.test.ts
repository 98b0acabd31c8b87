import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { INVENTORY_SCRIPT, loadScript, readAnswer } from "../src/python-scripts.ts";
import { tempFolder } from "./support/fake-tools.ts";

/** A real Python, where there is one: the scripts are checked against it, the rest of the tests need none. */
const hasPython = spawnSync("python3", ["--version"]).status === 0;

function runPython(
  script: string,
  options: { readonly cwd?: string; readonly env?: Record<string, string> } = {},
) {
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "1", ...options.env };
  const { stdout } = spawnSync("python3", ["-"], { input: script, encoding: "utf8", ...options, env });
  return readAnswer(stdout);
}

test.skipIf(!hasPython)("a real Python lists what it has", () => {
  const answer = runPython(INVENTORY_SCRIPT);
  expect(answer).toMatchObject({ version: [3, expect.any(Number), expect.any(Number)], modules: {} });
  expect(answer).not.toHaveProperty("error");
});

test.skipIf(!hasPython)("a real Python loads a module and says why another does not load", () => {
  expect(runPython(loadScript(["json"]))).toEqual({ version: "2.0.9", error: null });
  const missing = runPython(loadScript(["json", "json.no_such_part"]));
  expect(missing?.error).toBe("ModuleNotFoundError: No module named 'json.no_such_part'");
});

test.skipIf(!hasPython)("modules and distributions are found with their versions", () => {
  const site = tempFolder();
  for (const name of ["tvm", "coremltools"]) mkdirSync(join(site, name));
  for (const [name, version] of [
    ["mlc_ai_nightly_cpu", "0.20.dev511"],
    ["coremltools", "9.0"],
  ] as const) {
    const folder = join(site, `${name}-${version}.dist-info`);
    mkdirSync(folder);
    writeFileSync(join(folder, "METADATA"), `Metadata-Version: 2.1\nName: ${name}\nVersion: ${version}\n`);
  }
  expect(runPython(INVENTORY_SCRIPT, { env: { PYTHONPATH: site } })).toMatchObject({
    modules: { coremltools: "9.0", tvm: null },
    distributions: { "mlc-ai-nightly-cpu": "0.20.dev511" },
  });
});

test.skipIf(!hasPython)("modules that lie in the current folder are not loaded", () => {
  const cwd = tempFolder();
  for (const name of ["torch.py", "json.py"])
    writeFileSync(join(cwd, name), "print('owned'); raise SystemExit(3)\n");
  expect(runPython(INVENTORY_SCRIPT, { cwd })).toMatchObject({ missing: expect.any(Array) });
  expect(runPython(loadScript(["json"]), { cwd })).toEqual({ version: "2.0.9", error: null });
});

test.each(["", "hello", "pippin-doctor ", "pippin-doctor {", "pippin-doctor 7", "pippin-doctor null"])(
  "%j holds no answer",
  (stdout) => {
    expect(readAnswer(stdout)).toBeUndefined();
  },
);

test("the last answer counts, among whatever modules print", () => {
  expect(readAnswer('noise\npippin-doctor {"a":1}\nmore\npippin-doctor {"a":2}\nend')).toEqual({ a: 2 });
});
