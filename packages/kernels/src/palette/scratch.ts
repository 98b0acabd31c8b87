const arrays = new Map<string, Float64Array>();

/**
 * An array that every search needs anew, kept for the next one: thousands of searches in a row would leave more garbage than
 * the collector takes in time. Its content is what the last user left, and it is valid until the next asks for the same.
 */
export function scratch(name: string, length: number): Float64Array {
  let array = arrays.get(name);
  if (array === undefined || array.length < length) {
    array = new Float64Array(length);
    arrays.set(name, array);
  }
  return array.subarray(0, length);
}
