import { expect, test } from "vitest";
import { hubError } from "../../src/errors.ts";
import { DEFAULT_NETWORK } from "../../src/http/network.ts";
import { withRetries } from "../../src/http/retry.ts";
import { quickNetwork } from "../support/quick-network.ts";

function networkOf(maxAttempts: number, random = 1) {
  const quick = quickNetwork();
  return { ...DEFAULT_NETWORK, ...quick, maxAttempts, random: () => random };
}

function failing(details: Readonly<Record<string, unknown>> = {}, code = "HUB_SERVER_ERROR" as const) {
  return hubError(code, { message: "it failed", details });
}

test("waits double up to half a minute, and vary by half", async () => {
  const network = networkOf(9);
  await expect(withRetries({ network }, () => Promise.reject(failing()))).rejects.toThrow("it failed");
  expect(network.waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  const jittered = networkOf(2, 0);
  await expect(withRetries({ network: jittered }, () => Promise.reject(failing()))).rejects.toThrow();
  expect(jittered.waits).toEqual([250]);
});

test("a server that names a time gets it, unless it is too long to sit through", async () => {
  const network = networkOf(2);
  await expect(withRetries({ network }, () => Promise.reject(failing({ waitMs: 60_000 })))).rejects.toThrow();
  expect(network.waits).toEqual([60_000]);
  const impatient = networkOf(5);
  const hour = failing({ waitMs: 3_600_000 });
  await expect(withRetries({ network: impatient }, () => Promise.reject(hour))).rejects.toBe(hour);
  expect(impatient.waits).toEqual([]);
});

test("an attempt that achieved something does not count", async () => {
  const network = networkOf(2);
  let achieved = 0;
  const attempt = async () => {
    achieved += 1;
    if (achieved < 20) throw failing();
    return achieved;
  };
  expect(await withRetries({ network, achieved: () => achieved }, attempt)).toBe(20);
});

test("without a route it gives up sooner, and other errors are not tried again", async () => {
  const network = networkOf(6);
  const noRoute = failing({ reason: "getaddrinfo ENOTFOUND hub.example" });
  await expect(withRetries({ network }, () => Promise.reject(noRoute))).rejects.toBe(noRoute);
  expect(network.waits).toHaveLength(2);
  const gated = hubError("HUB_GATED", { message: "gated" });
  await expect(withRetries({ network }, () => Promise.reject(gated))).rejects.toBe(gated);
  expect(network.waits).toHaveLength(2);
});

test("a wait ends when the caller cancels", async () => {
  const cancel = new AbortController();
  const network = { ...DEFAULT_NETWORK, sleep: DEFAULT_NETWORK.sleep };
  const attempt = () => {
    queueMicrotask(() => cancel.abort());
    return Promise.reject(failing());
  };
  await expect(withRetries({ network, signal: cancel.signal }, attempt)).rejects.toMatchObject({
    code: "CORE_CANCELLED",
  });
});
