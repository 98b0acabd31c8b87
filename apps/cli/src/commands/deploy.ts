import { dirname } from "node:path";
import { type Artifact, type CoreErrorCode, isPippinError, PippinError, type Runner } from "@pippin/core";
import { checkOutputFolder } from "@pippin/core/node";
import { generateSwiftPackage, SwiftOptions } from "@pippin/swift-codegen";
import type { Command } from "commander";
import { answer } from "../answer.ts";
import { type Chosen, withChoices } from "../choices.ts";
import type { AnyBackend } from "../config.ts";
import { planConversion, writeConversion } from "../convert.ts";
import { goldenCases } from "../golden.ts";
import { afterAgreement, agreeToLicense, licenseOption } from "../license.ts";
import { lookFirst, planOnce } from "../look-first.ts";
import { prepareWeights } from "../mixed.ts";
import type { OpenModel } from "../model.ts";
import { type OpenPackage, openPackage, startRunner } from "../package.ts";
import { checkParity, parityLine } from "../parity.ts";
import { rescaledModel } from "../rescale.ts";
import { parseSchemaOptions } from "../schema-options.ts";
import { swiftInput } from "../swift-package.ts";
import { formatBytes, formatSeconds, printable, printableLine, shellWord } from "../terminal/format.ts";
import { type CommandContext, type Io, say, sayJson, stageContext } from "../terminal/io.ts";
import { encodeChat } from "../text.ts";
import { addConversion, artifactBytes, type ConvertFlags, sayPlan } from "./convert.ts";

interface Flags extends ConvertFlags {
  readonly ask: string;
  readonly app: boolean;
  readonly acceptLicense?: string;
}

export async function define(
  command: Command,
  { io, argv }: { io: Io; argv: readonly string[] },
): Promise<void> {
  const conversion = await addConversion(command, argv, io);
  command
    .addOption(licenseOption())
    .option("--ask <text>", "what the converted model is asked in the end", "What can you do?")
    .option(
      "--no-app",
      "do not write the Swift package and the demo app (default: beside the folder, with -app behind its name)",
    )
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      "\nExits with 1 when the package differs from the model.\n\nExample:\n  pippin deploy models/pip-chat --out build/pip",
    )
    .action((model: string | undefined) => {
      const chosen = withChoices<Flags>(model, conversion, command);
      return deploy(chosen, conversion.backend, io);
    });
}

async function deploy({ model: path, flags }: Chosen<Flags>, backend: AnyBackend, io: Io): Promise<void> {
  const context = stageContext(io);
  const given = await parseSchemaOptions(backend.options, flags);
  const looked = await lookFirst(path, { backend, options: given, flags }, context);
  const { out } = looked;
  const app = flags.app ? appFolder(out) : undefined;
  if (app) await checkOutputFolder(app, flags);
  if (app !== undefined && !flags.dryRun) {
    // Asked before the long work, not after it.
    const { facts, license } = looked.model;
    await agreeToLicense(license, { io, context, accepted: flags.acceptLicense, model: facts.name });
  }
  if (flags.dryRun && looked.plan) return sayPlan(io, looked.plan, out);
  const original = await looked.model.open();
  const began = performance.now();
  const prepared = await prepareWeights({ backend, model: original, options: given }, flags, {
    io,
    context,
  });
  const { options, finish } = prepared;
  const model = await rescaledModel(prepared.model, flags.rescale, context);
  const plan = planOnce(looked, () => planConversion(backend, model, options));
  if (flags.dryRun) return sayPlan(io, plan, out);

  const artifacts = await writeConversion(
    { backend, model, plan },
    { out, force: flags.force ?? false },
    context,
  );
  await finish();
  const seconds = formatSeconds((performance.now() - began) / 1000);
  for (const artifact of artifacts) {
    const size = formatBytes(artifactBytes([artifact]));
    say(io, `${io.strong("package")}  ${printableLine(artifact.path)}  ${size} in ${seconds}`);
  }
  await present({ original, out, app, artifacts }, flags, { io, context }).catch((error) => {
    throw packageStays(error, out);
  });
}

/** Who stops now has a whole package, and the same command would not replace it. */
function packageStays(error: unknown, out: string): unknown {
  if (!isPippinError(error) || error.code !== "CORE_CANCELLED") return error;
  return new PippinError<CoreErrorCode>("CORE_CANCELLED", {
    message: error.message,
    hint: `The package in ${out} is whole; run the command again with --force to do all of it.`,
    cause: error,
  });
}

interface Converted {
  readonly original: OpenModel;
  readonly out: string;
  readonly app: string | undefined;
  readonly artifacts: readonly Artifact[];
}

/** Compares the package with the model, asks it something, and writes the app. */
async function present(
  { original, out, app, artifacts }: Converted,
  flags: Flags,
  { io, context }: { readonly io: Io; readonly context: CommandContext },
): Promise<void> {
  await using opened = await openPackage(out, io);
  await using candidate = await startRunner(opened, { precision: "fp16" }, context);
  const parity = await checkParity(
    { model: original, candidate },
    { prompts: 2, tokens: 16, quantization: opened.opened.manifest?.quantization },
    context,
  );
  say(io, `${io.strong("parity")}   ${parityLine(parity)}`);
  const { text } = opened;
  const prompt = text && encodeChat(text, [{ role: "user", content: flags.ask }]);
  const said = prompt && (await answer({ runner: candidate, text }, prompt, { maxTokens: 64 }, context));
  if (said) {
    const speed = io.dim(`(${said.tokensPerSecond.toFixed(0)} tokens/s here)`);
    say(io, `${io.strong("you")}      ${printable(flags.ask)}`);
    say(io, `${io.strong("model")}    ${printable(said.text.trim())}  ${speed}`);
  }
  const written =
    app &&
    (await writeApp({ opened, runner: candidate, parity }, { app, flags, model: original }, { io, context }));
  const spoken = said ? { ask: flags.ask, ...said } : null;
  const all = [...artifacts, ...(written ? [written] : [])];
  if (io.json) sayJson(io, { artifacts: all, parity, answer: spoken, warnings: context.warnings });
  if (said) say(io, `\nnext: npx pippin chat ${shellWord(out)}`);
  say(io, `${said ? "     " : "\nnext:"} npx pippin inspect ${shellWord(out)}`);
  if (!parity.passed) io.fail();
}

/** Beside the package's folder, which stays what `convert` writes. */
function appFolder(out: string): string {
  return `${out.replace(/[\\/]+$/, "")}-app`;
}

interface Deployed {
  readonly opened: OpenPackage;
  readonly runner: Runner;
  readonly parity: { readonly passed: boolean };
}

/** The last step: what an app needs, where there is something that could run the package in one. */
async function writeApp(
  { opened, runner, parity }: Deployed,
  { app, flags, model }: { readonly app: string; readonly flags: Flags; readonly model: OpenModel },
  { io, context }: { readonly io: Io; readonly context: CommandContext },
): Promise<Artifact | undefined> {
  const { text, backend } = opened;
  const lacks = parity.passed
    ? text
      ? (backend.swift ?? "an engine in Swift for its backend")
      : "a tokenizer"
    : "a package that agrees";
  if (text === undefined || typeof lacks === "string") {
    say(io, `${io.strong("app")}      not written: it needs ${lacks}`);
    return undefined;
  }
  const golden = await goldenCases(runner, text, context);
  const input = await swiftInput(opened, { golden, folders: [model.folder] });
  const options = { ...SwiftOptions.parse({}), out: app, force: flags.force ?? false };
  const artifact = await generateSwiftPackage(input, options, afterAgreement(model.license, context));
  const project = artifact.files.find(({ path }) => path.endsWith(".xcodeproj/project.pbxproj"))!; // it has the demo
  const size = formatBytes(artifactBytes([artifact]));
  say(io, `${io.strong("app")}      ${printableLine(`${app}/${dirname(project.path)}`)}  ${size}`);
  return artifact;
}
