/** npm packs no file from outside of a package's folder: run by each package's `prepack`. */
import { copyFileSync } from "node:fs";
import { join } from "node:path";

copyFileSync(join(import.meta.dirname, "../LICENSE"), "LICENSE");
