type Environment = Readonly<Record<string, string | undefined>>;

/** Variables whose names say that they hold a secret. No tool needs one to say which version it is. */
const SECRET = /token|secret|passw|api_?key|access_?key|credential|private_?key|auth/i;

/** Paths to agents and helpers, which are no secrets themselves. */
const NO_SECRET = new Set(["SSH_AUTH_SOCK", "XAUTHORITY"]);

/** What a tool that is asked for its version sees of the environment: all but the secrets. */
export function childEnvironment(env: Environment): Record<string, string> {
  const kept = Object.entries(env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && (NO_SECRET.has(entry[0]) || !SECRET.test(entry[0])),
  );
  return {
    ...Object.fromEntries(kept),
    // Asking leaves no files behind, and prints plain text.
    PYTHONDONTWRITEBYTECODE: "1",
    PYTHONUTF8: "1",
    NO_COLOR: "1",
  };
}
