import { PythonFloat } from "./run/values.ts";

/**
 * As `JSON.parse`, but a number written with a point or an exponent stays a float: templates print `1.0` as Python does.
 *
 * @throws SyntaxError
 */
export function parseJson(text: string): unknown {
  return JSON.parse(text, (_, value: unknown, context?: { source?: string }) => {
    return typeof value === "number" && /[.eE]/.test(context?.source ?? "") ? new PythonFloat(value) : value;
  });
}
