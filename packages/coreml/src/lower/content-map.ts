/** Values by a label and the bytes that belong to it: equal content is found again, however large. */
export class ContentMap<T> {
  readonly #buckets = new Map<string, { readonly bytes: Uint8Array; readonly value: T }[]>();

  /** The value kept for this content, or the one that `create` gives, which is kept from then on. */
  getOrCreate(label: string, bytes: Uint8Array, create: () => T): T {
    const key = `${label} ${bytes.length} ${checksum(bytes)}`;
    const bucket = this.#buckets.get(key) ?? [];
    const known = bucket.find((entry) => equal(entry.bytes, bytes));
    if (known !== undefined) return known.value;
    const value = create();
    this.#buckets.set(key, [...bucket, { bytes, value }]);
    return value;
  }
}

/** A cheap sum to sort content by; equality is decided by the bytes. */
function checksum(bytes: Uint8Array): number {
  let sum = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) sum = Math.imul(sum ^ bytes[i]!, 0x01000193);
  return sum;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
