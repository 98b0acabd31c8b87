import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { PIP_CHAT, runCli } from "../support/run-cli.ts";
import { filesIn, tempFolder } from "../support/temp-folder.ts";

const converted = inject("converted");

test("shards become one file that converts to the same package", async () => {
  const cwd = tempFolder();
  writeShards(join(cwd, "shards"));
  const merged = await runCli(["merge-shards", "shards", "--out", "pip-chat/model.safetensors"], { cwd });
  expect(merged).toMatchObject({ status: 0, stderr: "" });
  expect(merged.stdout).toBe("pip-chat/model.safetensors  3.55 MB, 38 tensors of 2 files\n");
  const others = readdirSync(PIP_CHAT).filter((name) => name !== "model.safetensors");
  for (const name of others) cpSync(join(PIP_CHAT, name), join(cwd, "pip-chat", name));
  await runCli(["convert", "pip-chat", "--out", "out"], { cwd });
  expect(filesIn(join(cwd, "out"))).toEqual(filesIn(converted));
});

test("--json is one document; --dry-run writes nothing; an output that exists needs --force", async () => {
  const cwd = tempFolder();
  writeShards(join(cwd, "shards"));
  const args = ["merge-shards", "shards", "--out", "one.safetensors"];
  const dry = await runCli([...args, "--dry-run", "--json"], { cwd });
  expect(JSON.parse(dry.stdout)).toMatchObject({
    dryRun: true,
    path: "one.safetensors",
    tensors: 38,
    files: 2,
  });
  expect(readdirSync(cwd)).toEqual(["shards"]);
  const first = await runCli([...args, "--json"], { cwd });
  const size = readFileSync(join(cwd, "one.safetensors")).length;
  expect(JSON.parse(first.stdout)).toEqual({
    path: "one.safetensors",
    byteLength: size,
    tensors: 38,
    files: 2,
  });
  const second = await runCli(args, { cwd });
  expect(second.status).toBe(1);
  expect(second.stderr).toContain("[CORE_OUTPUT_EXISTS]");
  expect((await runCli([...args, "--force"], { cwd })).status).toBe(0);
});

/** Splits the bundled model's weights over two files with an index. */
function writeShards(folder: string): void {
  mkdirSync(folder, { recursive: true });
  cpSync(join(PIP_CHAT, "config.json"), join(folder, "config.json"));
  const bytes = readFileSync(join(PIP_CHAT, "model.safetensors"));
  const start = 8 + Number(bytes.readBigUInt64LE());
  const { __metadata__, ...tensors } = JSON.parse(bytes.subarray(8, start).toString());
  const names = Object.keys(tensors);
  const shards = [names.slice(0, 20), names.slice(20)].map((part, index) => {
    const file = `model-0000${index + 1}-of-00002.safetensors`;
    let end = 0;
    const entries = part.map((name) => {
      const begin = end;
      const [from, to] = tensors[name].data_offsets;
      end += to - from;
      return [name, { ...tensors[name], data_offsets: [begin, end] }];
    });
    const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    const data = part.map((name) => {
      const [from, to] = tensors[name].data_offsets;
      return bytes.subarray(start + from, start + to);
    });
    writeFileSync(join(folder, file), Buffer.concat([length, header, ...data]));
    return part.map((name) => [name, file]);
  });
  const index = { metadata: {}, weight_map: Object.fromEntries(shards.flat()) };
  writeFileSync(join(folder, "model.safetensors.index.json"), JSON.stringify(index));
}
