import { readJsonFile } from "@pippin/core/node";
import { type Command, InvalidArgumentError, Option } from "commander";
import { z } from "zod";
import { usageError } from "./errors.ts";
import { shellWord } from "./terminal/format.ts";

interface PropertySchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
}

/**
 * Adds a flag for each property of a backend's options: an option is written down once, in its schema.
 *
 * @param except - options that the command decides by itself.
 */
export function addSchemaOptions(
  command: Command,
  schema: z.ZodType,
  { except = [] }: { readonly except?: readonly string[] } = {},
): void {
  for (const [name, property] of Object.entries(propertiesOf(schema))) {
    if (!except.includes(name)) command.addOption(optionFor(name, property));
  }
}

/**
 * Checks the flags that were given against the schema, which fills in defaults. Options that are objects come from the
 * JSON file that the flag names, or are objects already.
 *
 * @throws PippinError `CLI_USAGE`, `CORE_FILE_UNREADABLE`.
 */
export async function parseSchemaOptions<T>(
  schema: z.ZodType<T>,
  flags: Readonly<Record<string, unknown>>,
): Promise<T> {
  const given: Record<string, unknown> = {};
  for (const [name, { type }] of Object.entries(propertiesOf(schema))) {
    if (!(name in flags)) continue;
    const value = flags[name];
    given[name] = type === "object" && typeof value === "string" ? await readJsonFile(value) : value;
  }
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  const place = path.length > 1 ? ` at ${path.slice(1).join(".")}` : "";
  const flag = path.length > 0 ? `${flagName(String(path[0]))}${place}: ` : "";
  throw usageError(`${flag}${message}`, "See pippin convert --help.");
}

/** Names of a backend's options, as its schema has them. */
export function optionNames(schema: z.ZodType): string[] {
  return Object.keys(propertiesOf(schema));
}

function propertiesOf(schema: z.ZodType): Record<string, PropertySchema> {
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  return (json.properties ?? {}) as Record<string, PropertySchema>;
}

/** What help calls a value that is no number. */
const WORDS: Readonly<Record<string, string>> = { string: "text", object: "file" };

function optionFor(name: string, property: PropertySchema): Option {
  const { type, enum: choices, description = "", default: fallback } = property;
  const flag = flagName(name);
  if (type === "boolean") {
    return fallback === true
      ? new Option(`--no-${kebab(name)}`, `do not ${description}`)
      : new Option(flag, description);
  }
  const text = fallback === undefined ? description : `${description} (default: ${String(fallback)})`;
  const option = new Option(`${flag} <${choices ? "choice" : (WORDS[type ?? ""] ?? "n")}>`, text);
  if (choices) return option.choices([...choices]);
  if (type === "integer") return option.argParser(wholeNumber(boundsOf(property)));
  return type === "number" ? option.argParser(parseNumber) : option;
}

interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

function boundsOf({ minimum, exclusiveMinimum, maximum }: PropertySchema): Bounds {
  const min = minimum ?? (exclusiveMinimum === undefined ? undefined : exclusiveMinimum + 1);
  return { ...(min === undefined ? {} : { min }), ...(maximum === undefined ? {} : { max: maximum }) };
}

/** For numeric flags: a whole or decimal number, nothing else. */
export function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError("It must be a number.");
  return value;
}

export function positiveNumber(text: string): number {
  const value = parseNumber(text);
  if (value <= 0) throw new InvalidArgumentError("It must be above 0.");
  return value;
}

/** For flags that measure: a number within bounds. */
export function numberWithin({
  min,
  max,
}: {
  readonly min: number;
  readonly max?: number;
}): (text: string) => number {
  return (text) => {
    const value = parseNumber(text);
    if (value >= min && value <= (max ?? value)) return value;
    throw new InvalidArgumentError(
      `It must be ${max === undefined ? `at least ${min}` : `from ${min} to ${max}`}.`,
    );
  };
}

/** For flags that count: a whole number within bounds. */
export function wholeNumber({
  min = Number.MIN_SAFE_INTEGER,
  max = Number.MAX_SAFE_INTEGER,
}: Bounds): (text: string) => number {
  const from = min > Number.MIN_SAFE_INTEGER ? ` of at least ${min}` : "";
  const range = max < Number.MAX_SAFE_INTEGER ? ` from ${min} to ${max}` : from;
  return (text) => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isSafeInteger(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number${range}.`);
  };
}

/** For flags that may be given several times. */
export function several(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/** How an option's name is typed: `--max-size` for `maxSize`. */
export function flagName(name: string): string {
  return `--${kebab(name)}`;
}

/** An option with its value as one would type it. */
export function flagText(name: string, value: string | number | boolean): string {
  if (typeof value === "boolean") return value ? flagName(name) : `--no-${kebab(name)}`;
  return `${flagName(name)} ${shellWord(String(value))}`;
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** A flag's value, read before the command's options are known: they depend on it. */
export function flagValue(argv: readonly string[], flag: string): string | undefined {
  const joined = argv.find((word) => word.startsWith(`${flag}=`));
  if (joined !== undefined) return joined.slice(flag.length + 1);
  const index = argv.indexOf(flag);
  return index < 0 ? undefined : argv[index + 1];
}
