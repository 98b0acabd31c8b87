/** Answers as data: what sends them adds ranges, compression and faults. */

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** The body is a file: `Range` is honored. */
  readonly isFile?: boolean;
  readonly isCompressible?: boolean;
}

export function json(value: unknown, headers: Readonly<Record<string, string>> = {}, status = 200): Answer {
  const type = { "Content-Type": "application/json; charset=utf-8" };
  return { status, headers: { ...type, ...headers }, body: Buffer.from(JSON.stringify(value)) };
}

export function text(content: string, headers: Readonly<Record<string, string>> = {}, status = 200): Answer {
  const type = { "Content-Type": "text/plain; charset=utf-8" };
  return { status, headers: { ...type, ...headers }, body: Buffer.from(content) };
}

/** As Express words it, which the Hub runs on. */
export function redirect(
  status: 302 | 307,
  location: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const reason = status === 302 ? "Found" : "Temporary Redirect";
  return text(`${reason}. Redirecting to ${location}`, { Location: location, ...headers }, status);
}
