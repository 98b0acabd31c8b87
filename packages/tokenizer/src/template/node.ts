import type { Kind } from "./layout.ts";

/** A node of a template: its kind, and operands as `KINDS` lists them. */
export interface Node {
  readonly kind: Kind;
  readonly operands: readonly (Node | string | undefined)[];
}

export function node(kind: Kind, ...operands: (Node | string | undefined)[]): Node {
  return { kind, operands };
}
