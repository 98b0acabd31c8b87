import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

/** What one run of a command cost. */
export interface Cost {
  readonly wallSeconds: number;
  /** user + system, of the process and its threads. */
  readonly cpuSeconds: number;
  /** Largest resident set, where the system tells. */
  readonly peakBytes: number;
}

const POLL_MS = 15;

/** Runs a command to its end, polling /proc for its memory; its exit status must be 0. */
export async function measure(command: string, args: readonly string[]): Promise<Cost> {
  const began = performance.now();
  // The shell's `times` counts CPU of its finished children exactly.
  const child = spawn("sh", ["-c", '"$@" >/dev/null || exit 1; times', "sh", command, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  child.stdout.on("data", (data: Buffer) => {
    output += data.toString();
  });
  child.stderr.on("data", (data: Buffer) => {
    errors += data.toString();
  });
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, peakOf(child.pid ?? 0));
  }, POLL_MS);
  const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
  clearInterval(timer);
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed with status ${status}:\n${errors}`);
  const wallSeconds = (performance.now() - began) / 1000;
  return { wallSeconds, cpuSeconds: secondsOf(output.trim().split("\n").at(-1) ?? ""), peakBytes: peak };
}

/** `0m1.234s 0m0.567s` → their sum. */
function secondsOf(line: string): number {
  return [...line.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds),
    0,
  );
}

/** High-water mark of the shell's child. */
function peakOf(shell: number): number {
  try {
    const [child] = readFileSync(`/proc/${shell}/task/${shell}/children`, "utf8").trim().split(" ");
    const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child}/status`, "utf8"));
    return Number(line?.[1] ?? 0) * 1024;
  } catch {
    // The process has ended, or the system has no /proc.
    return 0;
  }
}

/** The cheapest of several runs, figure by figure: what is left when the machine is quiet. */
export function cheapest(costs: readonly Cost[]): Cost {
  const least = (key: keyof Cost) => Math.min(...costs.map((cost) => cost[key]));
  return {
    wallSeconds: least("wallSeconds"),
    cpuSeconds: least("cpuSeconds"),
    peakBytes: Math.max(...costs.map((cost) => cost.peakBytes)),
  };
}

export interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly reference: string;
  readonly ratio: number;
}

/** Prints the rows for people and, last, the one line of JSON for machines. */
export function report(bench: string, load: number, rows: readonly Row[]): void {
  for (const { what, value, unit, reference, ratio } of rows) {
    console.log(
      `${what.padEnd(44)} ${value.toFixed(2).padStart(8)} ${unit.padEnd(6)} ${ratio.toFixed(2)} × ${reference}`,
    );
  }
  console.log(JSON.stringify({ bench, load, rows }));
}
