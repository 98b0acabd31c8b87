/** The least Σ (x − center)² over all ways to give sorted `values` to `clusters` centers: all divisions, by definition. */
export function plainKMeans(values: readonly number[], clusters: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  let costs = [0, ...sorted.map(() => Number.POSITIVE_INFINITY)];
  for (let k = 0; k < clusters; k++) {
    costs = costs.map((same, end) => {
      const others = Array.from(
        { length: end },
        (_, begin) => costs[begin]! + around(sorted.slice(begin, end)),
      );
      return Math.min(same, ...others);
    });
  }
  return costs[sorted.length]!;
}

function around(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
}
