import { join } from "node:path";
import { expect, test } from "vitest";
import { findPython } from "../src/find-python.ts";
import { ENV, fakePython, tempFolder } from "./support/fake-python.ts";

const answering = (version: string) => fakePython(`console.log("${version}"); console.log(process.argv[1]);`);

test("the first that is new enough is taken", async () => {
  const [old, fitting, other] = [answering("3.8.2"), answering("3.11.4"), answering("3.12.0")];
  const found = await findPython({
    env: ENV,
    candidates: [old, join(tempFolder(), "absent"), fitting, other],
  });
  expect(found).toEqual({ path: fitting, version: "3.11.4" });
});

test("a name is looked up in PATH", async () => {
  const folder = tempFolder();
  const path = fakePython(`console.log("3.10.1"); console.log(process.argv[1]);`, folder, "python3");
  expect(await findPython({ env: { PATH: folder } })).toEqual({ path, version: "3.10.1" });
});

test.each([
  ["3.8.20", {}, "PYTHON_TOO_OLD", "3.9 or newer is needed"],
  ["2.7.18", { minimum: "3.11" }, "PYTHON_TOO_OLD", "3.11 or newer is needed"],
  ["3.14.0", { minimum: "3.11", below: "3.14" }, "PYTHON_TOO_NEW", "older than 3.14 is needed"],
])("Python %s alone does not do", async (version, range, code, said) => {
  const path = answering(version);
  const error = await findPython({ env: ENV, candidates: [path], ...range }).catch((caught) => caught);
  expect(error).toMatchObject({ code, message: expect.stringContaining(`${path} is Python ${version}`) });
  expect(error.message).toContain(said);
});

test.each([
  ["nothing", "process.exit(0)"],
  ["another program", `console.log("usage: python FILE"); process.exit(1)`],
  ["noise", `console.log("3.x"); console.log("y")`],
])("a candidate that answers %s is none", async (_, body) => {
  const error = await findPython({ env: ENV, candidates: [fakePython(body)] }).catch((caught) => caught);
  expect(error).toMatchObject({ code: "PYTHON_MISSING", hint: expect.stringContaining("--python") });
});
