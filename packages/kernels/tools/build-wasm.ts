/** Compiles assembly/ and writes src/generated/wasm.ts: the module as base64, so that bundlers need no loader. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import asc from "assemblyscript/asc";

const root = dirname(import.meta.dirname);
const output = join(root, "src/generated/wasm.ts");
const files = new Map<string, Uint8Array | string>();

const { error, stderr } = await asc.main(
  [
    join(root, "assembly/index.ts"),
    ...["--outFile", "kernels.wasm", "--baseDir", root],
    ...["--runtime", "stub", "--use", "abort=", "--importMemory"],
    ...["--enable", "simd", "-O3", "--noAssert", "--converge"],
  ],
  {
    writeFile: (name: string, contents: Uint8Array | string) => {
      files.set(name, contents);
    },
  },
);
if (error) {
  console.error(stderr.toString());
  throw error;
}

const module = files.get("kernels.wasm");
if (!(module instanceof Uint8Array)) throw new Error("asc wrote no kernels.wasm");
await mkdir(dirname(output), { recursive: true });
await writeFile(
  output,
  `// Made by \`npm run wasm\` from assembly/: ${module.byteLength} bytes of WebAssembly.\n` +
    `export const WASM_BASE64 =\n  "${Buffer.from(module).toString("base64")}";\n`,
);
console.log(`src/generated/wasm.ts: ${module.byteLength} bytes of WebAssembly`);
