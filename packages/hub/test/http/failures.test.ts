import { expect, test } from "vitest";
import type { Reply } from "../../src/http/connection.ts";
import { isTemporary, statusError, unreachable, waitOf } from "../../src/http/failures.ts";

const PURPOSE = { endpoint: "https://hub.example", repo: "org/name", revision: "v1", hasToken: false };

function reply(status: number, headers: Readonly<Record<string, string>> = {}): Reply {
  return { response: new Response(null, { status, headers }), host: "hub.example" } as Reply;
}

// Status and headers as hf_raise_for_status of huggingface_hub 2.4.0 reads them.
test.each([
  [
    401,
    { "X-Error-Code": "RepoNotFound", "X-Error-Message": "Invalid username or password." },
    false,
    "HUB_REPO_NOT_FOUND",
  ],
  [404, { "X-Error-Code": "RepoNotFound" }, true, "HUB_REPO_NOT_FOUND"],
  [401, {}, false, "HUB_REPO_NOT_FOUND"],
  [401, { "X-Error-Message": "Invalid credentials in Authorization header" }, true, "HUB_UNAUTHORIZED"],
  [401, {}, true, "HUB_UNAUTHORIZED"],
  [401, { "X-Error-Code": "GatedRepo" }, false, "HUB_GATED"],
  [403, { "X-Error-Code": "GatedRepo" }, true, "HUB_GATED"],
  [403, { "X-Error-Message": "Access to this resource is disabled." }, false, "HUB_UNAUTHORIZED"],
  [404, { "X-Error-Code": "RevisionNotFound" }, false, "HUB_REVISION_NOT_FOUND"],
  [404, { "X-Error-Code": "EntryNotFound" }, false, "HUB_RESPONSE_INVALID"],
  [404, {}, false, "HUB_REPO_NOT_FOUND"],
  [429, {}, false, "HUB_RATE_LIMITED"],
  [503, {}, false, "HUB_SERVER_ERROR"],
  [418, {}, false, "HUB_RESPONSE_INVALID"],
])("status %i with %j (token: %s) is %s", (status, headers, hasToken, code) => {
  expect(statusError(reply(status, headers), { ...PURPOSE, hasToken }).code).toBe(code);
});

test("who has no access learns which page to visit and what to set", () => {
  const headers = { "X-Error-Code": "GatedRepo" };
  const anonymous = statusError(reply(401, headers), PURPOSE);
  expect(anonymous.message).toBe(
    "org/name is given to those who accepted its conditions, and no access token was given",
  );
  expect(anonymous.hint).toContain("https://hub.example/org/name");
  expect(anonymous.hint).toContain("HF_TOKEN");
  const stranger = statusError(reply(403, headers), { ...PURPOSE, hasToken: true });
  expect(stranger.message).toContain("account has not been granted access");
});

test.each([
  [{ "Retry-After": "7" }, 7000],
  [{ "Retry-After": "Thu, 01 Jan 1970 00:01:00 GMT" }, 50_000],
  [{ "Retry-After": "Thu, 01 Jan 1970 00:00:01 GMT" }, 0],
  [{ "Retry-After": "soon" }, undefined],
  [{ RateLimit: '"resolvers";r=0;t=12' }, 12_000],
  [{ RateLimit: '"resolvers";r=3;t=12' }, undefined],
  [{}, undefined],
])("the headers %j ask to wait %s ms", (headers, milliseconds) => {
  expect(waitOf(new Headers(headers as Record<string, string>), 10_000)).toBe(milliseconds);
});

test("a certificate that is not trusted is not tried again", () => {
  const cause = Object.assign(new Error("self-signed certificate"), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
  const error = unreachable("hub.example", new TypeError("fetch failed", { cause }));
  expect(isTemporary(error)).toBe(false);
  expect(error.hint).toContain("NODE_EXTRA_CA_CERTS");
  expect(isTemporary(unreachable("hub.example", new Error("reset")))).toBe(true);
});

test("a port that fetch refuses is not tried again", async () => {
  const cause: unknown = await fetch("http://127.0.0.1:25/").catch((error) => error);
  const error = unreachable("127.0.0.1:25", cause);
  expect(error.message).toBe("no answer from 127.0.0.1:25: bad port");
  expect(isTemporary(error)).toBe(false);
  expect(error.hint).toContain("check the port in HF_ENDPOINT");
});

test("a reason with line breaks becomes one line", () => {
  const cause = new TypeError("fetch failed", { cause: new Error("first\nsecond\n") });
  expect(unreachable("hub.example", cause).message).toBe("no answer from hub.example: first second");
});
