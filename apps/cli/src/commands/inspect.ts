import { type Checkpoint, type CheckpointTensor, openCheckpointTree } from "@pippin/checkpoint";
import { openCheckpoint } from "@pippin/checkpoint/node";
import type { DescriptionRow, PackageDescription } from "@pippin/core";
import type { Command } from "commander";
import { peekModelArgument, readModelArgument } from "../model-argument.ts";
import { detectBackend } from "../package.ts";
import { formatBytes, formatTable, printableLine } from "../terminal/format.ts";
import { type CommandContext, type Io, say, sayJson, stageContext } from "../terminal/io.ts";

const MAX_ROWS = 24;
const MAX_TEXT = 100;

export function define(command: Command, { io }: { io: Io }): void {
  command
    .argument("<path>", "a model, also a repository (only its headers are read), or a package")
    .option("--all", "show every row and whole texts")
    .option("--json", "print everything as JSON")
    .addHelpText("after", "\nExamples:\n  pippin inspect models/pip-chat\n  pippin inspect build/pip")
    .action(async (path: string, { all = false }: { all?: boolean }) => {
      const description = await describe(path, io);
      if (io.json) sayJson(io, description);
      else print(io, description, all);
    });
}

async function describe(path: string, io: Io): Promise<PackageDescription> {
  const context = stageContext(io);
  const model = await readModelArgument(path);
  if (model.kind === "repository") {
    const remote = await peekModelArgument(model, context);
    return describeCheckpoint(await openCheckpointTree(remote, model, context), context);
  }
  const backend = await detectBackend(path, io.cwd);
  if (backend === undefined) return describeCheckpoint(await openCheckpoint(path, context), context);
  const opened = await backend.open(path, { signal: io.signal });
  try {
    return opened.describe();
  } finally {
    await opened.close();
  }
}

function describeCheckpoint(checkpoint: Checkpoint, context: CommandContext): PackageDescription {
  for (const warning of checkpoint.warnings) context.warn(warning);
  const config = (checkpoint.config ?? {}) as Record<string, unknown>;
  const simple = Object.entries(config).filter(([, value]) =>
    ["string", "number", "boolean"].includes(typeof value),
  );
  const bytes = checkpoint.files.reduce((sum, file) => sum + file.byteLength, 0);
  const dtypes = [...new Set([...checkpoint.tensors.values()].map((tensor) => tensor.dtype))].sort();
  const grids = [...new Set([...checkpoint.tensors.values()].flatMap(gridOf))].sort();
  return {
    kind: checkpoint.format,
    facts: {
      model: checkpoint.name,
      type: String(config.model_type ?? "unknown"),
      files: checkpoint.files.length,
      bytes,
      tensors: checkpoint.tensors.size,
      dtypes: dtypes.join(", "),
      ...(grids.length > 0 && { quantization: grids.join("; ") }),
    },
    sections: [
      { title: "config", rows: simple.map(([name, value]) => ({ name, text: String(value) })) },
      {
        title: "tensors",
        rows: [...checkpoint.tensors.values()].map(({ name, dtype, shape }) => ({ name, dtype, shape })),
      },
    ],
  };
}

/** A tensor's grid in words. */
function gridOf({ quantization }: CheckpointTensor): string[] {
  if (quantization === undefined) return [];
  const { bits, codes, groupSize, groupRows, offset } = quantization;
  const group = groupRows === 1 ? `groups of ${groupSize}` : `blocks of ${groupRows} × ${groupSize}`;
  const kind = codes === "integer" ? (offset === "none" ? ", symmetric" : "") : `, ${codes}`;
  return [`${bits} bits in ${group}${kind}`];
}

function print(io: Io, { kind, facts, sections }: PackageDescription, all: boolean): void {
  say(io, io.strong(printableLine(kind)));
  const shown = Object.entries(facts).map(([name, value]) => [
    `  ${printableLine(name)}`,
    name.toLowerCase().endsWith("bytes") ? formatBytes(Number(value)) : printableLine(String(value)),
  ]);
  for (const line of formatTable(shown)) say(io, line);
  for (const { title, rows } of sections) {
    if (rows.length === 0) continue;
    say(io, `\n${io.strong(printableLine(title))}${rows.length > MAX_ROWS ? ` (${rows.length})` : ""}`);
    const visible = all ? rows : rows.slice(0, MAX_ROWS);
    for (const line of formatTable(visible.map((row) => cells(row, all)))) say(io, line);
    if (visible.length < rows.length)
      say(io, io.dim(`  … ${rows.length - visible.length} more, --all shows them`));
  }
}

function cells({ name, dtype, shape, bytes, text = "" }: DescriptionRow, all: boolean): string[] {
  const clean = printableLine(text);
  const short = all || clean.length <= MAX_TEXT ? clean : `${clean.slice(0, MAX_TEXT)}…`;
  return [
    `  ${printableLine(name)}`,
    printableLine(dtype ?? ""),
    shape ? `[${shape.map((size) => size ?? "?").join(", ")}]` : "",
    bytes === undefined ? "" : formatBytes(bytes),
    short,
  ].filter((cell, index) => index === 0 || cell !== "" || dtype !== undefined);
}
