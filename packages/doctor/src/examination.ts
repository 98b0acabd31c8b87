import type { Check, Status, Workflow } from "./check.ts";
import type { Machine } from "./machine.ts";

/** What a look at one prerequisite gives. */
export interface Finding {
  readonly status: Status;
  readonly found?: string;
  readonly fix?: string | undefined;
  /** In place of the row's sentence, where something is there but does less. */
  readonly prevents?: string;
}

/** One prerequisite: what is fixed about it, and how it is looked for. */
export interface Row extends Omit<Check, "status" | "found" | "fix"> {
  /** Where it means something; default: everywhere. */
  readonly platforms?: readonly string[];
  examine(examination: Examination): Promise<Finding>;
}

/** What the rows of one diagnosis share. */
export interface Examination {
  readonly machine: Machine;
  readonly signal: AbortSignal | undefined;
  /** What was asked for; empty: everything. */
  readonly asked: readonly Workflow[];
  /** Does the work once, for all rows that ask. */
  once<Value>(key: string, work: () => Promise<Value>): Promise<Value>;
}

export function createExamination(
  machine: Machine,
  asked: readonly Workflow[],
  signal: AbortSignal | undefined,
): Examination {
  const done = new Map<string, Promise<unknown>>();
  return {
    machine,
    asked,
    signal,
    once<Value>(key: string, work: () => Promise<Value>) {
      const known = done.get(key) ?? work();
      done.set(key, known);
      return known as Promise<Value>; // a key belongs to one kind of work
    },
  };
}
