import { expect, test } from "vitest";
import { openConnection, send } from "../../src/http/connection.ts";
import { describeRepository, listRepository } from "../../src/http/repository.ts";
import { fakeFetch, quickNetwork, redirectTo } from "../support/quick-network.ts";

const HUB = "https://hub.example";
const TOKEN = "hf_secret";

function connect(answers: Parameters<typeof fakeFetch>[0], endpoint = HUB) {
  const fake = fakeFetch(answers);
  const network = quickNetwork({ fetch: fake.fetch, maxAttempts: 1 });
  return { connection: openConnection({ endpoint, token: TOKEN, network }), calls: fake.calls };
}

/** Which of the calls had the token. */
function withToken(calls: ReturnType<typeof fakeFetch>["calls"]): boolean[] {
  return calls.map(({ headers }) => headers.Authorization === `Bearer ${TOKEN}`);
}

test("the token goes along a redirect on the endpoint's own origin", async () => {
  const { connection, calls } = connect({
    [`${HUB}/a`]: () => redirectTo("/b"),
    [`${HUB}/b`]: () => new Response("x"),
  });
  (await send(connection, `${HUB}/a`, {})).discard();
  expect(withToken(calls)).toEqual([true, true]);
});

test.each([
  ["another host", "https://cdn.example/b"],
  ["another port", "https://hub.example:8443/b"],
  ["another scheme", "http://hub.example/b"],
  ["a host that begins with the same name", "https://hub.example.evil.example/b"],
  ["a part of the domain", "https://cdn.hub.example/b"],
])("the token does not go to %s", async (_, address) => {
  const { connection, calls } = connect({
    [`${HUB}/a`]: () => redirectTo(address),
    [address]: () => new Response("x"),
  });
  (await send(connection, `${HUB}/a`, {})).discard();
  expect(withToken(calls)).toEqual([true, false]);
  expect(calls[1]!.headers).not.toHaveProperty("Authorization");
});

test("a redirect that comes back to the Hub from elsewhere comes back without the token", async () => {
  const { connection, calls } = connect({
    [`${HUB}/a`]: () => redirectTo("https://cdn.example/b"),
    "https://cdn.example/b": () => redirectTo(`${HUB}/c`),
    [`${HUB}/c`]: () => new Response("x"),
  });
  (await send(connection, `${HUB}/a`, {})).discard();
  expect(withToken(calls)).toEqual([true, false, false]);
});

test("an announcement of another content is refused before the storage is asked", async () => {
  const answer = () => redirectTo("https://cdn.example/b", { "X-Linked-Etag": `"${"1".repeat(64)}"` });
  const { connection, calls } = connect({
    [`${HUB}/a`]: answer,
    "https://cdn.example/b": () => new Response("x"),
  });
  const asked = send(connection, `${HUB}/a`, { sha256: "2".repeat(64) });
  await expect(asked).rejects.toMatchObject({ code: "HUB_RESPONSE_INVALID" });
  expect(calls).toHaveLength(1);
  (await send(connection, `${HUB}/a`, { sha256: "1".repeat(64) })).discard();
  expect(calls).toHaveLength(3);
});

test("an endpoint in plain HTTP that redirects to HTTPS gets the token there no more", async () => {
  const { connection, calls } = connect(
    { "http://hub.example/a": () => redirectTo(`${HUB}/a`), [`${HUB}/a`]: () => new Response("x") },
    "http://hub.example",
  );
  (await send(connection, "http://hub.example/a", {})).discard();
  expect(withToken(calls)).toEqual([true, false]);
});

test("a listing that goes on at another host is refused", async () => {
  const next = { Link: '<https://evil.example/api/models/o/n/tree/x?cursor=1>; rel="next"' };
  const { connection, calls } = connect({
    [`${HUB}/api/models/o/n/tree/x`]: () => new Response("[]", { headers: next }),
  });
  await expect(listRepository(connection, { repo: "o/n", commit: "x" }, {})).rejects.toMatchObject({
    code: "HUB_RESPONSE_INVALID",
  });
  expect(calls).toHaveLength(1);
});

test("a mirror's listing that goes on at the Hub itself goes on at the mirror", async () => {
  const next = { Link: '<https://huggingface.co/api/models/o/n/tree/x?cursor=1>; rel="next"' };
  const entry = (path: string) => JSON.stringify([{ type: "file", path, size: 1, oid: "0".repeat(40) }]);
  const { connection, calls } = connect({
    [`${HUB}/api/models/o/n/tree/x`]: (url) =>
      url.searchParams.has("cursor") ? new Response(entry("b")) : new Response(entry("a"), { headers: next }),
  });
  const files = await listRepository(connection, { repo: "o/n", commit: "x" }, {});
  expect(files.map(({ path }) => path)).toEqual(["a", "b"]);
  expect(calls.map(({ url }) => new URL(url).origin)).toEqual([HUB, HUB]);
});

test.each([
  ["no address", "https://"],
  ["a file", "file:///etc/passwd"],
  ["credentials", "https://a:b@host/x"],
])("a redirect to %s is refused", async (_, location) => {
  const { connection } = connect({ [`${HUB}/a`]: () => redirectTo(location) });
  await expect(send(connection, `${HUB}/a`, {})).rejects.toMatchObject({ code: "HUB_RESPONSE_INVALID" });
});

test("redirects without end are an error", async () => {
  const { connection } = connect({ [`${HUB}/a`]: () => redirectTo("/a") });
  await expect(send(connection, `${HUB}/a`, {})).rejects.toMatchObject({ code: "HUB_RESPONSE_INVALID" });
});

test("neither a connection nor an error of one shows the token", async () => {
  const { connection } = connect({
    [`${HUB}/a`]: new TypeError("fetch failed", { cause: new Error("broken") }),
  });
  const error = await send(connection, `${HUB}/a`, {}).catch((cause) => cause);
  expect(error).toMatchObject({ code: "HUB_UNREACHABLE", message: "no answer from hub.example: broken" });
  expect(JSON.stringify([connection, error, error.details])).not.toContain(TOKEN);
});

test.each([
  ["a page instead of JSON", "<html>log in</html>"],
  ["an object instead of a list", "{}"],
  ["a file without a hash", '[{"type":"file","path":"a","size":1}]'],
  ["a hash that is a path", '[{"type":"file","path":"a","size":1,"oid":"../../x"}]'],
  ["a negative size", `[{"type":"file","path":"a","size":-1,"oid":"${"0".repeat(40)}"}]`],
])("a listing that is %s is an error", async (_, body) => {
  const { connection } = connect({ [`${HUB}/api/models/o/n/tree/x`]: () => new Response(body) });
  await expect(listRepository(connection, { repo: "o/n", commit: "x" }, {})).rejects.toMatchObject({
    code: "HUB_RESPONSE_INVALID",
  });
});

test.each(["{}", "[]", "null", '{"sha":"main"}', '{"sha":"../../x"}'])(
  "a description of a model without its commit is an error: %s",
  async (body) => {
    const { connection } = connect({ [`${HUB}/api/models/o/n/revision/main`]: () => new Response(body) });
    await expect(describeRepository(connection, { repo: "o/n", revision: "main" }, {})).rejects.toMatchObject(
      {
        code: "HUB_RESPONSE_INVALID",
      },
    );
  },
);
