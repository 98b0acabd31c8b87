import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, extname, isAbsolute, join } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The file that a name stands for on the path.
 *
 * Relative entries of the path are passed over, and on Windows the current folder: a program that lies in a
 * folder of someone's files must not be started for having the right name.
 */
export async function findTool(command: string, env: Environment): Promise<string | undefined> {
  if (isAbsolute(command)) return (await isProgram(command)) ? command : undefined;
  const folders = (env.PATH ?? env.Path ?? "").split(delimiter).filter((folder) => isAbsolute(folder));
  for (const folder of folders) {
    for (const name of namesOf(command, env)) {
      const path = join(folder, name);
      if (await isProgram(path)) return path;
    }
  }
  return undefined;
}

function namesOf(command: string, env: Environment): string[] {
  if (process.platform !== "win32" || extname(command) !== "") return [command];
  const extensions = (env.PATHEXT ?? ".COM;.EXE;.BAT;.CMD").split(";").filter((name) => name !== "");
  return extensions.map((extension) => command + extension.toLowerCase());
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    // Not there, or not ours to start: the next entry of the path decides.
    return false;
  }
}
