/** A package by what it costs and what it loses. */
export interface Trade {
  readonly bytes: number;
  /** Mean KL divergence from the original, nats; NaN where it was not measured. */
  readonly kl: number;
}

/**
 * Indices of the packages that no other one beats, by size: none is smaller or of equal size, and closer or equally
 * close, unless it is equal in both. What was not measured is not among them.
 */
export function paretoFront(trades: readonly Trade[]): number[] {
  const beats = (a: Trade, b: Trade) =>
    a.bytes <= b.bytes && a.kl <= b.kl && (a.bytes < b.bytes || a.kl < b.kl);
  return trades
    .flatMap((trade, index) =>
      Number.isNaN(trade.kl) || trades.some((other) => beats(other, trade)) ? [] : [index],
    )
    .sort((a, b) => trades[a]!.bytes - trades[b]!.bytes);
}
