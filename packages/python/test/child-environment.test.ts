import { expect, test } from "vitest";
import { childEnvironment } from "../src/child-environment.ts";

const NETWORK = {
  PIP_INDEX_URL: "https://user:pass@index.example",
  https_proxy: "http://proxy",
  SSL_CERT_FILE: "/ca",
};
const SECRETS = {
  HF_TOKEN: "hf",
  HUGGING_FACE_HUB_TOKEN: "hf",
  GITHUB_TOKEN: "gh",
  NPM_CONFIG_PASSWORD: "p",
};
const STEERING = {
  PYTHONPATH: "/x",
  PYTHONHOME: "/x",
  PYTHONSTARTUP: "/x",
  LD_PRELOAD: "/x",
  VIRTUAL_ENV: "/x",
};
const NEEDED = {
  PATH: "/bin",
  HOME: "/home/me",
  LANG: "C",
  LC_ALL: "C",
  OMP_NUM_THREADS: "2",
  SystemRoot: "C:\\Windows",
};

test.each(["run", "install"] as const)(
  "to %s, no secret and nothing that loads other code is passed on",
  (purpose) => {
    const passed = childEnvironment({ ...NETWORK, ...SECRETS, ...STEERING, ...NEEDED }, purpose);
    expect(passed).toMatchObject({ ...NEEDED, PYTHONNOUSERSITE: "1" });
    for (const name of Object.keys({ ...SECRETS, ...STEERING })) expect(passed).not.toHaveProperty(name);
  },
);

test("only what installs reaches the network", () => {
  expect(childEnvironment(NETWORK, "install")).toMatchObject(NETWORK);
  for (const name of Object.keys(NETWORK)) expect(childEnvironment(NETWORK, "run")).not.toHaveProperty(name);
  expect(childEnvironment({}, "run")).toMatchObject({ HF_HUB_OFFLINE: "1", TRANSFORMERS_OFFLINE: "1" });
});
