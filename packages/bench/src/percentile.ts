/**
 * A percentile by linear interpolation between the two nearest of the raw values: type 7 of Hyndman and Fan, "Sample
 * Quantiles in Statistical Packages" (1996), the default of R and NumPy.
 *
 * @param sorted - ascending, at least one.
 * @param percent - 0 … 100.
 */
export function percentile(sorted: readonly number[], percent: number): number {
  const rank = ((sorted.length - 1) * percent) / 100;
  const below = Math.floor(rank);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (rank - below);
}
