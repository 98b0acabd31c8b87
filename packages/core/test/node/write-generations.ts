/** Run by output-folder.kill.test.ts: writes the folder again and again, each time with another generation of files. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withOutputFolder } from "../../src/node/output-folder.ts";

const [target, first] = process.argv.slice(2) as [string, string];
for (let generation = Number(first); ; generation++) {
  const keep = (name: string) => !name.startsWith("package-");
  await withOutputFolder(target, { force: true, keep }, async (staging) => {
    for (const name of ["a", "b", `package-${generation}`])
      await writeFile(join(staging, name), String(generation));
  });
  if (generation === Number(first)) process.stdout.write("running\n");
}
