/**
 * A Swift 6 compiler for Linux out of Debian's archive, unpacked into the cache: nothing is installed, nothing outside of that
 * folder changes. On a Mac the one on the path serves.
 *
 *     node tools/swift/run.ts build|test|… in a package's folder
 */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  globSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../oracles/python-environment.ts";

/** The suite that has `swiftlang` 6.0.3. */
const SUITE = "trixie";
/** Besides the compiler: headers and a linker's libraries for C++, and the shell that the toolchain calls. */
const PACKAGES = [
  ...["swiftlang", "libstdc++-14-dev", "libc6-dev"],
  ...["bash", "coreutils", "sed", "grep", "ca-certificates"],
];
/** In the closure of those, but never called: GCC's own compiler, sanitizers, maintainer tools. */
const UNUSED =
  /^(?:(?:gcc|cpp)(?:-14)?(?:-x86-64-linux-gnu)?|lib(?:asan8|tsan2|ubsan1|lsan0|hwasan0|itm1|gomp1|quadmath0|cc1-0|gprofng0)|debconf|perl-base|rpcsvc-proto|readline-common)$/;
/** Debuggers, servers and static libraries: half of the disk space. */
const LEFT_OUT = [
  ...["share/doc", "share/man", "share/locale", "share/info"].map((path) => `./usr/${path}`),
  ...[
    "lib/liblldb*",
    "bin/lldb*",
    "bin/repl_swift",
    "bin/clangd",
    "bin/docc",
    "bin/sourcekit-lsp",
    "lib/libLTO*",
  ],
  ...[
    "lib/libsourcekitdInProc.so",
    "lib/swift_static",
    "lib/swift/embedded",
    "lib/swift/FrameworkABIBaseline",
  ],
].map((path) => (path.startsWith("./") ? path : `./usr/libexec/swift/${path}`));

const TOOLCHAIN = "/usr/libexec/swift/bin";
/** Top-level folders of the toolchain's own root; all others are the host's. */
const OWN = new Set(["usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "etc", "lost+found", "boot"]);

/** The toolchain cannot be made here; the message says why and what to do. */
export class SwiftMissing extends Error {}

/** A command that runs `program` of the toolchain where the files lie. */
export interface SwiftToolchain {
  command(program: string, args: readonly string[]): { file: string; args: string[] };
}

/**
 * The Swift compiler of this machine; unpacks one where there is none. Takes a minute and 1.1 GB the first time.
 *
 * @param cwd - the folder that commands run in.
 * @throws SwiftMissing
 */
export function prepareSwift(cwd: string = process.cwd()): SwiftToolchain {
  if (process.platform === "darwin") return { command: (file, args) => ({ file, args: [...args] }) };
  const folder = process.env.PIPPIN_SWIFT ?? join(cacheFolder(), "swift");
  const root = join(folder, "root");
  if (!existsSync(join(root, "complete"))) install(folder, root);
  return { command: (program, args) => inRoot(root, cwd, program, args) };
}

function install(folder: string, root: string): void {
  console.log(`unpacking a Swift compiler into ${folder}`);
  const apt = join(folder, "apt");
  for (const part of [
    "etc/apt",
    "var/lib/apt/lists/partial",
    "var/lib/dpkg",
    "var/cache/apt/archives/partial",
  ]) {
    mkdirSync(join(apt, part), { recursive: true });
  }
  writeFileSync(join(apt, "var/lib/dpkg/status"), "");
  writeFileSync(join(apt, "etc/apt/sources.list"), sourcesList());
  writeFileSync(join(apt, "apt.conf"), aptConfiguration(apt));
  const env = { ...process.env, APT_CONFIG: join(apt, "apt.conf") };
  must("apt-get", ["-qq", "update"], { env });
  const plan = must("apt-get", ["install", "-s", ...PACKAGES], { env });
  const names = [...plan.matchAll(/^Inst (\S+)/gm)]
    .map(([, name]) => name!)
    .filter((name) => !UNUSED.test(name));
  const archives = join(apt, "var/cache/apt/archives");
  must("apt-get", ["-qq", "download", ...names], { env, cwd: archives });
  const staging = join(folder, "root.new");
  rmSync(staging, { recursive: true, force: true });
  unpack(globSync(join(archives, "*.deb")), staging);
  rmSync(archives, { recursive: true, force: true });
  rmSync(root, { recursive: true, force: true });
  writeFileSync(join(staging, "complete"), `${names.length} packages of ${SUITE}\n`);
  renameSync(staging, root);
}

/** The archive that the host's own apt is set to, for the suite that we need; apt checks all signatures. */
function sourcesList(): string {
  const files = ["/etc/apt/sources.list", ...globSync("/etc/apt/sources.list.d/*")].filter((file) =>
    existsSync(file),
  );
  const text = files.map((file) => readFileSync(file, "utf8")).join("\n");
  const [, archive] = /^(?:URIs:|deb(?: \[[^\]]*\])?)\s+(\S+\/debian\/?)(?:\s|$)/m.exec(text) ?? [];
  if (archive === undefined) {
    throw new SwiftMissing(
      "no Debian archive is named in /etc/apt\nhint:  Install Swift 6 yourself and name its root folder in PIPPIN_SWIFT.",
    );
  }
  return `deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${archive} ${SUITE} main\n`;
}

function aptConfiguration(apt: string): string {
  // Proxies and the like of the host.
  const host = globSync("/etc/apt/apt.conf.d/*").map((file) => readFileSync(file, "utf8"));
  const kept = host.join("\n").match(/^\s*Acquire::https?::.*$/gim) ?? [];
  return [
    `Dir "${apt}";`,
    `Dir::State::status "${apt}/var/lib/dpkg/status";`,
    `Dir::Etc::parts "${apt}/none";`,
    'APT::Architecture "amd64";',
    'APT::Architectures {"amd64";};',
    'APT::Sandbox::User "root";',
    'APT::Install-Recommends "false";',
    'Acquire::Languages "none";',
    'Acquire::Retries "3";',
    ...kept,
    "",
  ].join("\n");
}

/** Contents of the packages, without their scripts, and the little that those would have done. */
function unpack(packages: readonly string[], root: string): void {
  for (const folder of ["bin", "sbin", "lib", "lib64"]) {
    mkdirSync(join(root, "usr", folder), { recursive: true });
    symlinkSync(join("usr", folder), join(root, folder));
  }
  for (const folder of ["etc", "tmp", "var/tmp", "root"]) mkdirSync(join(root, folder), { recursive: true });
  const excluded = LEFT_OUT.map((pattern) => `--exclude=${pattern}`);
  for (const file of packages) {
    const member = must("ar", ["t", file])
      .split("\n")
      .find((name) => name.startsWith("data.tar"))!;
    const tar = ["-x", "-C", root, "--keep-directory-symlink", ...excluded];
    // xz on all cores: most of the time goes into one package.
    const from = member.endsWith(".xz") ? 'ar p "$0" "$1" | xz -dc -T0' : 'dpkg-deb --fsys-tarfile "$0"';
    must("bash", ["-o", "pipefail", "-c", `${from} | tar "\${@:2}"`, file, member, ...tar]);
  }
  if (!existsSync(join(root, "usr/bin/sh"))) symlinkSync("bash", join(root, "usr/bin/sh"));
  writeFileSync(join(root, "etc/passwd"), "root:x:0:0:root:/root:/bin/bash\n");
}

/** In a private mount namespace the host's folders are bound into the toolchain's root. */
function inRoot(
  root: string,
  cwd: string,
  program: string,
  args: readonly string[],
): { file: string; args: string[] } {
  const shared = readdirSync("/").filter((name) => !OWN.has(name) && isFolder(join("/", name)));
  for (const name of shared) mkdirSync(join(root, name), { recursive: true });
  const script = [
    "set -e",
    ...shared.map((name) => `mount --rbind "/${name}" "$0/${name}"`),
    "export PATH=/usr/libexec/swift/bin:/usr/bin:/bin LANG=C.UTF-8",
    `exec "$(command -v chroot || echo /usr/sbin/chroot)" "$0" /bin/bash -c 'cd "$0" && exec "$@"' "$1" "\${@:2}"`,
  ].join("\n");
  const unshare = process.getuid?.() === 0 ? ["-m"] : ["-r", "-m"];
  const path = program.includes("/") ? program : join(TOOLCHAIN, program);
  const inner = ["bash", "-c", script, root, cwd, path, ...args];
  return { file: "unshare", args: [...unshare, "--propagation", "private", ...inner] };
}

function isFolder(path: string): boolean {
  return lstatSync(path).isDirectory();
}

function must(
  file: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): string {
  const { error, status, stdout, stderr } = spawnSync(file, args, {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    ...options,
  });
  if (!error && status === 0) return stdout;
  throw new SwiftMissing(
    `${file} ${args.slice(0, 3).join(" ")} failed: ${error?.message ?? stderr.trim().split("\n").at(-1)}\n` +
      "hint:  It needs a Debian-like Linux on x86-64 with apt and user namespaces; or name the root folder of a Swift 6 in PIPPIN_SWIFT.",
  );
}
