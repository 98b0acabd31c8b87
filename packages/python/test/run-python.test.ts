import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PippinError, ProgressEvent, Warning } from "@pippin/core";
import { expect, test } from "vitest";
import { runPython } from "../src/run-python.ts";
import { ENV, fakePython, tempFolder } from "./support/fake-python.ts";

const run = (body: string, { request, ...options }: Record<string, unknown> = {}, context = {}) =>
  runPython(
    { python: fakePython(body), script: "script.py", request },
    { env: ENV, what: "the engine", timeoutMs: 20_000, ...options },
    context,
  );

/** The error that a run ends with. */
const failure = (...given: Parameters<typeof run>): Promise<PippinError> =>
  run(...given).then(
    () => Promise.reject(new Error("it did not fail")),
    (error) => error,
  );

/** What Python prints when an exception is not caught. */
const traceback = (last: string) => `
  console.error('Traceback (most recent call last):\\n  File "convert.py", line 12, in <module>\\n    main()\\n    ^^^^^^');
  console.error(${JSON.stringify(last)});
  process.exit(1);
`;

test("a script's result, progress and warnings arrive", async () => {
  const events: ProgressEvent[] = [];
  const warnings: Warning[] = [];
  const body = `
    say("progress", { done: 1, total: 2, item: "half" });
    say("warning", { code: "PYTHON_NORM_UNSAFE", message: "m", hint: "h" });
    console.log("something else");
    say("result", { value: { answer: 42 } });
  `;
  const context = { progress: (e: ProgressEvent) => events.push(e), warn: (w: Warning) => warnings.push(w) };
  expect(await run(body, {}, context)).toEqual({ answer: 42 });
  expect(events).toEqual([{ stage: "convert", unit: "steps", done: 1, total: 2, item: "half" }]);
  expect(warnings).toEqual([{ code: "PYTHON_NORM_UNSAFE", message: "m", hint: "h" }]);
});

test("the request is one line on stdin, which stays open", async () => {
  const body = `
    let text = "";
    process.stdin.on("end", () => process.exit(9));
    process.stdin.on("data", (data) => {
      text += data;
      if (!text.endsWith("\\n")) return;
      say("result", { value: JSON.parse(text) });
      setTimeout(() => process.exit(0), 100);
    });
  `;
  expect(await run(body, { request: { of: "a\nmodel" } })).toEqual({ of: "a\nmodel" });
});

test("Python is started without the user's modules, and knows no token", async () => {
  const body = `say("result", { value: { args, env: process.env } });`;
  const secrets = {
    HF_TOKEN: "hf_x",
    AWS_SECRET_ACCESS_KEY: "s",
    PYTHONPATH: "/tmp",
    PYTHONSTARTUP: "x",
    PIP_INDEX_URL: "u",
  };
  const value = (await run(body, { env: { ...ENV, ...secrets } })) as {
    args: string[];
    env: Record<string, string>;
  };
  expect(value.args).toEqual(["-E", "-s", "-B", "-u", "-X", "utf8", "script.py"]);
  expect(value.env).toMatchObject({ PYTHONNOUSERSITE: "1", HF_HUB_OFFLINE: "1" });
  for (const name of Object.keys(secrets)) expect(value.env).not.toHaveProperty(name);
});

test.each([
  ["ModuleNotFoundError: No module named 'coremltools'", "PYTHON_MODULE_MISSING", "pippin python setup"],
  [
    "TypeError: only 0-dimensional arrays can be converted to Python scalars",
    "PYTHON_NUMPY_UNFIT",
    "numpy below 2.4",
  ],
  ["OSError: [Errno 28] No space left on device", "PYTHON_DISK_FULL", "Free some space"],
  [
    "RuntimeError: [enforce fail] DefaultCPUAllocator: can't allocate memory",
    "PYTHON_OUT_OF_MEMORY",
    "--engine pippin",
  ],
  ["ValueError: the model\nhas two lines", "PYTHON_FAILED", "Python's own words"],
])("a traceback becomes its last lines and a hint: %s", async (last, code, hint) => {
  const error = await failure(traceback(last));
  expect(error).toMatchObject({ code, hint: expect.stringContaining(hint) });
  expect(error.message).toBe(`the engine ended with status 1: ${last.replaceAll("\n", " ")}`);
});

test("of a traceback that is cut off, the error is shown and not the code above it", async () => {
  const printed = "  x = y(z)\n  ~~~^^^\nRuntimeError: sizes differ\n100%|####| 3/3";
  const body = `console.error(${JSON.stringify(printed)}); process.exit(1);`;
  expect((await failure(body)).message).toBe("the engine ended with status 1: RuntimeError: sizes differ");
});

test.each([
  [
    "a kill as for lack of memory",
    `process.kill(process.pid, "SIGKILL")`,
    "PYTHON_KILLED",
    "Memory probably ran out",
  ],
  ["the same seen by a shell", "process.exit(137)", "PYTHON_KILLED", "Memory probably ran out"],
  ["a crash of a library", `process.kill(process.pid, "SIGSEGV")`, "PYTHON_KILLED", "crashed"],
  ["an end without a result", `console.log("hello")`, "PYTHON_NO_RESULT", "pippin python setup"],
  [
    "two results",
    `say("result", { value: 1 }); say("result", { value: 2 });`,
    "PYTHON_NO_RESULT",
    "pippin python setup",
  ],
  [
    "a result and then a failure",
    `say("result", { value: 1 }); process.exit(2);`,
    "PYTHON_FAILED",
    "own words",
  ],
  [
    "garbage",
    `process.stdout.write(require("node:crypto").randomBytes(200000)); process.exit(1)`,
    "PYTHON_FAILED",
    "",
  ],
  [
    "broken lines of the protocol",
    `console.log('{"pippin":"result"'); console.log('{"pippin":"progress","done":-1}')`,
    "PYTHON_NO_RESULT",
    "",
  ],
  ["a hang", "hang()", "PYTHON_STALLED", "hangs"],
])("%s is reported as what it is", async (_, body, code, hint) => {
  const error = await failure(body, { idleTimeoutMs: code === "PYTHON_STALLED" ? 600 : 20_000 });
  expect(error).toMatchObject({ code, hint: expect.stringContaining(hint) });
  expect(error.message).not.toMatch(/\p{Cc}/u);
  expect(error.message.length).toBeLessThan(1200);
});

test("a script's own problem is the error, and its code is one of ours", async () => {
  const problem = (code: string) =>
    `say("problem", { code: "${code}", message: "no", hint: "yes" }); process.exit(1);`;
  const caught = { message: "no", hint: "yes" };
  await expect(run(problem("PYTHON_MODEL_UNSUPPORTED"))).rejects.toMatchObject({
    ...caught,
    code: "PYTHON_MODEL_UNSUPPORTED",
  });
  await expect(run(problem("CORE_CANCELLED"))).rejects.toMatchObject({ ...caught, code: "PYTHON_FAILED" });
});

test("everything printed is in a log that the error names, without passwords of URLs", async () => {
  const logFolder = tempFolder();
  const body = `console.error("Looking in https://user:secret@index.example/simple"); process.exit(1);`;
  const error = await failure(body, { logFolder });
  const [name] = readdirSync(logFolder);
  const text = readFileSync(join(logFolder, name!), "utf8");
  expect(error.hint).toContain(join(logFolder, name!));
  expect(text).toContain("https://…@index.example/simple");
  expect(`${text}${error.message}`).not.toContain("secret");
});

test("old logs go, the newest stay", async () => {
  const logFolder = tempFolder();
  for (let i = 0; i < 22; i++) await run(`say("result", { value: ${i} });`, { logFolder });
  expect(readdirSync(logFolder)).toHaveLength(20);
});
