import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isPippinError } from "@pippin/core";
import { expect, test } from "vitest";
import { examine, WORKFLOWS, type Workflow } from "../src/index.ts";
import { fakeMachine } from "./support/fake-machine.ts";
import { FLOODS, GARBAGE, HANGS, tempFolder, writeFakes } from "./support/fake-tools.ts";
import { ANYWHERE, mac, python } from "./support/healthy.ts";
import { checksOf, fakeMac } from "./support/rows.ts";

const REACHABLE = {
  hub: {
    endpoint: "https://huggingface.co",
    offline: false,
    hasToken: true,
    cacheDir: "/models",
    reach: async () => ({ reachable: true }),
  },
};

test.each([
  ["without a question", []],
  ["asked for everything", WORKFLOWS],
] as const)("a healthy Mac is ready for all workflows, %s", async (_, asked) => {
  const source = tempFolder();
  mkdirSync(join(source, "ios"));
  writeFileSync(join(source, "ios/prepare_libs.sh"), "");
  const machine = fakeMac({ machine: REACHABLE, env: { MLC_LLM_SOURCE_DIR: source } });
  const { checks, workflows } = await examine(machine, { for: asked });
  expect(checks.filter(({ status }) => status !== "ok")).toEqual([]);
  expect(workflows).toEqual(WORKFLOWS.map((id) => ({ id, ready: true, lacks: [] })));
});

test("a Linux machine with nothing but Node converts, and lacks a Mac only for the app", async () => {
  const { checks, workflows } = await examine(fakeMachine({ fakes: {}, machine: { platform: "linux" } }));
  const lacks = Object.fromEntries(workflows.map((workflow) => [workflow.id, workflow.lacks]));
  expect(lacks).toEqual({
    convert: [],
    coreml: [],
    mlc: ["python", "mlc-llm", "tvm"],
    xcode: ["macos"],
    python: ["python", "coremltools", "numpy", "torch"],
    hub: ["hub"],
  });
  const macs = checks.filter(({ status }) => status === "notApplicable").map(({ id }) => id);
  expect(macs).toEqual(expect.arrayContaining(["macos", "xcode", "coremlcompiler", "signing", "cmake"]));
  expect(checks.find(({ id }) => id === "macos")?.prevents).toMatch(/^Only a Mac builds and signs an app/);
});

test("a question selects the rows that serve it, and no other tool is started", async () => {
  const fakes = { ...ANYWHERE, git: HANGS, swift: HANGS, python3: HANGS };
  const { checks, workflows } = await examine(fakeMachine({ fakes, machine: { platform: "linux" } }), {
    for: ["convert"],
  });
  expect(checks.map(({ id }) => id)).toEqual(["os", "node", "simd", "memory", "disk"]);
  expect(workflows).toEqual([{ id: "convert", ready: true, lacks: [] }]);
});

test("an unknown workflow is an error that names the known ones", async () => {
  const asked = examine(fakeMachine({ fakes: {} }), { for: ["ios" as Workflow] });
  const error = await asked.catch((reason: unknown) => reason);
  expect(isPippinError(error) && error.code).toBe("DOCTOR_WORKFLOW_UNKNOWN");
  expect(isPippinError(error) && error.hint).toContain("coreml, mlc, xcode");
});

test("every text that a tool brings in is plain and short", async () => {
  const names = Object.keys(mac("/"));
  for (const fake of [
    GARBAGE,
    { ...GARBAGE, status: 1, stderr: `error: ${"\u001b[31mred ".repeat(5000)}` },
  ]) {
    const tools = Object.fromEntries(names.map((name) => [name, fake]));
    const checks = await checksOf({ tools, asked: ["xcode", "mlc", "python"] });
    for (const { id, found = "" } of checks.values()) {
      expect(found, id).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      expect(found.length, id).toBeLessThan(400);
    }
  }
});

test.each(["xcode", "mlc", "python"] as const)(
  "tools that print without end are stopped, --for %s",
  async (workflow) => {
    const names = Object.keys(mac("/")).filter((name) => name !== "xcode-select");
    const tools = Object.fromEntries(names.map((name) => [name, FLOODS]));
    const checks = [...(await checksOf({ tools, asked: [workflow] })).values()];
    expect(checks.filter(({ found }) => found === "printed without end").length).toBeGreaterThan(0);
    expect(checks.filter(({ found = "" }) => found.startsWith("could not be asked"))).toEqual([]);
  },
);

test("Apple's placeholders in /usr/bin are not started while no developer tools are installed", async () => {
  const started: string[] = [];
  const real = fakeMac({
    tools: { "xcode-select": { status: 2, stderr: "error: unable to get active developer directory" } },
  });
  const { checks } = await examine({
    ...real,
    find: async (name) => `/usr/bin/${name}`,
    run: (name, args, options) => {
      started.push(name);
      return real.run(name, args, options);
    },
  });
  expect([...new Set(started)].sort()).toEqual(["security", "sw_vers", "xcode-select"]);
  const states = checks
    .filter(({ id }) => ["swift", "python", "git-lfs"].includes(id))
    .map(({ status }) => status);
  expect(states).toEqual(["missing", "missing", "missing"]);
});

test("the environment of pippin python setup is asked before any other Python", async () => {
  const machine = fakeMachine({
    fakes: { python3: python() },
    machine: { platform: "linux" },
  });
  const bin = join(machine.cacheFolder, "engines/coremltools/venv/bin");
  writeFakes(bin, { python: python() });
  const { checks, workflows } = await examine(machine, { for: ["python"] });
  expect(workflows).toEqual([{ id: "python", ready: true, lacks: [] }]);
  expect(checks.find(({ id }) => id === "torch")?.found).toBe(
    "2.13.0+cpu (the environment of pippin python setup)",
  );
});

test("a cancelled examination stops its tools and throws CORE_CANCELLED", async () => {
  const controller = new AbortController();
  const machine = fakeMachine({ fakes: { ...ANYWHERE, "git-lfs": HANGS }, machine: { platform: "linux" } });
  const stopping = examine(
    {
      ...machine,
      run: (name, args, options) => {
        if (name === "git-lfs") setTimeout(() => controller.abort(), 50);
        return machine.run(name, args, options);
      },
    },
    {},
    { signal: controller.signal },
  );
  await expect(stopping).rejects.toMatchObject({ code: "CORE_CANCELLED" });
});

test("progress ends with every row looked at", async () => {
  const seen: [number, number | undefined][] = [];
  const { checks } = await examine(
    fakeMac({}),
    {},
    { progress: ({ done, total }) => void seen.push([done, total]) },
  );
  expect(seen.at(-1)).toEqual([checks.length, checks.length]);
});
