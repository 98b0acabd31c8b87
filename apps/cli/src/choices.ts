import { PippinError } from "@pippin/core";
import { parseModelId } from "@pippin/hub";
import type { Command } from "commander";
import {
  type AnyBackend,
  CONFIG_FILE,
  type Config,
  chooseBackend,
  loadBackends,
  readConfig,
} from "./config.ts";
import { type CliErrorCode, usageError } from "./errors.ts";
import { flagValue, optionNames } from "./schema-options.ts";

/** What a command that converts, or plans to, works with. */
export interface Conversion {
  readonly backend: AnyBackend;
  readonly config: Config;
}

/**
 * Reads pippin.json and chooses the backend: `--backend`, else that of the file, else the first one.
 *
 * @throws PippinError `CLI_CONFIG_INVALID`, `CLI_BACKEND_UNUSABLE`, `CLI_USAGE`.
 */
export async function loadConversion(
  argv: readonly string[],
  cwd: string,
): Promise<Conversion & { readonly backends: readonly AnyBackend[] }> {
  const config = await readConfig(cwd);
  const backends = await loadBackends(cwd, config);
  const backend = chooseBackend(backends, flagValue(argv, "--backend") ?? config.backend);
  return { backend, backends, config };
}

/** A model and the flags for its conversion. */
export interface Chosen<Flags> {
  readonly model: string;
  readonly flags: Flags;
}

/**
 * Completes a command line with the choices of pippin.json: its model where none is named, and for that model its options where no
 * flag gives them.
 *
 * @throws PippinError `CLI_USAGE` when no model is named, `CLI_CONFIG_INVALID` for options that the backend lacks.
 */
export function withChoices<Flags extends object>(
  model: string | undefined,
  { backend, config }: Conversion,
  command: Command,
): Chosen<Flags> {
  const named = model ?? config.model;
  if (named === undefined)
    throw usageError(
      "no model is named",
      `Name one behind the command, or in ${CONFIG_FILE}: {"model": "ORG/NAME"}.`,
    );
  const flags = command.opts<Flags>();
  // Choices made for one model are not another's.
  const applies = config.model === undefined || isSameModel(named, config.model);
  if (config.convert === undefined || !applies || (config.backend ?? backend.id) !== backend.id)
    return { model: named, flags };
  checkNames(Object.keys(config.convert), backend);
  const silent = Object.entries(config.convert).filter(([name]) => isSilent(command, name));
  return { model: named, flags: { ...flags, ...Object.fromEntries(silent) } };
}

/** Whether two arguments mean one model: a revision of a repository is the same model. */
export function isSameModel(a: string, b: string): boolean {
  return a === b || (parseModelId(a)?.repo ?? a) === (parseModelId(b)?.repo ?? b);
}

/** Whether nobody gave the flag: commander fills in `--no-…` by itself. */
function isSilent(command: Command, name: string): boolean {
  return (command.getOptionValueSource(name) ?? "default") === "default";
}

function checkNames(names: readonly string[], backend: AnyBackend): void {
  const known = optionNames(backend.options);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new PippinError<CliErrorCode>("CLI_CONFIG_INVALID", {
    message: `${CONFIG_FILE} gives "${unknown}" under "convert", which the backend "${backend.id}" does not know`,
    hint: `It knows: ${known.join(", ")}.`,
  });
}
