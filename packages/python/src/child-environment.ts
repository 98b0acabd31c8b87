/** Variables of the caller, as `process.env` has them. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** What a program needs to run at all: to find others, a home, a place for temporary files, its language, its threads. */
const NEEDED =
  /^(PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|TEMP|TMP|TZ|LANG|LC_\w+|LD_LIBRARY_PATH|DYLD_\w+|(OMP|MKL|OPENBLAS|VECLIB)_\w+)$/i;
const NEEDED_ON_WINDOWS =
  /^(SYSTEMROOT|SYSTEMDRIVE|WINDIR|COMSPEC|PATHEXT|USERPROFILE|APPDATA|LOCALAPPDATA|PROGRAM(DATA|FILES.*)|NUMBER_OF_PROCESSORS|PROCESSOR_\w+)$/i;
/** How pip reaches an index: these may hold passwords, so nothing else gets them. */
const FOR_NETWORK =
  /^(PIP_\w+|(HTTPS?|ALL|NO)_PROXY|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|XDG_(CONFIG|CACHE)_\w+)$/i;

/**
 * The variables of a Python program: few, so that no token reaches it, and none that would make it load other modules
 * than those of its environment.
 *
 * @param purpose - `install` may reach the network, `run` has no need to.
 */
export function childEnvironment(env: Variables, purpose: "install" | "run"): Record<string, string> {
  const kept = Object.entries(env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined &&
      (NEEDED.test(entry[0]) ||
        NEEDED_ON_WINDOWS.test(entry[0]) ||
        (purpose === "install" && FOR_NETWORK.test(entry[0]))),
  );
  return {
    ...Object.fromEntries(kept),
    PYTHONNOUSERSITE: "1",
    PYTHONDONTWRITEBYTECODE: "1",
    ...(purpose === "run" && {
      HF_HUB_OFFLINE: "1",
      TRANSFORMERS_OFFLINE: "1",
      TOKENIZERS_PARALLELISM: "false",
    }),
  };
}
