import { expect, test } from "vitest";
import { throwIfCancelled } from "../src/stage.ts";

test("nothing happens without a signal or before an abort", () => {
  throwIfCancelled(undefined);
  throwIfCancelled(new AbortController().signal);
});

test("an aborted signal throws with its reason as the cause", () => {
  const reason = new Error("Ctrl-C");
  expect(() => throwIfCancelled(AbortSignal.abort(reason))).toThrow(
    expect.objectContaining({ code: "CORE_CANCELLED", cause: reason }),
  );
});
