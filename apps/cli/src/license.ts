import { createInterface } from "node:readline/promises";
import { isPermissiveLicense, PippinError, throwIfCancelled } from "@pippin/core";
import type { License } from "@pippin/hub";
import { Option } from "commander";
import type { CliErrorCode } from "./errors.ts";
import { printableLine, shellWord } from "./terminal/format.ts";
import { type CommandContext, type Io, say, withoutWarning } from "./terminal/io.ts";

/** The name by which a licence is recorded: `other` says nothing, its name does. */
export function licenseName({ id, name }: License): string {
  return id === "other" && name !== undefined ? name : id;
}

export function licenseOption(): Option {
  return new Option(
    "--accept-license <name>",
    "the model's licence, whose terms you accept for an app that holds the model (asked for on a terminal)",
  );
}

interface Asked {
  readonly io: Io;
  readonly context: CommandContext;
  /** What `--accept-license` names. */
  readonly accepted: string | undefined;
  /** Repository or folder, for messages. */
  readonly model: string;
}

/**
 * Makes sure that somebody has accepted the terms under which a model may go into an app. Permissive licences ask for
 * nothing but their text, which goes along.
 *
 * @throws PippinError `CLI_LICENSE_NOT_ACCEPTED`.
 */
export async function agreeToLicense(license: License | undefined, asked: Asked): Promise<void> {
  const { accepted, model } = asked;
  // Where none is stated there are no terms to accept; the generator of the app warns of that.
  if (license === undefined) return;
  const name = licenseName(license);
  if (isPermissiveLicense(license.id) || accepted === name) return;
  if (accepted !== undefined) throw notAccepted(license, model, `it is not ${JSON.stringify(accepted)}`);
  if (!(await saysYes(license, asked))) throw notAccepted(license, model, "nobody has accepted its terms");
}

/** The context for writing an app: whoever has accepted the terms is not told to read them. */
export function afterAgreement(license: License | undefined, context: CommandContext): CommandContext {
  return license === undefined ? context : withoutWarning(context, "SWIFT_LICENSE_UNCHECKED");
}

/** Only a person at a terminal can answer. */
async function saysYes({ url, ...license }: License, { io, context, model }: Asked): Promise<boolean> {
  if (io.json || io.stdin.isTTY !== true || io.stderr.isTTY !== true) return false;
  const name = printableLine(licenseName(license));
  say(
    io,
    `${io.strong("licence")}  ${printableLine(model)} is under ${name}${url ? `: ${printableLine(url)}` : ""}`,
  );
  const lines = createInterface({ input: io.stdin, output: io.stderr });
  lines.on("SIGINT", io.interrupt);
  try {
    const question = "Do you accept its terms for an app that holds the model? (y/N) ";
    const answer = await lines.question(question, { signal: context.signal }).catch(() => {
      throwIfCancelled(context.signal);
      // Ctrl-D: no answer is no.
      return "";
    });
    return /^y(?:es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}

function notAccepted(license: License, model: string, reason: string): PippinError<CliErrorCode> {
  const name = licenseName(license);
  const where = license.url === undefined ? "on the model's page" : `at ${license.url}`;
  return new PippinError("CLI_LICENSE_NOT_ACCEPTED", {
    message: `${model} is published under ${name}, and ${reason}`,
    hint: `Read the terms ${where}; if you accept them, add --accept-license ${shellWord(name)}.`,
    details: { license: name, ...(license.url !== undefined && { url: license.url }) },
  });
}
