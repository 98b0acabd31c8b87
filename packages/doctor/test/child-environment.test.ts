import { expect, test } from "vitest";
import { childEnvironment } from "../src/child-environment.ts";

test.each([
  "HF_TOKEN",
  "HUGGING_FACE_HUB_TOKEN",
  "AWS_SECRET_ACCESS_KEY",
  "DB_PASSWORD",
  "OPENAI_API_KEY",
  "NPM_CONFIG__AUTH",
  "GITHUB_TOKEN",
])("%s is not handed to a tool", (name) => {
  expect(Object.values(childEnvironment({ [name]: "hf_secret" }))).not.toContain("hf_secret");
});

test.each([
  "PATH",
  "HOME",
  "DEVELOPER_DIR",
  "VIRTUAL_ENV",
  "SystemRoot",
  "LANG",
  "HF_ENDPOINT",
  "SSH_AUTH_SOCK",
])("%s is", (name) => {
  expect(childEnvironment({ [name]: "value" })).toHaveProperty(name, "value");
});
