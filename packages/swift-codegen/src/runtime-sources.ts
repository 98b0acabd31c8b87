import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { swiftError } from "./errors.ts";

/** The hand-written Swift beside this package's code, both in the repository and in the npm archive. */
const SWIFT_FOLDER = fileURLToPath(new URL("../swift", import.meta.url));

/** Modules of the runtime that go into every generated package. */
export const RUNTIME_MODULES = ["PippinTokenizer", "PippinRuntime"] as const;

/** A file of a generated package. */
export interface GeneratedFile {
  /** Relative to the package's folder, `/` as separator. */
  readonly path: string;
  readonly content: string | Uint8Array;
}

/**
 * The runtime's sources, at their places in a generated package.
 *
 * @throws PippinError `SWIFT_RUNTIME_MISSING`.
 */
export async function runtimeSources(): Promise<GeneratedFile[]> {
  const modules = await Promise.all(
    RUNTIME_MODULES.map((name) => filesBelow(`Sources/${name}`, `Sources/${name}`)),
  );
  return modules.flat();
}

/** The demo app's sources below `to`. */
export async function demoSources(to: string): Promise<GeneratedFile[]> {
  return filesBelow("App", to);
}

async function filesBelow(folder: string, to: string): Promise<GeneratedFile[]> {
  const root = join(SWIFT_FOLDER, folder);
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch((cause) => {
    throw swiftError("SWIFT_RUNTIME_MISSING", {
      message: `the Swift sources of the runtime are not in ${root}`,
      hint: "Install @pippin/swift-codegen again: a part of it is missing.",
      cause,
    });
  });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const read = files.sort().map(async (file) => ({
    path: `${to}${file.slice(root.length).replaceAll("\\", "/")}`,
    content: await readFile(file),
  }));
  return Promise.all(read);
}

/** Names of the types that Swift sources declare at the top of a file: a model's class must not be called so. */
export function declaredTypes(files: readonly GeneratedFile[]): ReadonlySet<string> {
  const declared = files.flatMap(({ content }) => [
    ...Buffer.from(content)
      .toString("utf8")
      .matchAll(
        /^\s{0,2}(?:public |package |final |indirect )*(?:class|struct|enum|actor|protocol|typealias) (\w+)/gm,
      ),
  ]);
  return new Set(declared.map(([, name]) => name!));
}
