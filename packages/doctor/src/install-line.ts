import type { Examination } from "./examination.ts";

/** The same program under the names of the package managers. */
export interface PackageNames {
  readonly brew: string;
  readonly apt: string;
  readonly dnf: string;
  readonly winget: string;
  /** For systems whose package manager is not known. */
  readonly page: string;
}

/** The line to paste that installs a program here. */
export async function installLine(examination: Examination, names: PackageNames): Promise<string> {
  switch (examination.machine.platform) {
    case "darwin":
      return `brew install ${names.brew}`;
    case "win32":
      return `winget install ${names.winget}`;
    default:
      break;
  }
  const family = await linuxFamily(examination);
  if (family === "debian") return `sudo apt-get install ${names.apt}`;
  if (family === "fedora") return `sudo dnf install ${names.dnf}`;
  return `install it from ${names.page}`;
}

/** By the file that every distribution has (freedesktop.org, os-release). */
export async function linuxFamily(examination: Examination): Promise<"debian" | "fedora" | undefined> {
  const text = await osRelease(examination);
  const names = [...text.matchAll(/^ID(?:_LIKE)?=["']?([\w .-]*)/gm)].flatMap(([, value]) =>
    value!.split(" "),
  );
  if (names.includes("debian") || names.includes("ubuntu")) return "debian";
  return names.includes("fedora") || names.includes("rhel") ? "fedora" : undefined;
}

export async function osRelease(examination: Examination): Promise<string> {
  const { machine } = examination;
  return examination.once("os-release", async () => (await machine.readText("/etc/os-release", 8192)) ?? "");
}
