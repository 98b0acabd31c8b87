import { PippinError } from "./errors.ts";

/** Bytes that can be read at any place: memory, a file, HTTP ranges. */
export interface ByteSource {
  /** For messages: a file name or address without secrets. */
  readonly name: string;
  readonly byteLength: number;
  /**
   * Exactly `length` bytes from `offset`.
   *
   * @throws PippinError `CORE_READ_PAST_END` when the source is shorter.
   */
  read(offset: number, length: number, signal?: AbortSignal): Promise<Uint8Array>;
}

/** Throws `CORE_READ_PAST_END` unless `[offset, offset + length)` lies inside the source. */
export function checkRange(source: { name: string; byteLength: number }, offset: number, length: number): void {
  if (offset < 0 || length < 0 || offset + length > source.byteLength) {
    throw new PippinError("CORE_READ_PAST_END", {
      message: `${source.name}: bytes ${offset} to ${offset + length} were asked for, the file has ${source.byteLength}`,
      hint: "The file is probably cut off: fetch it again.",
      details: { offset, length, byteLength: source.byteLength },
    });
  }
}

/** A byte source over bytes in memory. */
export function memorySource(bytes: Uint8Array, name = "memory"): ByteSource {
  const source = { name, byteLength: bytes.byteLength };
  return {
    ...source,
    async read(offset, length) {
      checkRange(source, offset, length);
      return bytes.subarray(offset, offset + length);
    },
  };
}
