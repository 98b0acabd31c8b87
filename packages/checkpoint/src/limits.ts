// Bounds on untrusted input. Every length that a file claims is checked against the bytes left before it is believed;
// these bound what a large but honest-looking file may cost.

/** Longest safetensors header: 60,000 tensors at about 100 bytes an entry make 6 MB; the reference reader stops here too. */
export const MAX_SAFETENSORS_HEADER_BYTES = 100_000_000;

/** Tensors in one file: the largest published mixtures of experts have about 140,000 in all their shards together. */
export const MAX_TENSORS = 500_000;

/** Axes of a tensor: NumPy's own maximum. */
export const MAX_RANK = 64;

/** Nesting of JSON values that are skipped; a header needs 3. Bounds the recursion. */
export const MAX_JSON_DEPTH = 32;

/** Keys of one JSON object: all tensors and `__metadata__`. Bounds the set that finds duplicates. */
export const MAX_JSON_KEYS = MAX_TENSORS + 1;

/** Characters of a JSON number: a 64-bit integer has 20, a double printed in full about 25. */
export const MAX_JSON_NUMBER_LENGTH = 64;

/** Longest shard index: 140,000 tensors at 130 bytes an entry make 18 MB. */
export const MAX_INDEX_BYTES = 100_000_000;

/** Shards of one checkpoint: the largest published ones have about 200. */
export const MAX_SHARDS = 10_000;

/** Metadata and tensor list of a GGUF file: 260,000 tokens with merges and scores make 20 MB. */
export const MAX_GGUF_HEADER_BYTES = 128 * 1024 * 1024;

/** Metadata entries of a GGUF file: real files have 20 to 60. */
export const MAX_GGUF_ENTRIES = 65_536;

/** Bytes of a GGUF metadata key: the format document's own bound. */
export const MAX_GGUF_KEY_BYTES = 65_535;

/** Bytes of a GGUF tensor name: the format says 64; some writers have exceeded it. */
export const MAX_GGUF_NAME_BYTES = 1024;

/** Arrays within arrays in GGUF metadata: no published file has any. Bounds the recursion. */
export const MAX_GGUF_NESTING = 4;

/** Axes of a GGUF tensor: ggml's `GGML_MAX_DIMS`. */
export const MAX_GGUF_RANK = 4;

/** Elements of a metadata array that may be a setting per layer. */
export const MAX_LAYERS = 1024;

/** Rotary pairs of a head that a GGUF gives factors for: real models have 32 to 128. */
export const MAX_ROPE_FACTORS = 4096;
