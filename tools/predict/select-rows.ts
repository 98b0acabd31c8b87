import type { Measured } from "./fit-rows.ts";
import type { PublishedRow } from "./published-row.ts";
import { type ResolvedRow, resolveRow } from "./resolve.ts";
import { decodeOutOfScope, isSustained, prefillOutOfScope } from "./scope.ts";

/** A table's rows, sorted by what they can be used for. */
export interface Selection {
  readonly rows: readonly PublishedRow[];
  readonly resolved: readonly ResolvedRow[];
  /** Rows of which chip, size or quantization could not be found, and what it was. */
  readonly unresolved: readonly { readonly row: PublishedRow; readonly reason: string }[];
  readonly decode: readonly Measured[];
  readonly prefill: readonly Measured[];
  /** Phones measured hot. */
  readonly sustained: readonly Measured[];
  /** Resolved rows that the written rules leave out, by reason. */
  readonly decodeLeftOut: ReadonlyMap<string, readonly ResolvedRow[]>;
  readonly prefillLeftOut: ReadonlyMap<string, readonly ResolvedRow[]>;
}

/** Resolves a table's rows and applies the rules of scope.ts. */
export function selectRows(rows: readonly PublishedRow[]): Selection {
  const resolved: ResolvedRow[] = [];
  const unresolved: { row: PublishedRow; reason: string }[] = [];
  for (const row of rows) {
    const result = resolveRow(row);
    if (typeof result === "string") unresolved.push({ row, reason: result });
    else resolved.push(result);
  }
  const decodeLeftOut = groupBy(resolved, decodeOutOfScope);
  const prefillLeftOut = groupBy(resolved, prefillOutOfScope);
  const inScope = resolved.filter((row) => decodeOutOfScope(row) === undefined);
  return {
    rows,
    resolved,
    unresolved,
    decode: inScope.filter((row) => !isSustained(row)).map(measuredDecode),
    sustained: inScope.filter(isSustained).map(measuredDecode),
    prefill: resolved.filter((row) => prefillOutOfScope(row) === undefined).map(measuredPrefill),
    decodeLeftOut,
    prefillLeftOut,
  };
}

/** A resolved row with its decode rate; rows without one are NaN. */
export function measuredDecode(resolved: ResolvedRow): Measured {
  return { resolved, rate: resolved.row.decode ?? Number.NaN };
}

function measuredPrefill(resolved: ResolvedRow): Measured {
  return { resolved, rate: resolved.row.prefill ?? Number.NaN };
}

/** Rows by what `reasonOf` says of them, without those of which it says nothing. */
function groupBy(rows: readonly ResolvedRow[], reasonOf: (row: ResolvedRow) => string | undefined) {
  const groups = new Map<string, ResolvedRow[]>();
  for (const row of rows) {
    const reason = reasonOf(row);
    if (reason !== undefined) groups.set(reason, [...(groups.get(reason) ?? []), row]);
  }
  return groups;
}
