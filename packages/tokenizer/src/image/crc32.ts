/** CRC-32 as in zip, gzip and PNG (polynomial 0xEDB88320 reflected), four bytes at a time. */
const TABLES: readonly Uint32Array[] = buildTables();

function buildTables(): Uint32Array[] {
  const first = Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    return crc;
  });
  const tables = [first];
  for (let k = 1; k < 4; k++) {
    const before = tables[k - 1]!;
    tables.push(first.map((_, byte) => (before[byte]! >>> 8) ^ first[before[byte]! & 255]!));
  }
  return tables;
}

/** @param crc - of the bytes before these, to go on with. */
export function crc32(bytes: Uint8Array, crc = 0): number {
  const [t0, t1, t2, t3] = TABLES as readonly [Uint32Array, Uint32Array, Uint32Array, Uint32Array];
  let c = ~crc;
  let at = 0;
  for (const last = bytes.length - 3; at < last; at += 4) {
    c ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    c = t3[c & 255]! ^ t2[(c >>> 8) & 255]! ^ t1[(c >>> 16) & 255]! ^ t0[c >>> 24]!;
  }
  for (; at < bytes.length; at++) c = (c >>> 8) ^ t0[(c ^ bytes[at]!) & 255]!;
  return ~c >>> 0;
}
