import { throwIfCancelled } from "@pippin/core";
import { isNoRoute, isTemporary } from "./failures.ts";
import type { Network } from "./network.ts";
import { cancelled } from "./stall.ts";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
/** The Hub counts requests in windows of five minutes; who is told to wait longer should know it. */
const LONGEST_ASKED_WAIT_MS = 330_000;
/** Where there is no way to the host: enough for a Wi-Fi that comes back. */
const ATTEMPTS_WITHOUT_ROUTE = 3;

export interface RetryOptions {
  readonly network: Network;
  readonly signal?: AbortSignal | undefined;
  /** A number that grows with what was achieved: an attempt that raised it does not count as failed. */
  readonly achieved?: () => number;
}

/**
 * Repeats `attempt` while its errors are temporary, after waits that double and vary, or that the server asked for.
 *
 * @throws the last error; `CORE_CANCELLED`.
 */
export async function withRetries<T>(options: RetryOptions, attempt: () => Promise<T>): Promise<T> {
  const { network, signal, achieved = () => 0 } = options;
  let failures = 0;
  for (;;) {
    const before = achieved();
    try {
      throwIfCancelled(signal);
      return await attempt();
    } catch (error) {
      if (signal?.aborted) throw cancelled(signal);
      if (!isTemporary(error)) throw error;
      failures = achieved() > before ? 1 : failures + 1;
      const asked = typeof error.details?.waitMs === "number" ? error.details.waitMs : 0;
      const noRoute = isNoRoute(error) && achieved() === 0;
      const most = noRoute ? Math.min(ATTEMPTS_WITHOUT_ROUTE, network.maxAttempts) : network.maxAttempts;
      if (failures >= most || asked > LONGEST_ASKED_WAIT_MS) throw error;
      await pause(options, Math.max(asked, backOff(failures, network)));
    }
  }
}

function backOff(failures: number, { random }: Network): number {
  const wait = Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS);
  return wait * (0.5 + random() / 2);
}

async function pause({ network, signal }: RetryOptions, milliseconds: number): Promise<void> {
  try {
    await network.sleep(milliseconds, signal);
  } catch (error) {
    if (signal?.aborted) throw cancelled(signal);
    throw error;
  }
}
