import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Checkpoint } from "@pippin/checkpoint";
import type { StageContext } from "@pippin/core";
import { readDecoder } from "@pippin/decoder";
import { backend } from "../../src/backend.ts";

/** Converts into a new folder and returns the package's path with the artifact. */
export async function convert(
  checkpoint: Checkpoint,
  options: Record<string, unknown> = {},
  context: StageContext = {},
) {
  const { spec, weights } = readDecoder(checkpoint);
  const facts = { name: "test/tiny", license: "apache-2.0", chatTemplate: "{{ x }}", stopTokens: [2] };
  const plan = backend.plan({ spec, weights, facts, name: "Tiny" }, backend.options.parse(options));
  const output = await mkdtemp(join(tmpdir(), "pippin-package-"));
  const [artifact] = await backend.emit(plan, weights, output, context);
  return { path: artifact!.path, artifact: artifact!, plan };
}
