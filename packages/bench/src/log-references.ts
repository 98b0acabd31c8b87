import type { AppLogRecord } from "./app-log.ts";

/** What can be wrong with the ids of a log. */
export type ReferenceProblemCode = "unknown_reference" | "ambiguous_id" | "run_already_ended";

/** Remembers the ids of a log, and says which records name what is not there. */
export class References {
  /** Content by kind and id; runs have an empty one. */
  readonly #known = new Map<string, string>();
  #begun = false;

  hasRun(id: string): boolean {
    return this.#known.has(key("run", id));
  }

  add(record: AppLogRecord, report: (code: ReferenceProblemCode, message: string) => void): void {
    if (!this.#begun && record.kind !== "session") report("unknown_reference", "no session comes before");
    this.#begun = true;
    switch (record.kind) {
      case "session": {
        // A log that continues in another file repeats its session there, with another part.
        const { part: _, ...content } = record;
        this.#define(record.kind, record.id, JSON.stringify(content), report);
        break;
      }
      case "device":
      case "model":
        this.#define(record.kind, record.id, JSON.stringify(record), report);
        break;
      case "run":
        for (const kind of ["session", "device", "model"] as const) {
          if (!this.#known.has(key(kind, record[kind])))
            report(
              "unknown_reference",
              `run ${record.id} is of ${kind} ${record[kind]}, which does not come before`,
            );
        }
        if (this.hasRun(record.id)) report("ambiguous_id", `run ${record.id} ends twice`);
        this.#known.set(key("run", record.id), "");
        break;
      case "token":
      case "interval":
        if (record.run != null && this.hasRun(record.run))
          report("run_already_ended", `run ${record.run} has ended before this ${record.kind}`);
        break;
      case "sample":
      case "diagnostic":
        // The battery's answer may come after the run's end.
        break;
    }
  }

  #define(
    kind: string,
    id: string,
    content: string,
    report: (code: ReferenceProblemCode, message: string) => void,
  ): void {
    const before = this.#known.get(key(kind, id));
    if (before !== undefined && before !== content) report("ambiguous_id", `${kind} ${id} has two meanings`);
    this.#known.set(key(kind, id), content);
  }
}

function key(kind: string, id: string): string {
  return `${kind} ${id}`;
}
