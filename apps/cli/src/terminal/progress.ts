import type { ProgressEvent } from "@pippin/core";
import { formatBytes, formatSeconds } from "./format.ts";

/** One line on stderr that follows a stage: how far, how fast, how long still. */
export interface Progress {
  show(event: ProgressEvent): void;
  /** Removes the line, before something else is printed. */
  clear(): void;
}

const REDRAW_MS = 80;
const BAR_WIDTH = 24;

/** `live` draws on a terminal; without it nothing is printed, so that pipes and logs stay quiet. */
export function createProgress(
  out: NodeJS.WritableStream & { columns?: number },
  live: boolean,
  now: () => number = () => performance.now(),
): Progress {
  let stage = "";
  let last = 0;
  let began = 0;
  let drawn = Number.NEGATIVE_INFINITY;
  let visible = false;
  const clear = () => {
    if (visible) out.write("\r\u001b[2K");
    visible = false;
  };
  return {
    clear,
    show(event) {
      if (!live) return;
      const key = `${event.stage} ${event.unit}`;
      // Fewer than before: the stage runs once more.
      if (key !== stage || event.done < last) {
        stage = key;
        began = now();
        drawn = Number.NEGATIVE_INFINITY;
      }
      last = event.done;
      if (now() - drawn < REDRAW_MS && event.done !== event.total) return;
      drawn = now();
      const line = progressLine(event, (drawn - began) / 1000);
      // A terminal that does not know its width says 0.
      out.write(`\r\u001b[2K${line.slice(0, (out.columns || 80) - 1)}`);
      visible = true;
      if (event.done === event.total) clear();
    },
  };
}

/** The text of the line: `convert ████░░ 61% 1.2 GB of 3.1 GB · 1.9 GB/s · 1 s left`. */
export function progressLine(event: ProgressEvent, seconds: number): string {
  const { done, total, unit } = event;
  const amount = (value: number) => (unit === "bytes" ? formatBytes(value) : `${value}`);
  const rate = seconds > 0 ? done / seconds : 0;
  const parts = [total ? `${bar(done / total)} ${amount(done)} of ${amount(total)}` : amount(done)];
  if (unit !== "bytes") parts[0] += ` ${unit}`;
  if (rate > 0 && seconds > 0.5) {
    parts.push(unit === "bytes" ? `${formatBytes(rate)}/s` : `${rate.toPrecision(3)} ${unit}/s`);
    if (total) parts.push(`${formatSeconds((total - done) / rate)} left`);
  }
  return `${event.stage} ${parts.join(" · ")}`;
}

function bar(share: number): string {
  const full = Math.round(Math.min(1, share) * BAR_WIDTH);
  return `${"█".repeat(full)}${"░".repeat(BAR_WIDTH - full)} ${String(Math.floor(share * 100)).padStart(3)}%`;
}
