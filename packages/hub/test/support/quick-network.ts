import { setImmediate } from "node:timers/promises";
import type { Network } from "../../src/http/network.ts";

/** Waits take no time and are written down. */
export interface QuickNetwork extends Partial<Network> {
  readonly waits: number[];
}

export function quickNetwork(changes: Partial<Network> = {}): QuickNetwork {
  const waits: number[] = [];
  return {
    waits,
    sleep: async (milliseconds, signal) => {
      waits.push(milliseconds);
      await setImmediate(undefined, signal === undefined ? {} : { signal });
    },
    random: () => 1,
    stallMs: 10_000,
    ...changes,
  };
}

export type FakeAnswer = Error | ((url: URL) => Response | Promise<Response>);

/** A `fetch` that answers by address without query; calls are written down with their headers. */
export function fakeFetch(answers: Readonly<Record<string, FakeAnswer>>) {
  const calls: { url: string; headers: Record<string, string> }[] = [];
  const fake: typeof fetch = async (input, init = {}) => {
    const url = new URL(String(input));
    calls.push({ url: url.href, headers: { ...(init.headers as Record<string, string>) } });
    const answer = answers[url.origin + url.pathname];
    if (answer === undefined)
      throw new TypeError("fetch failed", { cause: new Error(`nothing at ${url.href}`) });
    if (answer instanceof Error) throw answer;
    return answer(url);
  };
  return { fetch: fake, calls };
}

export function redirectTo(location: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(null, { status: 302, headers: { Location: location, ...headers } });
}
