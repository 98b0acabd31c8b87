import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A Python that makes virtual environments of itself, says that it has every package, and leaves a child and itself hanging when it is
 * asked to convert; \`running\` beside it then holds their numbers.
 */
export function writeFakePython(folder: string, { version = "3.12.4" } = {}): string {
  const path = join(folder, "python3");
  writeFileSync(
    path,
    `#!${process.execPath}
const fs = require("node:fs");
const path = require("node:path");
const args = process.argv.slice(2);
const after = (flag) => args[args.indexOf(flag) + 1];
const say = (kind, fields) => console.log(JSON.stringify({ pippin: kind, ...fields }));
if (args.includes("child")) setInterval(() => undefined, 1000);
else if (args.includes("-c") && !args.includes("pip")) console.log("${version}\\n" + process.argv[1]);
else if (after("-m") === "venv") {
  const bin = path.join(args.at(-1), "bin");
  fs.mkdirSync(bin, { recursive: true });
  fs.copyFileSync(process.argv[1], path.join(bin, "python"));
  fs.writeFileSync(path.join(bin, "pip"), "");
} else if (args.some((arg) => arg.endsWith("check_environment.py")))
  say("result", { value: { python: "${version}", wrong: [] } });
else if (args.some((arg) => arg.endsWith("convert_coreml.py"))) {
  const child = require("node:child_process").spawn(process.execPath, [__filename, "child"], { stdio: "inherit" });
  fs.writeFileSync(${JSON.stringify(join(folder, "running"))}, process.pid + " " + child.pid);
  setInterval(() => undefined, 1000);
}
`,
  );
  chmodSync(path, 0o755);
  return path;
}
