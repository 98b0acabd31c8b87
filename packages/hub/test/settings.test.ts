import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { endpointOf, hubSettings, tokenOf } from "../src/settings.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const HOME = "/home/somebody";

test.each([
  [{}, "/home/somebody/.cache/huggingface/hub"],
  [{ XDG_CACHE_HOME: "/x" }, "/x/huggingface/hub"],
  [{ XDG_CACHE_HOME: "/x", HF_HOME: "~/hf" }, "/home/somebody/hf/hub"],
  [{ HF_HOME: "/h", HUGGINGFACE_HUB_CACHE: "/old" }, "/old"],
  [{ HF_HOME: "/h", HUGGINGFACE_HUB_CACHE: "/old", HF_HUB_CACHE: "$DISK/new" }, "/disk/new"],
  [{ HF_HUB_CACHE: "" }, "/home/somebody/.cache/huggingface/hub"],
])("the environment %j puts the cache at %s", async (env, cacheDir) => {
  const settings = await hubSettings({ HOME, DISK: "/disk", ...env });
  expect(settings.cacheDir).toBe(join(cacheDir));
});

test.each([
  [{ HF_TOKEN: "hf_a", HUGGING_FACE_HUB_TOKEN: "hf_b" }, "hf_a"],
  [{ HUGGING_FACE_HUB_TOKEN: " hf_b\r\n" }, "hf_b"],
  [{}, "hf_file"],
  [{ HF_TOKEN: "" }, "hf_file"],
  [{ HF_TOKEN: "hf_a", HF_HUB_DISABLE_IMPLICIT_TOKEN: "1" }, undefined],
  [{ HF_TOKEN_PATH: "/nowhere" }, undefined],
])("with %j and a token file the token is %s", async (env, token) => {
  const home = temporaryFolder();
  writeFileSync(join(home, "token"), "hf_file\n");
  const settings = await hubSettings({ HF_HOME: home, ...env });
  expect(settings.token).toBe(token);
});

test.each([
  [{}, false],
  [{ HF_HUB_OFFLINE: "1" }, true],
  [{ HF_HUB_OFFLINE: "ON" }, true],
  [{ HF_HUB_OFFLINE: "0" }, false],
  [{ TRANSFORMERS_OFFLINE: "yes" }, true],
])("%j means offline: %s", async (env, offline) => {
  expect((await hubSettings({ HOME, ...env })).offline).toBe(offline);
});

test.each(["ftp://host", "huggingface.co", "https://user:secret@host", "https://host/?a=b"])(
  "the endpoint %s is refused without being repeated",
  (endpoint) => {
    const refused = expect(() => endpointOf({ endpoint }));
    refused.toThrow(expect.objectContaining({ code: "HUB_ENDPOINT_INVALID" }));
    expect(() => endpointOf({ endpoint })).not.toThrow("secret");
  },
);

test("an endpoint may have a path, and slashes at its end do not count", () => {
  expect(endpointOf({ endpoint: "https://host/api/hf//" })).toBe("https://host/api/hf");
  expect(endpointOf({})).toBe("https://huggingface.co");
});

test.each(["hf_a b", "hf_ä", "hf_\u0000", 'hf_a"\u007f'])(
  "the token %j is refused without being repeated",
  (token) => {
    let message = "";
    try {
      tokenOf({ token });
    } catch (error) {
      message = JSON.stringify(error) + String(error) + String((error as { hint: string }).hint);
    }
    expect(message).toContain("characters");
    expect(message).not.toContain("hf_");
  },
);
