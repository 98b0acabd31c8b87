import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";

const WINDOWS = process.platform === "win32";
const POLL_MS = 25;
/** How long killed processes may take to be gone. */
const GONE_MS = 2000;

/**
 * How a program is started so that everything it starts can be ended with it: as the leader of a process group of its
 * own (POSIX), which a terminal's Ctrl-C does not reach. Windows knows the tree by itself.
 */
export const TREE_OPTIONS: { readonly detached: boolean } = { detached: !WINDOWS };

/** Ends a program and what it started: first with the wish to end, after `graceMs` by force. Resolves when all are gone. */
export async function endTree(pid: number, graceMs: number): Promise<void> {
  if (WINDOWS) {
    await execa("taskkill", ["/PID", String(pid), "/T", "/F"], { reject: false, stdio: "ignore" });
    return;
  }
  signalGroup(pid, "SIGTERM");
  if (await isGone(pid, graceMs)) return;
  signalGroup(pid, "SIGKILL");
  await isGone(pid, GONE_MS);
}

/** Kills at once and waits for nothing: for what is left of a program that ended, and for the end of this process. */
export function killTree(pid: number): void {
  if (!WINDOWS) signalGroup(pid, "SIGKILL");
}

async function isGone(pid: number, withinMs: number): Promise<boolean> {
  for (let waited = 0; waited < withinMs; waited += POLL_MS) {
    if (!signalGroup(pid, 0)) return true;
    await sleep(POLL_MS);
  }
  return !signalGroup(pid, 0);
}

/** Whether there was somebody to signal. */
function signalGroup(leader: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-leader, name);
    return true;
  } catch {
    // ESRCH: the group is empty. EPERM (macOS): all that is left of it are zombies.
    return false;
  }
}
