/**
 * Enforces the direction of dependencies and that browser-safe entry points import nothing of Node.
 *
 * Reads the manifests and the sources, so that an import without a declared dependency is found too.
 */
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

/** What each package may depend on. Arrows point left, never to the command line, never in a cycle. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  kernels: ["core"],
  checkpoint: ["core", "kernels"],
  decoder: ["core", "kernels", "checkpoint"],
  quantize: ["core", "kernels"],
  coreml: ["core", "kernels", "checkpoint", "decoder", "quantize"],
  verify: ["core"],
  tune: ["core", "kernels", "checkpoint", "decoder", "quantize", "verify"],
  tokenizer: ["core"],
  "swift-codegen": ["core", "tokenizer"],
  bench: ["core"],
  hub: ["core"],
  plan: ["core", "decoder"],
  doctor: ["core"],
  python: ["core"],
};

/** Entry points that run in a browser. */
const BROWSER_ENTRIES = [
  "packages/core/src/index.ts",
  "packages/core/src/html.ts",
  "packages/kernels/src/index.ts",
  "packages/checkpoint/src/index.ts",
  "packages/decoder/src/index.ts",
  "packages/quantize/src/index.ts",
  "packages/coreml/src/program.ts",
  "packages/tokenizer/src/index.ts",
  "packages/verify/src/index.ts",
  "packages/bench/src/index.ts",
  "packages/plan/src/index.ts",
];

const problems: string[] = [];

for (const [name, allowed] of Object.entries(ALLOWED)) {
  const folder = join("packages", name);
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    dependencies?: Record<string, string>;
  };
  const declared = Object.keys(manifest.dependencies ?? {});
  for (const dependency of declared) {
    const own = /^@pippin\/(.+)$/.exec(dependency)?.[1];
    if (own !== undefined && !allowed.includes(own)) problems.push(`${name} must not depend on ${own}`);
  }
  for (const file of globSync(join(folder, "src/**/*.ts"))) checkImports(file, name, declared);
}

for (const folder of globSync("packages/*")) {
  const name = folder.replace(/^packages[/\\]/, "");
  if (!(name in ALLOWED) && existsSync(join(folder, "package.json"))) {
    problems.push(`${name} has no line in tools/check-boundaries.ts`);
  }
}

for (const entry of BROWSER_ENTRIES) {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: "browser",
    format: "esm",
    conditions: ["pippin:source"],
    logLevel: "silent",
  }).catch((error: { errors: { text: string; location?: { file: string } }[] }) => error);
  for (const { text, location } of result.errors)
    problems.push(`${entry}: ${text} (${location?.file ?? "?"})`);
}

for (const problem of problems) console.error(`boundary: ${problem}`);
console.log(problems.length === 0 ? "boundaries hold" : `${problems.length} boundary problems`);
process.exitCode = problems.length === 0 ? 0 : 1;

function checkImports(file: string, name: string, declared: readonly string[]): void {
  for (const [, specifier] of readFileSync(file, "utf8").matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)) {
    if (specifier === undefined || specifier.startsWith("node:")) continue;
    if (specifier.startsWith(".")) {
      if (join(file, "..", specifier).split(/[/\\]/)[1] !== name)
        problems.push(`${file} reaches into ${specifier}`);
      continue;
    }
    const dependency = specifier.startsWith("@")
      ? specifier.split("/").slice(0, 2).join("/")
      : specifier.split("/")[0]!;
    if (!declared.includes(dependency))
      problems.push(`${file} imports ${dependency}, which its package.json lacks`);
    if (/^@pippin\/[^/]+\/(src|dist)/.test(specifier)) problems.push(`${file} reaches into ${specifier}`);
  }
}
