import { readFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { hubError } from "./errors.ts";
import type { Network } from "./http/network.ts";

/** Where the Hub and its cache are. */
export interface HubSettings {
  /** Default: `https://huggingface.co`. May have a path, as company mirrors do. */
  readonly endpoint?: string;
  /** Sent to the endpoint's own origin only. */
  readonly token?: string;
  /** Default: `~/.cache/huggingface/hub`. */
  readonly cacheDir?: string;
  /** Use the cache alone. */
  readonly offline?: boolean;
  /** How requests are made: another `fetch`, such as one through a proxy, and the times that tests shorten. */
  readonly network?: Partial<Network>;
}

/** Settings with their defaults filled in. */
export interface ResolvedSettings extends HubSettings {
  readonly endpoint: string;
  readonly cacheDir: string;
  readonly offline: boolean;
}

/** A set of environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

export const DEFAULT_ENDPOINT = "https://huggingface.co";

/**
 * The settings that the environment asks for, by the variables of the Hub's Python client:
 * `HF_ENDPOINT`, `HF_TOKEN`, `HUGGING_FACE_HUB_TOKEN`, `HF_TOKEN_PATH`, `HF_HUB_DISABLE_IMPLICIT_TOKEN`, `HF_HOME`,
 * `HF_HUB_CACHE`, `HUGGINGFACE_HUB_CACHE`, `XDG_CACHE_HOME`, `HF_HUB_OFFLINE`, `TRANSFORMERS_OFFLINE`.
 *
 * An empty variable counts as one that is not set.
 */
export async function hubSettings(env: Environment): Promise<ResolvedSettings> {
  const home = homeOf(env);
  const expanded = (name: string) => (env[name] ? expand(env[name], env) : undefined);
  const hfHome =
    expanded("HF_HOME") ?? join(expanded("XDG_CACHE_HOME") ?? join(home, ".cache"), "huggingface");
  const cacheDir = expanded("HF_HUB_CACHE") ?? expanded("HUGGINGFACE_HUB_CACHE") ?? join(hfHome, "hub");
  const token = isTrue(env.HF_HUB_DISABLE_IMPLICIT_TOKEN)
    ? undefined
    : await findToken(env, expanded("HF_TOKEN_PATH") ?? join(hfHome, "token"));
  return {
    endpoint: env.HF_ENDPOINT || DEFAULT_ENDPOINT,
    ...(token === undefined ? {} : { token }),
    cacheDir,
    offline: isTrue(env.HF_HUB_OFFLINE || env.TRANSFORMERS_OFFLINE),
  };
}

export function cacheDirOf(settings: HubSettings): string {
  return settings.cacheDir ?? join(userInfo().homedir, ".cache", "huggingface", "hub");
}

/**
 * The endpoint without a slash at its end.
 *
 * @throws PippinError `HUB_ENDPOINT_INVALID`.
 */
export function endpointOf(settings: HubSettings): string {
  const endpoint = settings.endpoint ?? DEFAULT_ENDPOINT;
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const plain = url !== undefined && /^https?:$/.test(url.protocol) && url.search + url.hash === "";
  if (!plain || url.username + url.password !== "") {
    throw hubError("HUB_ENDPOINT_INVALID", {
      // An address with a password in it must not be repeated.
      message: "the Hub's endpoint is not an http or https address without user name, query and fragment",
      hint: "Set HF_ENDPOINT to an address such as https://huggingface.co, or unset it.",
    });
  }
  return url.href.replace(/\/+$/, "");
}

/**
 * The token, fit for a header.
 *
 * @throws PippinError `HUB_TOKEN_INVALID`, which does not repeat it.
 */
export function tokenOf(settings: HubSettings): string | undefined {
  const token = clean(settings.token);
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw hubError("HUB_TOKEN_INVALID", {
      message: "the access token holds characters that no token of the Hub has, such as spaces",
      hint: "Copy the token again from the page Access Tokens of your account's settings, into HF_TOKEN or the token file.",
    });
  }
  return token;
}

async function findToken(env: Environment, path: string): Promise<string | undefined> {
  const named = clean(env.HF_TOKEN || env.HUGGING_FACE_HUB_TOKEN);
  // A token file that cannot be read is like none: most models need no token.
  return named ?? clean(await readFile(path, "utf8").catch(() => undefined));
}

function clean(token: string | undefined): string | undefined {
  return token?.replace(/[\r\n]/g, "").trim() || undefined;
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && ["1", "on", "yes", "true"].includes(value.toLowerCase());
}

function homeOf(env: Environment): string {
  return env.HOME || env.USERPROFILE || userInfo().homedir;
}

/** `~`, `$NAME` and `${NAME}` at the places where Python's expanduser and expandvars replace them. */
function expand(path: string, env: Environment): string {
  const user = path.replace(/^~(?=$|[\\/])/, homeOf(env));
  return user.replace(/\$(?:(\w+)|\{([^}]*)\})/g, (whole, bare, braced) => env[bare ?? braced] ?? whole);
}
