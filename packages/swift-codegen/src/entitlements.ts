/**
 * From here on an app asks for more memory than a system gives it by itself. The smallest iPhones that run iOS 17 have 3 GB, of which
 * an app gets about half; Apple publishes no table of the limits.
 */
const LARGE_BYTES = 1_400_000_000;

/** From here on the files that are mapped at once may not find room among an app's addresses. */
const MANY_ADDRESSES_BYTES = 3_000_000_000;

/** Entitlements that a model of these sizes needs on iPhone and iPad. */
export function neededEntitlements({
  packageBytes,
  peakBytes,
}: {
  readonly packageBytes: number;
  readonly peakBytes: number;
}): string[] {
  return [
    ...(packageBytes >= MANY_ADDRESSES_BYTES
      ? ["com.apple.developer.kernel.extended-virtual-addressing"]
      : []),
    ...(peakBytes >= LARGE_BYTES ? ["com.apple.developer.kernel.increased-memory-limit"] : []),
  ];
}
