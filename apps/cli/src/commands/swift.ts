import { resolve } from "node:path";
import type { Artifact } from "@pippin/core";
import { checkOutputFolder } from "@pippin/core/node";
import type { License } from "@pippin/hub";
import {
  generateSwiftPackage,
  planSwiftPackage,
  type SwiftInput,
  SwiftOptions,
  type SwiftPlan,
} from "@pippin/swift-codegen";
import { type Command, Option } from "commander";
import { goldenCases } from "../golden.ts";
import { afterAgreement, agreeToLicense, licenseOption } from "../license.ts";
import { type OpenPackage, openPackage, startRunner } from "../package.ts";
import { packageBytes } from "../package-size.ts";
import { addSchemaOptions, parseSchemaOptions } from "../schema-options.ts";
import { swiftInput } from "../swift-package.ts";
import { formatBytes, printableLine, shellWord } from "../terminal/format.ts";
import { type CommandContext, type Io, say, sayJson, stageContext } from "../terminal/io.ts";
import { outputPath } from "./convert.ts";

interface Flags extends Readonly<Record<string, unknown>> {
  readonly out: string;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  /** Absent: by the package's size. */
  readonly selfTest?: boolean;
  readonly acceptLicense?: string;
}

/** Above this size the answers of the self-test take minutes here. */
const SELF_TEST_BYTES = 1_000_000_000;

export function define(command: Command, { io }: { io: Io }): void {
  command
    .argument("<package>", "folder that pippin convert wrote, or the package in it")
    .requiredOption("--out <dir>", "folder to write", outputPath);
  addSchemaOptions(command, SwiftOptions);
  command
    .addOption(
      new Option(
        "--self-test",
        "let the package answer prompts here, for the app to compare (default: below 1 GB)",
      ),
    )
    .addOption(new Option("--no-self-test", "do not").default(undefined))
    .addOption(licenseOption())
    .option("--force", "replace what is in the folder")
    .option("--dry-run", "say what would be written, and write nothing")
    .option("--json", "print the artifact as JSON")
    .addHelpText("after", "\nExample:\n  pippin swift build/pip --out build/pip-app --name Pip")
    .action((path: string, flags: Flags) => swift(path, flags, io));
}

async function swift(path: string, flags: Flags, io: Io): Promise<void> {
  const context = stageContext(io);
  const options = await parseSchemaOptions(SwiftOptions, flags);
  await checkOutputFolder(flags.out, flags);
  await using opened = await openPackage(path, io);
  const input = await swiftInput(opened, { golden: undefined });
  const license = licenseOfPackage(opened);
  if (!flags.dryRun) {
    const model = input.manifest.model.source;
    await agreeToLicense(license, { io, context, accepted: flags.acceptLicense, model });
  }
  const agreed = flags.dryRun ? context : afterAgreement(license, context);
  const plan = await planSwiftPackage(input, options, agreed);
  if (flags.dryRun) return sayDryRun(io, plan, flags.out);
  const golden = (await wantsSelfTest(opened, flags)) ? await answers(opened, context) : undefined;
  // The plan has said all that there is to warn of.
  const quiet = { signal: context.signal, progress: context.progress! };
  // The plan has read the files for the hashes that were missing: they are not read for that again.
  const manifest = { ...input.manifest, files: [...plan.packageFiles] };
  const artifact = await generateSwiftPackage(
    { ...input, manifest, golden },
    { ...options, out: flags.out, force: flags.force ?? false },
    quiet,
  );
  sayPackage(io, { artifact, plan, input, answers: golden?.length }, context);
}

/** What the conversion recorded, which is a name alone. */
function licenseOfPackage({ opened }: OpenPackage): License | undefined {
  const name = opened.manifest?.model.license;
  return name === undefined ? undefined : { id: name };
}

async function wantsSelfTest({ opened }: OpenPackage, { selfTest }: Flags): Promise<boolean> {
  return selfTest ?? (await packageBytes(opened)) < SELF_TEST_BYTES;
}

async function answers(opened: OpenPackage, context: CommandContext) {
  await using runner = await startRunner(opened, { precision: "fp16" }, context);
  return await goldenCases(runner, opened.text!, context); // swiftInput has asked for it
}

function sayDryRun(
  io: Io,
  { facts, files, embedded, packageFiles, outputBytes }: SwiftPlan,
  out: string,
): void {
  const paths = [...files.map(({ path }) => path), ...(embedded ? packageFiles.map(({ path }) => path) : [])];
  if (io.json) sayJson(io, { dryRun: true, out, facts, bytes: outputBytes, files: paths });
  say(
    io,
    `would write ${printableLine(out)}: ${formatBytes(outputBytes)} in ${paths.length} files, the Swift package ${facts.name}Kit`,
  );
}

interface Written {
  readonly artifact: Artifact;
  readonly plan: SwiftPlan;
  readonly input: SwiftInput;
  /** Prompts of the self-test. */
  readonly answers: number | undefined;
}

/** What was written, what it needs, and what comes next. */
function sayPackage(io: Io, { artifact, plan, input, answers }: Written, { warnings }: CommandContext): void {
  const { facts, entitlements, embedded, packageFiles } = plan;
  const { path } = artifact;
  if (io.json) sayJson(io, { artifacts: [artifact], facts, entitlements, warnings });
  say(
    io,
    `${io.strong(printableLine(path))}  ${formatBytes(plan.outputBytes)}, the Swift package ${facts.name}Kit`,
  );
  const selfTest = answers === undefined ? "no self-test" : `a self-test of ${answers} prompts`;
  say(
    io,
    io.dim(
      `needs iOS ${facts.minimumSystem.iOS} or macOS ${facts.minimumSystem.macOS}, about ${formatBytes(facts.peakBytes)} of memory; ${selfTest}`,
    ),
  );
  if (entitlements.length > 0) say(io, `entitlements on iPhone and iPad: ${entitlements.join(", ")}`);
  if (!embedded) {
    say(
      io,
      `upload to ${printableLine(String(artifact.provenance.options.url))}, from ${printableLine(input.packageFolder)}:`,
    );
    for (const file of packageFiles) say(io, `  ${printableLine(file.path)}  ${formatBytes(file.size)}`);
  }
  say(io, nextSteps(artifact, facts.name));
}

/** With a demo the project, else the package. */
export function nextSteps({ path, files }: Artifact, name: string): string {
  const project = `App/${name}.xcodeproj`;
  const hasDemo = files.some((file) => file.path.startsWith(`${project}/`));
  return hasDemo
    ? `next: open ${shellWord(`${path}/${project}`)} on a Mac`
    : `next: add ${shellWord(resolve(path))} to an app in Xcode`;
}
