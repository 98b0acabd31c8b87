import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Check, examine, type Machine, type Status, type Workflow } from "../../src/index.ts";
import { fakeMachine, impatient } from "./fake-machine.ts";
import { FAILS, type Fake, type Fakes, GARBAGE, HANGS, tempFolder } from "./fake-tools.ts";
import { inventory, MODULES, mac, python, unloadable, type XcrunPart, xcrun } from "./healthy.ts";

export interface Case {
  readonly id: string;
  /** What is the matter, in a few words. */
  readonly when: string;
  /** Tools in place of the healthy Mac's; `null` takes one away. */
  readonly tools?: Readonly<Record<string, Fake | null>>;
  readonly machine?: Partial<Machine>;
  readonly asked?: readonly Workflow[];
  /** Then the clock is short. */
  readonly hangs?: true;
  readonly expected: Pick<Check, "status"> & {
    readonly found?: unknown;
    readonly fix?: unknown;
    readonly prevents?: unknown;
  };
}

export const match = (pattern: RegExp) => expect.stringMatching(pattern) as unknown;

/** `xcrun` with another answer to one of its questions. */
export const part = (name: XcrunPart, reply: Fake): Record<string, Fake> => ({
  xcrun: xcrun({ [name]: reply }),
});

export const without = (name: string) =>
  Object.fromEntries(Object.entries(MODULES).filter(([key]) => key !== name));

/** A tool that is there and does not do its work, in each way that there is. */
export function brokenCases(
  id: string,
  fake: (reply: Fake) => Record<string, Fake>,
  asked?: readonly Workflow[],
): Case[] {
  const say = { id, ...(asked && { asked }) };
  return [
    {
      ...say,
      when: "exits 1",
      tools: fake(FAILS),
      expected: { status: "broken", found: match(/^exit status 1: Segmentation fault in module 7/) },
    },
    {
      ...say,
      when: "prints garbage",
      tools: fake(GARBAGE),
      expected: { status: "broken", found: match(/^(?:printed|its answer is not understood)/) },
    },
    {
      ...say,
      when: "prints nothing",
      tools: fake({}),
      expected: { status: "broken", found: match(/^(?:printed nothing|its answer is not understood)/) },
    },
    {
      ...say,
      when: "hangs",
      tools: fake(HANGS),
      hangs: true,
      expected: { status: "broken", found: match(/^did not answer within \d+ s$/) },
    },
  ];
}

/** What can be the matter with a Python module. */
export function moduleCases(
  id: string,
  { module, asked, old }: { readonly module: string; readonly asked: Workflow; readonly old: string },
): Case[] {
  const version = MODULES[module as keyof typeof MODULES];
  const loads = (text: string) => ({ python3: python(undefined, { [module]: text }) });
  const hangs: Fake = {
    script: `script="$(/bin/cat)"; case "$script" in *'import_module("${module}")'*) /bin/sleep 600;; *) printf '%s' '${inventory({ modules: MODULES })}';; esac`,
  };
  const inventoried: Fake = {
    script: `script="$(/bin/cat)"; case "$script" in *'import_module("${module}")'*) echo 'dyld: Library not loaded' >&2; exit 134;; *) printf '%s' '${inventory({ modules: MODULES })}';; esac`,
  };
  return [
    { id, when: "found", asked: [asked], expected: { status: "ok", found: `${version} (python3)` } },
    {
      id,
      when: "found, and not loaded unasked",
      tools: loads(unloadable("OSError: x")),
      expected: { status: "ok", found: `${version} (python3, not loaded)` },
    },
    {
      id,
      when: "too old",
      asked: [asked],
      tools: { python3: python({ modules: { ...MODULES, [module]: old } }) },
      expected: { status: "tooOld", found: `${old} (python3)` },
    },
    {
      id,
      when: "missing",
      tools: { python3: python({ modules: without(module) }) },
      expected: { status: "missing" },
    },
    { id, when: "missing with Python", tools: { python3: null }, expected: { status: "missing" } },
    {
      id,
      when: "says no version",
      asked: [asked],
      tools: { python3: python({ modules: { ...MODULES, [module]: "unknown" } }) },
      expected: { status: "broken" },
    },
    {
      id,
      when: "does not load",
      asked: [asked],
      tools: loads(
        unloadable("OSError: libiomp5.so: cannot open shared object file: No such file or directory"),
      ),
      expected: { status: "broken", found: match(/^OSError: libiomp5\.so/) },
    },
    {
      id,
      when: "kills Python",
      asked: [asked],
      tools: { python3: inventoried },
      expected: { status: "broken", found: "exit status 134: dyld: Library not loaded" },
    },
    {
      id,
      when: "hangs",
      asked: [asked],
      tools: { python3: hangs },
      hangs: true,
      expected: { status: "broken", found: "did not answer within 60 s" },
    },
    {
      id,
      when: "prints garbage",
      asked: [asked],
      tools: loads('\npippin-doctor {"version"'),
      expected: { status: "broken", found: match(/not understood/) },
    },
  ];
}

/** What a row need not show: no version decides about it, or it is a figure that is there or not. */
export type Exceptions = Readonly<Record<string, readonly Status[]>>;

/** Runs each case; a row without a case for each way in which it can end is a failure too. */
export function testRows(cases: readonly Case[], exceptions: Exceptions): void {
  test.each(cases)("$id: $when", async ({ id, expected, ...scene }) => {
    const checks = await checksOf(scene);
    expect(checks.get(id)).toMatchObject(expected);
  });

  test("every row of the group has its cases", async () => {
    const checks = await checksOf({});
    const groups = new Set(cases.map(({ id }) => groupOf(checks.get(id)!)));
    for (const check of [...checks.values()].filter((one) => groups.has(groupOf(one)))) {
      const seen = cases.filter(({ id }) => id === check.id).map(({ expected }) => expected.status);
      const wanted = STATUSES.filter((status) => !exceptions[check.id]?.includes(status));
      expect(seen, check.id).toEqual(expect.arrayContaining([...wanted]));
    }
  });
}

const STATUSES = ["ok", "tooOld", "missing", "broken"] as const;
const DEVICES = ["simulators", "devices", "signing"];

/** The file of `src/checks` that a row is in. */
function groupOf({ id, group }: Check): string {
  return DEVICES.includes(id) ? "devices" : group;
}

export interface Scene {
  readonly tools?: Case["tools"] | undefined;
  readonly machine?: Partial<Machine> | undefined;
  readonly asked?: readonly Workflow[] | undefined;
  readonly hangs?: true | undefined;
  readonly env?: Readonly<Record<string, string>>;
}

/** A Mac whose tools are fakes: this machine, but for its name. */
export function fakeMac({ tools = {}, machine = {}, env = {}, hangs }: Scene): Machine {
  const developer = join(tempFolder(), "Xcode.app/Contents/Developer");
  mkdirSync(developer, { recursive: true });
  const fakes: Fakes = Object.fromEntries(
    Object.entries({ ...mac(developer), ...tools }).filter(
      (entry): entry is [string, Fake] => entry[1] !== null,
    ),
  );
  const built = fakeMachine({ fakes, env, machine: { platform: "darwin", release: "24.2.0", ...machine } });
  return hangs ? impatient(built) : built;
}

export async function checksOf(scene: Scene): Promise<Map<string, Check>> {
  const { checks } = await examine(fakeMac(scene), { for: scene.asked ?? [] });
  return new Map(checks.map((check) => [check.id, check]));
}
