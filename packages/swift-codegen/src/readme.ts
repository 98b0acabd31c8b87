import { type ArtifactFile, isPermissiveLicense } from "@pippin/core";
import { neededEntitlements } from "./entitlements.ts";
import type { SwiftFacts } from "./facts.ts";
import { licenseSentence } from "./license.ts";
import { commentText } from "./literal.ts";

/** What the README of a generated package depends on. */
export interface ReadmeFacts {
  readonly facts: SwiftFacts;
  readonly packages: readonly string[];
  readonly files: readonly ArtifactFile[];
  readonly engine: string;
  /** Where the files come from, unless they are embedded. */
  readonly url: string | undefined;
  readonly demo: boolean;
  readonly golden: boolean;
  readonly typed: boolean;
  /** Files with the model's licence, in the folder of the model. */
  readonly legal: readonly string[];
}

/** `README.md` of the generated package, for the engineer who opens it in Xcode. */
export function readmeText(readme: ReadmeFacts): string {
  const { facts } = readme;
  const sections = [
    `# ${facts.name}Kit

${escapeMarkdown(facts.source)} as a Swift package: the model, its tokenizer, and what runs it. Written by \`pippin swift\`; run it again
rather than change these files.`,
    usage(readme),
    readme.demo ? demo(facts) : undefined,
    sizes(readme),
    license(readme),
    checks(readme),
    compiling(readme),
  ];
  return `${sections.filter((section) => section !== undefined).join("\n\n")}\n`;
}

function usage({ facts, url, files, typed }: ReadmeFacts): string {
  const { name } = facts;
  const model =
    url === undefined
      ? `let model = ${name}Assets.languageModel()`
      : `let downloader = ModelDownloader(store: try ModelStore())
let files = try await downloader.download(${name}Assets.version(), from: ${name}Assets.address)
let model = ${name}Assets.languageModel(files: files)`;
  const download =
    url === undefined
      ? ""
      : `
The model is not in the package: apps fetch it once, in the background where you ask for that, and check every piece. Put these files
below ${codeSpan(url)}, under the same paths:

${files.map(({ path, size }) => `- ${codeSpan(path)}, ${bytesText(size)}`).join("\n")}
`;
  const classes = typed
    ? `
\`${name}\`, \`${name}Input\` and \`${name}Output\` are the classes that Xcode makes for a model, for code that drives it without the
runtime.
`
    : "";
  return `## In an app

Add this folder as a local package (File → Add Package Dependencies… → Add Local…) and its product \`${name}Kit\` to the target. Then:

\`\`\`swift
import ${name}Kit
import PippinRuntime
import PippinTokenizer

${model}
for try await chunk in model.generate([ChatMessage(role: "user", content: "Hello")], options: .init()) {
  print(chunk.text, terminator: "")
}
\`\`\`

It needs iOS ${facts.minimumSystem.iOS} or macOS ${facts.minimumSystem.macOS}, and Xcode 16. End the loop, or the task around it, and the model stops.
${classes}${download}`.trimEnd();
}

function demo({ name }: SwiftFacts): string {
  return `## The demo

Open \`App/${name}.xcodeproj\`, choose your team under Signing & Capabilities, then an iPhone, iPad or Mac, and run. The simulator has no
Neural Engine: it computes on the CPU, slowly. The scheme runs
a Release build: Swift without optimization takes up to a tenth of a second to choose a token. To debug, change it under Product → Scheme → Edit Scheme… → Run.`;
}

function sizes({ facts }: ReadmeFacts): string {
  const needed = neededEntitlements(facts);
  const parameters =
    facts.parameters > 0 ? `| parameters | ${(facts.parameters / 1e6).toPrecision(3)} million |\n` : "";
  const entitlements =
    needed.length === 0
      ? "No entitlement is needed for that."
      : `An iPhone gives that much to apps with these entitlements only, which the demo has and your app must have: ${needed.map((key) => `\`${key}\``).join(", ")}.`;
  return `## Sizes

| | |
|---|---|
${parameters}| weights | ${bytesText(facts.packageBytes)}, ${escapeMarkdown(facts.quantization === "none" ? "fp16" : facts.quantization)} |
| context | ${facts.contextLength} tokens, ${bytesText(facts.cacheBytes)} of cache |
| memory while it answers | about ${bytesText(facts.peakBytes)} (estimated: weights, cache, the longest call's activations, 64 MB) |

${entitlements}`;
}

function license({ facts, legal }: ReadmeFacts): string {
  const named =
    facts.license === undefined
      ? ""
      : `The model's licence, as its publisher names it: ${escapeMarkdown(facts.license)}. `;
  const files =
    legal.length > 0 ? ` Its text: ${legal.map((name) => codeSpan(name)).join(", ")}, beside the model.` : "";
  const warn = isPermissiveLicense(facts.license) ? "" : "**Check before you publish.** ";
  return `## Licence

${warn}${named}${licenseSentence(facts.license)}${files} The runtime in \`Sources/PippinRuntime\` and \`Sources/PippinTokenizer\` is Apache-2.0.`;
}

function checks({ facts, golden, url }: ReadmeFacts): string {
  const { name } = facts;
  const selfTest = golden
    ? `\n3. The self-test, in the app on each kind of phone: \`${name}Assets.selfTest\` holds prompts with the logits and tokens of the desk. A compute
   unit that rounds more coarsely than it should shows here first.`
    : "";
  const whole =
    url === undefined
      ? "facts, files and their sizes, tokenizer"
      : "facts, tokenizer, the hashes that a download needs";
  return `## What to check

1. \`swift test\` here, or ⌘U in Xcode with this folder opened as a package: ${whole}.
2. The first load on a device: Core ML compiles the model for the chip, once, which can take minutes for a large one.${selfTest}`;
}

function compiling({ packages, engine, url }: ReadmeFacts): string | undefined {
  if (engine !== "CoreMLModel" || url !== undefined) return undefined;
  const names = packages.map((name) => codeSpan(name)).join(", ");
  return `## Compiling the model with the app

${names} is copied into the app as it is and compiled on the device once. To let Xcode compile it with the app, which saves that time and
needs a Mac with the SDK for each build: move it out of \`Model\` into your app target, and hand the runtime the bundle's folder as
\`packages\`: \`ModelFiles(folder: …Assets.folder, packages: Bundle.main.bundleURL)\`, on a Mac \`Bundle.main.resourceURL!\`.`;
}

/** \`3.77 MB\`: decimal units, as Apple's systems count. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${Number(value.toPrecision(3))} ${units[unit]}`;
}

/** A model's text within a line of Markdown: nothing of it is markup. */
export function escapeMarkdown(text: string): string {
  return commentText(text).replaceAll(/[!-/:-@[-`{-~]/g, (character) =>
    /[.,\-/ ]/.test(character) ? character : `\\${character}`,
  );
}

/** The same as code. Backticks cannot be escaped in there, so the fence is longer than any run of them. */
export function codeSpan(text: string): string {
  const clean = commentText(text).replaceAll("|", "¦");
  const longest = Math.max(0, ...[...clean.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  const space = longest > 0 ? " " : "";
  return `${fence}${space}${clean}${space}${fence}`;
}
