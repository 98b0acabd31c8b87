import { expect, test } from "vitest";
import { reachHub } from "../src/reach-hub.ts";
import { serve } from "./support/model-repo.ts";
import { fakeFetch, quickNetwork, redirectTo } from "./support/quick-network.ts";

const HUB = "https://hub.example";

test("a Hub that answers is reached by one request without the token", async () => {
  const server = await serve();
  const reach = await reachHub({ endpoint: server.endpoint, token: "hf_secret" });
  expect(reach).toEqual({ reachable: true, endpoint: server.endpoint, milliseconds: expect.any(Number) });
  expect(server.requests).toHaveLength(1);
  expect(server.requests[0]!.authorization).toBeUndefined();
});

test("a Hub that does not answer is a result, with its reason", async () => {
  const server = await serve();
  await server.close();
  const reach = await reachHub({ endpoint: server.endpoint });
  expect(reach).toMatchObject({ reachable: false, reason: expect.stringContaining("ECONNREFUSED") });
});

test("a Hub that speaks http where https is asked for says so on one line, with what to check", async () => {
  const server = await serve();
  const reach = await reachHub({ endpoint: server.endpoint.replace("http:", "https:") });
  expect(reach).toMatchObject({
    reachable: false,
    reason: "the TLS handshake failed (ERR_SSL_WRONG_VERSION_NUMBER)",
    hint: expect.stringMatching(/HF_ENDPOINT.* http:\/\/ or https:\/\//),
  });
});

test("a silent Hub is given up", async () => {
  const server = await serve({ fault: () => ({ kind: "refuse" }) });
  expect(await reachHub({ endpoint: server.endpoint })).toMatchObject({ reachable: false });
});

test.each([
  [
    "a login page of another host",
    () => redirectTo("https://login.example/"),
    "login.example answers in its place",
  ],
  ["an outage", () => new Response("", { status: 503 }), "it answers with status 503"],
])("%s does not count as reached", async (_, answer, reason) => {
  const { fetch } = fakeFetch({
    [`${HUB}/`]: answer,
    "https://login.example/": () => new Response("log in"),
  });
  const reach = await reachHub({ endpoint: HUB, network: quickNetwork({ fetch }) });
  expect(reach).toMatchObject({ reachable: false, reason });
});

test("offline, nothing is asked", async () => {
  expect(await reachHub({ endpoint: HUB, offline: true })).toEqual({
    reachable: false,
    endpoint: HUB,
    reason: "HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set",
  });
});
