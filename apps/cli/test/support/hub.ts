import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import {
  type HubServer,
  type HubServerOptions,
  startHubServer,
} from "../../../../tools/hub-server/hub-server.ts";
import { PIP_CHAT } from "./run-cli.ts";
import { tempFolder } from "./temp-folder.ts";

/** The bundled model's files, as a repository has them. */
export function pipFiles(): Record<string, Uint8Array> {
  const names = readdirSync(PIP_CHAT, { withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(names.map(({ name }) => [name, readFileSync(join(PIP_CHAT, name))]));
}

/** The same under a licence that has terms. */
export function licensedFiles(license: string): Record<string, Uint8Array> {
  const card = `---\nlicense: other\nlicense_name: ${license}\nlicense_link: https://example.org/terms\n---\n# Pip\n`;
  return { ...pipFiles(), "README.md": new TextEncoder().encode(card) };
}

export interface TestHub {
  readonly server: HubServer;
  /** What makes a command talk to it, with an empty cache. */
  readonly env: Readonly<Record<string, string>>;
  readonly cache: string;
}

/** A Hub on this machine until the test ends. */
export async function startHub(options: Partial<HubServerOptions> = {}): Promise<TestHub> {
  const repos = options.repos ?? [{ id: "pip/pip-chat", files: pipFiles() }];
  const server = await startHubServer({ ...options, repos });
  onTestFinished(() => server.close());
  const cache = join(tempFolder(), "hub");
  return {
    server,
    cache,
    env: { HF_ENDPOINT: server.endpoint, HF_HUB_CACHE: cache, HF_HOME: join(cache, "..") },
  };
}

/** Bytes of file content that the second host has sent. */
export function bytesFetched({ requests }: HubServer): number {
  return requests.filter(({ host }) => host === "cdn").reduce((sum, { bytesSent }) => sum + bytesSent, 0);
}
