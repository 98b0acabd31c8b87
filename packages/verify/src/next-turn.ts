/** Lets other work run: timers, signals, drawing. A browser has no `setImmediate`, and its timers wait 4 ms at worst. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") setImmediate(resolve);
    else setTimeout(resolve, 0);
  });
}
