import { performance } from "node:perf_hooks";
import { isPippinError, type StageContext } from "@pippin/core";
import { openConnection, send } from "./http/connection.ts";
import { endpointOf, type HubSettings } from "./settings.ts";
import type { HubReach } from "./types.ts";

/**
 * Whether the Hub answers, by one small request without the token; it is not repeated.
 *
 * @throws PippinError `HUB_ENDPOINT_INVALID`, `CORE_CANCELLED`; that nothing answers is a result.
 */
export async function reachHub(settings: HubSettings = {}, context: StageContext = {}): Promise<HubReach> {
  const { token: _, ...rest } = settings;
  const endpoint = endpointOf(settings);
  if (settings.offline)
    return { reachable: false, endpoint, reason: "HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set" };
  const connection = openConnection({ ...rest, network: { stallMs: 10_000, ...settings.network } });
  const start = performance.now();
  try {
    const reply = await send(connection, `${endpoint}/`, { method: "HEAD", signal: context.signal });
    reply.discard();
    const milliseconds = Math.round(performance.now() - start);
    const { status } = reply.response;
    // A login page of a hotel's network answers for every host.
    if (reply.host !== new URL(endpoint).host) {
      return { reachable: false, endpoint, milliseconds, reason: `${reply.host} answers in its place` };
    }
    if (status >= 500)
      return { reachable: false, endpoint, milliseconds, reason: `it answers with status ${status}` };
    return { reachable: true, endpoint, milliseconds };
  } catch (error) {
    if (!isPippinError(error) || error.code === "CORE_CANCELLED") throw error;
    const reason = String(error.details?.reason ?? error.message);
    return { reachable: false, endpoint, reason, ...(error.hint === undefined ? {} : { hint: error.hint }) };
  }
}
