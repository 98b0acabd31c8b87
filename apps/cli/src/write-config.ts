import { join } from "node:path";
import type { PippinJson } from "@pippin/plan";
import { isSameModel } from "./choices.ts";
import { CONFIG_FILE, readConfig, readConfigFile } from "./config.ts";
import { usageError } from "./errors.ts";
import { writeWhole } from "./report.ts";

/**
 * Refuses to replace the choices for another model.
 *
 * @throws PippinError `CLI_USAGE`, `CLI_CONFIG_INVALID`.
 */
export async function checkConfig(
  folder: string,
  { model }: PippinJson,
  { force }: { readonly force?: boolean | undefined },
): Promise<void> {
  const present = (await readConfig(folder)).model;
  if (present === undefined || isSameModel(present, model) || force) return;
  throw usageError(
    `${CONFIG_FILE} of this folder is for ${present}, not for ${model}`,
    "Give --force to replace its model and options, or work in another folder.",
  );
}

/** Writes model, backend and options; everything else in the file stays as it is. */
export async function writeConfig(folder: string, { model, backend, convert }: PippinJson): Promise<void> {
  // `checkConfig` has found it to be an object.
  const before = (await readConfigFile(folder)) as object;
  await writeWhole(
    join(folder, CONFIG_FILE),
    `${JSON.stringify({ ...before, model, backend, convert }, null, 2)}\n`,
  );
}
