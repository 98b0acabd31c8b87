import { type CoreErrorCode, PippinError } from "./errors.ts";
import { throwIfCancelled } from "./stage.ts";

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

/** Throws `CORE_READ_PAST_END` unless `[offset, offset + length)` are whole numbers and lie inside the source. */
export function checkRange(
  source: { name: string; byteLength: number },
  offset: number,
  length: number,
): void {
  const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(length);
  if (!whole || offset < 0 || length < 0 || offset + length > source.byteLength) {
    throw new PippinError<CoreErrorCode>("CORE_READ_PAST_END", {
      message: `${source.name}: bytes ${offset} to ${offset + length} were asked for, the file has ${source.byteLength}`,
      hint: "The file is probably cut off: fetch it again.",
      details: { offset, length, byteLength: source.byteLength },
    });
  }
}

/** A byte source over bytes in memory; reads are views of them, not copies. */
export function memorySource(bytes: Uint8Array, name = "memory"): ByteSource {
  const source = { name, byteLength: bytes.byteLength };
  return {
    ...source,
    async read(offset, length, signal) {
      throwIfCancelled(signal);
      checkRange(source, offset, length);
      return bytes.subarray(offset, offset + length);
    },
  };
}
