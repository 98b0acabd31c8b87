import type { CachedRepo } from "@pippin/hub";
import type { Command } from "commander";
import { usageError } from "../errors.ts";
import { settingsOf } from "../model-argument.ts";
import { counted, formatBytes, formatTable, printableLine } from "../terminal/format.ts";
import { type Io, say, sayJson, stageContext } from "../terminal/io.ts";

interface RemoveFlags {
  readonly dryRun?: boolean;
}

export function define(command: Command, { io }: { io: Io }): void {
  command.addHelpText(
    "after",
    "\nThe cache is that of the Hugging Face tools: what they fetched is listed and removed too.\n\nExamples:\n  pippin cache ls\n  pippin cache rm Qwen/Qwen2.5-0.5B-Instruct --dry-run",
  );
  command
    .command("ls")
    .description("list the models in the cache of the Hub")
    .option("--json", "print them as JSON")
    .action(() => list(io));
  command
    .command("rm")
    .description("remove a model, or one revision of it, from the cache of the Hub")
    .argument("<model>", "ORG/NAME or ORG/NAME@revision")
    .option("--dry-run", "say what would be removed, and remove nothing")
    .option("--json", "print what was removed as JSON")
    .action((model: string, flags: RemoveFlags) => remove(model, flags, io));
}

async function list(io: Io): Promise<void> {
  const { listCache } = await import("@pippin/hub");
  const repos = await listCache(await settingsOf(stageContext(io)));
  if (io.json) sayJson(io, { repos });
  if (repos.length === 0) return say(io, "the cache holds no models");
  for (const line of formatTable(repos.flatMap((repo) => rowsOf(repo, io)))) say(io, line);
  const total = repos.reduce((sum, { bytes, partialBytes }) => sum + bytes + partialBytes, 0);
  say(io, `${formatBytes(total)} in all`);
}

function rowsOf({ repo, bytes, partialBytes, revisions }: CachedRepo, io: Io): string[][] {
  const partial =
    partialBytes > 0 ? `and ${formatBytes(partialBytes)} of a download that was not finished` : "";
  return [
    [io.strong(printableLine(repo)), formatBytes(bytes), partial],
    ...revisions.map(({ revision, refs, files, bytes: size, modified }) => [
      `  ${printableLine(`${revision.slice(0, 12)} ${refs.join(", ")}`)}`.trimEnd(),
      formatBytes(size),
      `${counted(files, "file")}, ${modified.toISOString().slice(0, 10)}`,
    ]),
  ];
}

async function remove(argument: string, { dryRun = false }: RemoveFlags, io: Io): Promise<void> {
  const { parseRepoId, removeFromCache } = await import("@pippin/hub");
  const id = parseRepoId(argument);
  if (id === undefined)
    throw usageError(
      `${JSON.stringify(argument)} names no repository`,
      "pippin cache ls lists those that are there.",
    );
  const revision = id.revision === undefined ? {} : { revision: id.revision };
  const options = { ...(await settingsOf(stageContext(io))), ...revision, dryRun };
  const { revisions, freedBytes } = await removeFromCache(id.repo, options);
  if (io.json) sayJson(io, { dryRun, repo: id.repo, revisions, freedBytes });
  const count = counted(revisions.length, "revision");
  say(
    io,
    `${dryRun ? "would remove" : "removed"} ${count} of ${printableLine(id.repo)}, ${formatBytes(freedBytes)}`,
  );
}
