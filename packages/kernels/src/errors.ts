/** Codes thrown by `@pippin/kernels`; cancelling throws `CORE_CANCELLED`. */
export type KernelsErrorCode =
  /** A weight expression contradicts itself or its source: sizes, slices, heads. */
  | "KERNELS_EXPR_INVALID"
  /** The source's dtype cannot be widened to floats. */
  | "KERNELS_DTYPE_UNSUPPORTED"
  /** An encoding does not fit a weight: its rank, its block size. */
  | "KERNELS_ENCODING_INVALID"
  /** Typed arrays and the stated shape do not fit together. */
  | "KERNELS_SHAPE_MISMATCH"
  /** A weight holds NaN or an infinity. */
  | "KERNELS_WEIGHT_NOT_FINITE"
  /** A weight has a value that F16 cannot hold, and the caller asked for an error. */
  | "KERNELS_WEIGHT_OVERFLOW"
  /** A source file cannot be opened or read. */
  | "KERNELS_SOURCE_UNREADABLE"
  /** A source file ends before the tensor does. */
  | "KERNELS_SOURCE_TRUNCATED"
  /** The output file cannot be created or written: permissions, a full disk. */
  | "KERNELS_OUTPUT_UNWRITABLE"
  /** No matrix of that id is in the pool. */
  | "KERNELS_MATRIX_UNKNOWN"
  /** A matrix is wider or larger than a thread's memory can hold. */
  | "KERNELS_MATRIX_TOO_LARGE"
  /** The pool is closed. */
  | "KERNELS_POOL_CLOSED"
  /** A number of threads that cannot be. */
  | "KERNELS_THREADS_INVALID"
  /** A worker thread ended on its own. */
  | "KERNELS_WORKER_FAILED";
