import {
  affineScale,
  type ErrorSums,
  type GroupScale,
  type LinearRange,
  symmetricScale,
  valueOfKey,
} from "./linear.ts";
import type { WasmHeap } from "./wasm-heap.ts";

type Address = number;

const SUMS_BYTES = 40;
/** Where the kernels note what they know of groups ahead. */
const WORK = 64;
const WORK_BYTES = 1280;
/** Bytes of the heap that `LinearKernels` keeps for itself. */
export const LINEAR_STATE_BYTES: number = WORK + WORK_BYTES;
/** Elements of the longest groups that `quantizeGroups` takes. */
export const MAX_WHOLE_GROUP = 16384;
const EMPTY_RANGE = [0x7fff, -0x8000] as const;

/** Groups that lie one after the other. */
export interface WholeGroups {
  readonly src: Address;
  /** A byte for each element. */
  readonly dst: Address;
  readonly groups: number;
  readonly groupSize: number;
  /** Of the codes; those of BF16 are finite in F16. */
  readonly dtype: "F16" | "BF16";
  /** Two bytes for each group. */
  readonly scaleDst: Address;
  /** A byte for each group. */
  readonly offsetDst: Address;
}

/** The linear kernels on codes in a heap. Addresses are byte offsets; `state` is a multiple of 8. */
export class LinearKernels {
  readonly #heap: WasmHeap;
  readonly #range: LinearRange;
  readonly #state: Address;
  readonly #view: DataView;

  constructor(heap: WasmHeap, range: LinearRange, state: Address) {
    this.#heap = heap;
    this.#range = range;
    this.#state = state;
    this.#view = new DataView(heap.bytes.buffer, state, LINEAR_STATE_BYTES);
    heap.bytes.fill(0, state, state + LINEAR_STATE_BYTES);
    this.beginGroup();
  }

  beginGroup(): void {
    this.#view.setInt16(SUMS_BYTES, EMPTY_RANGE[0], true);
    this.#view.setInt16(SUMS_BYTES + 2, EMPTY_RANGE[1], true);
    this.#view.setInt32(SUMS_BYTES + 4, 0, true);
  }

  /** Takes `count` codes of the group into account. */
  look(src: Address, count: number): void {
    const { kernels } = this.#heap;
    if (this.#range.affine) {
      kernels.range_f16(src, count, this.#state + SUMS_BYTES);
      return;
    }
    const largest = Math.max(this.#view.getInt32(SUMS_BYTES + 4, true), kernels.magnitude_16(src, count));
    this.#view.setInt32(SUMS_BYTES + 4, largest, true);
  }

  /** The scale for all that was looked at since `beginGroup`. */
  groupScale(): GroupScale {
    const view = this.#view;
    if (!this.#range.affine) return symmetricScale(view.getInt32(SUMS_BYTES + 4, true), this.#range);
    const least = valueOfKey(view.getInt16(SUMS_BYTES, true));
    return affineScale(least, valueOfKey(view.getInt16(SUMS_BYTES + 2, true)), this.#range);
  }

  /** Bytes of `count` codes of one group at `dst`, one an element. */
  quantize(src: Address, dst: Address, count: number, { scale, zero }: GroupScale): void {
    const { low, high, affine } = this.#range;
    this.#heap.kernels.quantize_run(src, dst, count, scale, zero, low, high, !affine, this.#state);
  }

  /** Whole groups of codes with their scales (F16) and offsets (bytes); see `MAX_WHOLE_GROUP`. */
  quantizeGroups({ src, dst, groups, groupSize, dtype, scaleDst, offsetDst }: WholeGroups): void {
    const { low, high, zero, affine } = this.#range;
    const { quantize_groups, quantize_groups_bf16 } = this.#heap.kernels;
    const quantize = dtype === "BF16" ? quantize_groups_bf16 : quantize_groups;
    const state = this.#state;
    const offsets = affine ? offsetDst : 0;
    quantize(src, dst, groups, groupSize, zero, low, high, scaleDst, offsets, state, state + WORK);
    if (!affine) this.#heap.bytes.fill(zero, offsetDst, offsetDst + groups);
  }

  /** What was lost since the last call. */
  takeSums(): ErrorSums {
    const view = this.#view;
    const sums = {
      squaredError: view.getFloat64(0, true),
      squares: view.getFloat64(8, true),
      maxError: view.getFloat64(16, true),
      saturated: view.getInt32(24, true),
      zeroGroups: view.getInt32(28, true),
      wideScales: view.getInt32(32, true),
    };
    this.#heap.bytes.fill(0, this.#state, this.#state + SUMS_BYTES);
    return sums;
  }
}
