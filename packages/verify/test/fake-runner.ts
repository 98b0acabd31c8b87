import type { Runner } from "@pippin/core";

/** A model whose logits for the token after `tokens` are given by a function. */
export function fakeRunner(
  row: (tokens: readonly number[]) => readonly number[],
  { contextLength = 100 }: { readonly contextLength?: number } = {},
): Runner {
  return {
    vocabSize: row([0]).length,
    contextLength,
    start() {
      const fed: number[] = [];
      return {
        get length() {
          return fed.length;
        },
        async feed(tokens, options) {
          const rows = tokens.map((token) => {
            fed.push(token);
            return row(fed);
          });
          return Float32Array.from(options?.rows === "all" ? rows.flat() : rows.at(-1)!);
        },
        rewind(length) {
          fed.length = length;
        },
      };
    },
    async close() {},
  };
}

/** A row of `width` logits with 1 at `id`. */
export function peak(id: number, width: number): number[] {
  return Array.from({ length: width }, (_, index) => (index === id ? 1 : 0));
}
