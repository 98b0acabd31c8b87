import { type Partition, plainBestPartition, type RunningSums, type Windows } from "../plain/partition.ts";
import { searchHeap } from "./search-heap.ts";

/**
 * The best division of sorted values into `clusters` runs: one-dimensional k-means, solved exactly.
 *
 * Dynamic programming over the clusters. The best begin of the last cluster never moves left when a value or a cluster is
 * added, so each layer is found by divide and conquer: clusters · count · log(count) steps at most. Memory: 2 bytes
 * for each cluster and value. (Grønlund et al., "Fast exact k-means, k-medians and Bregman divergence clustering in
 * 1D", 2017; the costs satisfy the quadrangle inequality.)
 *
 * @param clusters - at least 2 and at most the number of values, which is at most 65,535.
 * @param windows - the best division within them; default: of all.
 */
export function bestPartition(
  sums: RunningSums,
  clusters: number,
  windows: Windows = everywhere(sums.n.length - 1, clusters),
): Partition {
  return searchHeap()?.bestPartition(sums, windows) ?? plainBestPartition(sums, windows);
}

/** No restriction but that each cluster has a value. */
function everywhere(count: number, clusters: number): Windows {
  const low = Int32Array.from({ length: clusters + 1 }, (_, k) => (k === clusters ? count : k));
  const high = low.map((_, k) => (k === 0 ? 0 : count - clusters + k));
  return { low, high };
}
