import type { FloatDtype } from "./dtype.ts";
import { WASM_BASE64 } from "./generated/wasm.ts";
import { plainCastToF16, plainCastToF32 } from "./plain/cast.ts";

type Address = number;
/** Returns the largest |value| in F32 before rounding; NaN when one is NaN. */
type CastToF16 = (src: Address, dst: Address, count: number) => number;
type CastToF32 = (src: Address, dst: Address, count: number) => unknown;
type Gemv = (w: Address, x: Address, y: Address, rows: number, stride: number) => void;
type GroupAddresses = [scales: Address, zeros: Address, biases: Address];
type SumAddresses = [n: Address, s1: Address, s2: Address];
type Gemm = (...args: [...Parameters<Gemv>, m: number, scratch: Address]) => void;
type FindScales = (src: Address, scales: Address, minima: Address, blocks: number, stride: number) => void;
type QuantizeGroups = (
  src: Address,
  dst: Address,
  groups: number,
  groupSize: number,
  zero: number,
  low: number,
  high: number,
  scaleDst: Address,
  offsetDst: Address,
  sums: Address,
  work: Address,
) => void;

/** What assembly/index.ts exports. */
export interface WasmExports {
  readonly f32_to_f16: CastToF16;
  readonly f16_to_f16: CastToF16;
  readonly bf16_to_f16: CastToF16;
  readonly q8_0_to_f16: CastToF16;
  readonly q4_0_to_f16: CastToF16;
  readonly q4_1_to_f16: CastToF16;
  readonly q5_0_to_f16: CastToF16;
  readonly q5_1_to_f16: CastToF16;
  readonly q2_k_to_f16: CastToF16;
  readonly q3_k_to_f16: CastToF16;
  readonly q4_k_to_f16: CastToF16;
  readonly q5_k_to_f16: CastToF16;
  readonly q6_k_to_f16: CastToF16;
  readonly iq4_nl_to_f16: CastToF16;
  readonly iq4_xs_to_f16: CastToF16;
  readonly mxfp4_to_f16: CastToF16;
  readonly f32_to_bf16: CastToF16;
  readonly f16_to_f32: CastToF32;
  readonly bf16_to_f32: CastToF32;
  readonly q8_0_to_f32: CastToF32;
  readonly q4_0_to_f32: CastToF32;
  readonly q4_1_to_f32: CastToF32;
  readonly q5_0_to_f32: CastToF32;
  readonly q5_1_to_f32: CastToF32;
  readonly q2_k_to_f32: CastToF32;
  readonly q3_k_to_f32: CastToF32;
  readonly q4_k_to_f32: CastToF32;
  readonly q5_k_to_f32: CastToF32;
  readonly q6_k_to_f32: CastToF32;
  readonly iq4_nl_to_f32: CastToF32;
  readonly iq4_xs_to_f32: CastToF32;
  readonly mxfp4_to_f32: CastToF32;
  readonly transpose_words: (src: Address, dst: Address, rows: number, cols: number) => void;
  readonly unpack_bits: (src: Address, dst: Address, count: number, bits: number) => void;
  readonly unpack_nibble: (src: Address, dst: Address, count: number, shift: number) => void;
  readonly u8_to_f32: CastToF32;
  readonly i8_to_f32: CastToF32;
  readonly e4m3_to_f32: CastToF32;
  readonly e5m2_to_f32: CastToF32;
  readonly e2m1_to_f32: CastToF32;
  readonly i4_to_f32: CastToF32;
  readonly lookup_f32: (...args: [...Parameters<CastToF32>, table: Address]) => void;
  readonly e8m0_to_f32: CastToF32;
  readonly affine_f32: (
    ...args: [values: Address, count: number, group: number, skip: number, ...GroupAddresses]
  ) => void;
  readonly affine_indexed_f32: (
    ...args: [values: Address, count: number, index: Address, scales: Address, zeros: Address]
  ) => void;
  readonly max_abs_f32: (values: Address, count: number) => number;
  readonly add_one_f32: (values: Address, count: number) => void;
  readonly scale_f32: (values: Address, count: number, factor: number) => void;
  /** The largest magnitude of F16 or BF16 as a code. */
  readonly magnitude_16: (src: Address, count: number) => number;
  readonly range_f16: (src: Address, count: number, range: Address) => void;
  readonly quantize_run: (
    src: Address,
    dst: Address,
    count: number,
    scale: number,
    zero: number,
    low: number,
    high: number,
    symmetric: boolean,
    sums: Address,
  ) => void;
  readonly quantize_groups: QuantizeGroups;
  readonly quantize_groups_bf16: QuantizeGroups;
  readonly grid_codes: (
    src: Address,
    dst: Address,
    count: number,
    group: number,
    skip: number,
    groups: Address,
    low: number,
    high: number,
    sums: Address,
  ) => void;
  /** Returns how many groups have become constants. */
  readonly grid_groups: (
    scales: Address,
    minima: Address,
    count: number,
    skip: number,
    kind: number,
    high: number,
    groups: Address,
    scaleCodes: Address,
    offsets: Address,
  ) => number;
  readonly whole_scales: FindScales;
  readonly affine_scales: FindScales;
  readonly q2_k_scales: FindScales;
  readonly q3_k_scales: FindScales;
  readonly q4_k_scales: FindScales;
  readonly q6_k_scales: FindScales;
  readonly pack_nibbles: (src: Address, dst: Address, count: number) => void;
  readonly prepare_pairs: (x: Address, dst: Address, count: number, factor: number) => void;
  readonly gemv_f32: Gemv;
  readonly gemv_bf16: Gemv;
  readonly gemv_f16: (...args: [...Parameters<Gemv>, factor: number]) => void;
  readonly gemm_f32: (...args: [...Parameters<Gemv>, m: number]) => void;
  readonly gemm_f16: Gemm;
  readonly gemm_bf16: Gemm;
  readonly pack_panels: (src: Address, dst: Address, depth: number, cols: number, width: number) => void;
  readonly add_product: (
    a: Address,
    b: Address,
    c: Address,
    depth: number,
    rows: number,
    cols: number,
    factor: number,
  ) => void;
  /** Returns the largest magnitude as a code. */
  readonly count_codes: (src: Address, count: number, bins: Address) => number;
  readonly distinct_values: (
    bins: Address,
    limit: number,
    values: Address,
    n: Address,
    s1: Address,
    s2: Address,
    spread: Address,
  ) => number;
  /** Returns the squared error. */
  readonly best_partition: (
    ...args: [
      ...sums: SumAddresses,
      clusters: number,
      low: Address,
      high: Address,
      starts: Address,
      begins: Address,
      before: Address,
      costs: Address,
    ]
  ) => number;
  readonly refine_bounds: (
    ...args: [
      ...sums: SumAddresses,
      count: number,
      clusters: number,
      bounds: Address,
      steps: Address,
      rows: Address,
      from: Address,
    ]
  ) => void;
  readonly map_codes: (src: Address, dst: Address, count: number, table: Address) => void;
  readonly pack_indices: (src: Address, dst: Address, eights: number, bits: number) => void;
  readonly unpack_indices: (src: Address, dst: Address, eights: number, bits: number) => void;
}

const PAGE_BYTES = 65536;
/** What 32-bit addresses reach. */
export const MAX_HEAP_BYTES: number = 65536 * PAGE_BYTES;

let compiled: WebAssembly.Module | undefined;

function compile(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(Uint8Array.from(atob(WASM_BASE64), (char) => char.charCodeAt(0)));
  return compiled;
}

/** Linear memory and the kernels that work in it. Addresses are byte offsets. */
export class WasmHeap {
  readonly kernels: WasmExports;
  readonly #memory: WebAssembly.Memory;
  readonly #toF16: Record<FloatDtype, CastToF16>;
  readonly #toF32: Record<FloatDtype, CastToF32>;
  #bytes: Uint8Array<ArrayBuffer>;

  /** @throws Error where WebAssembly or its SIMD instructions are missing. */
  constructor(byteLength: number) {
    this.#memory = new WebAssembly.Memory({ initial: Math.ceil(byteLength / PAGE_BYTES) });
    this.#bytes = new Uint8Array(this.#memory.buffer);
    const instance = new WebAssembly.Instance(compile(), { env: { memory: this.#memory } });
    // The generated module exports what `WasmExports` lists; the property tests call each.
    const kernels = instance.exports as unknown as WasmExports;
    this.kernels = kernels;
    this.#toF16 = {
      F64: (src, dst, count) => this.#f64ToF16(src, dst, count),
      F32: kernels.f32_to_f16,
      F16: kernels.f16_to_f16,
      BF16: kernels.bf16_to_f16,
      Q8_0: kernels.q8_0_to_f16,
      Q4_0: kernels.q4_0_to_f16,
      Q4_1: kernels.q4_1_to_f16,
      Q5_0: kernels.q5_0_to_f16,
      Q5_1: kernels.q5_1_to_f16,
      Q2_K: kernels.q2_k_to_f16,
      Q3_K: kernels.q3_k_to_f16,
      Q4_K: kernels.q4_k_to_f16,
      Q5_K: kernels.q5_k_to_f16,
      Q6_K: kernels.q6_k_to_f16,
      IQ4_NL: kernels.iq4_nl_to_f16,
      IQ4_XS: kernels.iq4_xs_to_f16,
      MXFP4: kernels.mxfp4_to_f16,
    };
    this.#toF32 = {
      F64: (src, dst, count) => this.#f64ToF32(src, dst, count),
      F32: (src, dst, count) => this.#bytes.copyWithin(dst, src, src + 4 * count),
      F16: kernels.f16_to_f32,
      BF16: kernels.bf16_to_f32,
      Q8_0: kernels.q8_0_to_f32,
      Q4_0: kernels.q4_0_to_f32,
      Q4_1: kernels.q4_1_to_f32,
      Q5_0: kernels.q5_0_to_f32,
      Q5_1: kernels.q5_1_to_f32,
      Q2_K: kernels.q2_k_to_f32,
      Q3_K: kernels.q3_k_to_f32,
      Q4_K: kernels.q4_k_to_f32,
      Q5_K: kernels.q5_k_to_f32,
      Q6_K: kernels.q6_k_to_f32,
      IQ4_NL: kernels.iq4_nl_to_f32,
      IQ4_XS: kernels.iq4_xs_to_f32,
      MXFP4: kernels.mxfp4_to_f32,
    };
  }

  /** All of the memory. Growing makes earlier views useless, so keep none. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  /** `count` F32 values at a multiple of 4. */
  floats(address: Address, count: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#bytes.buffer, address, count);
  }

  /** Makes addresses below `byteLength` valid. @returns whether the system gave that much memory. */
  ensure(byteLength: number): boolean {
    const missing = byteLength - this.#bytes.byteLength;
    if (missing <= 0) return true;
    if (byteLength > MAX_HEAP_BYTES) return false;
    try {
      this.#memory.grow(Math.ceil(missing / PAGE_BYTES));
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
    this.#bytes = new Uint8Array(this.#memory.buffer);
    return true;
  }

  /** F16 codes at `dst` from `count` elements at `src`; finite values saturate. @returns the largest |value|. */
  toF16(dtype: FloatDtype, src: Address, dst: Address, count: number): number {
    return this.#toF16[dtype](src, dst, count);
  }

  /** F32 values at `dst` from `count` elements at `src`. */
  toF32(dtype: FloatDtype, src: Address, dst: Address, count: number): void {
    this.#toF32[dtype](src, dst, count);
  }

  #f64ToF16(src: Address, dst: Address, count: number): number {
    const { codes, maxAbs } = plainCastToF16(this.#bytes.subarray(src, src + 8 * count), "F64");
    this.#bytes.set(new Uint8Array(codes.buffer), dst);
    return maxAbs;
  }

  #f64ToF32(src: Address, dst: Address, count: number): void {
    const values = plainCastToF32(this.#bytes.subarray(src, src + 8 * count), "F64");
    this.#bytes.set(new Uint8Array(values.buffer), dst);
  }
}
