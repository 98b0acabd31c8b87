import { onTestFinished } from "vitest";
import {
  type Files,
  type HubServer,
  type HubServerOptions,
  startHubServer,
} from "../../../../tools/hub-server/hub-server.ts";
import type { SnapshotOptions } from "../../src/types.ts";
import { quickNetwork } from "./quick-network.ts";
import { REPO } from "./repo-id.ts";
import { type AtEnd, temporaryFolder } from "./temporary-folder.ts";

export { REPO };

/** Bytes that look like nothing, from a seed. */
export function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed * 2654435761 + 1;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** A model in two shards, with companions and with files that no conversion needs. */
export function modelFiles(shardBytes = 200_000, seed = 1): Record<string, Uint8Array> {
  const shard = (n: number) => `model-0000${n}-of-00002.safetensors`;
  const files: Record<string, Uint8Array | string> = {
    ".gitattributes": "*.safetensors filter=lfs\n",
    "README.md": "---\nlicense: apache-2.0\n---\n# Tiny\n",
    LICENSE: "Apache License\n",
    "config.json": JSON.stringify({ model_type: "llama", seed }),
    "generation_config.json": '{"eos_token_id":2}',
    "tokenizer.json": JSON.stringify({ version: "1.0", filler: "x".repeat(20_000) }),
    "tokenizer_config.json": '{"model_max_length":64}',
    "model.safetensors.index.json": JSON.stringify({ weight_map: { a: shard(1), b: shard(2) } }),
    [shard(1)]: noise(shardBytes, seed),
    [shard(2)]: noise(shardBytes, seed + 1),
    "consolidated.safetensors": noise(50, 3),
    "original/consolidated.00.pth": "pickle",
    "pytorch_model.bin": "pickle",
    "onnx/model.onnx": "onnx",
    "model.gguf": "GGUF",
  };
  return Object.fromEntries(Object.entries(files).map(([name, content]) => [name, Buffer.from(content)]));
}

/** What a conversion needs of `modelFiles`, sorted. */
export const NEEDED = [
  "LICENSE",
  "README.md",
  "config.json",
  "generation_config.json",
  "model-00001-of-00002.safetensors",
  "model-00002-of-00002.safetensors",
  "model.safetensors.index.json",
  "tokenizer.json",
  "tokenizer_config.json",
];

export function sizeOf(files: Files, names: readonly string[] = NEEDED): number {
  return names.reduce((sum, name) => sum + Buffer.from(files[name]!).length, 0);
}

/** A server that ends with the test. */
export async function serve(
  options: Partial<HubServerOptions> = {},
  atEnd: AtEnd = onTestFinished,
): Promise<HubServer> {
  const server = await startHubServer({ repos: [{ id: REPO, files: modelFiles() }], ...options });
  atEnd(() => server.close());
  return server;
}

/** Settings for a server and a cache of the test's own. */
export function settingsFor(
  server: Pick<HubServer, "endpoint">,
  atEnd?: AtEnd,
): SnapshotOptions & { cacheDir: string } {
  return { endpoint: server.endpoint, cacheDir: temporaryFolder(atEnd), network: quickNetwork() };
}

/** Bytes of file contents that the server sent: not those of redirects and listings. */
export function contentBytes(server: HubServer, from = 0): number {
  const requests = server.requests
    .slice(from)
    .filter(({ file, status }) => file !== undefined && status < 300);
  return requests.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
}
