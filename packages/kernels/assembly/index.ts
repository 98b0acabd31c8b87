export {
  iq4_nl_to_f16,
  iq4_nl_to_f32,
  iq4_xs_to_f16,
  iq4_xs_to_f32,
  mxfp4_to_f16,
  mxfp4_to_f32,
  q5_0_to_f16,
  q5_0_to_f32,
  q5_1_to_f16,
  q5_1_to_f32,
} from "./blocks";
export { add_one_f32, max_abs_f32, scale_f32 } from "./elementwise";
export { pack_nibbles, quantize_groups, quantize_groups_bf16 } from "./quantize-groups";
export { grid_codes } from "./grid";
export { grid_groups } from "./grid-groups";
export {
  affine_scales,
  q2_k_scales,
  q3_k_scales,
  q4_k_scales,
  q6_k_scales,
  whole_scales,
} from "./grid-scales";
export { add_product, pack_panels } from "./products";
export { quantize_run } from "./quantize-run";
export { magnitude_16, range_f16 } from "./ranges";
export { gemm_bf16, gemm_f16, gemm_f32, gemv_bf16, gemv_f16, gemv_f32, prepare_pairs } from "./matrix";
export {
  bf16_to_f16,
  f16_to_f16,
  f32_to_bf16,
  f32_to_f16,
  q4_0_to_f16,
  q4_1_to_f16,
  q8_0_to_f16,
} from "./to-f16";
export { bf16_to_f32, f16_to_f32, q4_0_to_f32, q4_1_to_f32, q8_0_to_f32 } from "./to-f32";
export {
  affine_f32,
  affine_indexed_f32,
  e2m1_to_f32,
  e4m3_to_f32,
  e5m2_to_f32,
  e8m0_to_f32,
  i4_to_f32,
  i8_to_f32,
  lookup_f32,
  transpose_words,
  u8_to_f32,
  unpack_bits,
  unpack_nibble,
} from "./packed";
export { q2_k_to_f16, q2_k_to_f32, q3_k_to_f16, q3_k_to_f32 } from "./k-quants-low";
export {
  q4_k_to_f16,
  q4_k_to_f32,
  q5_k_to_f16,
  q5_k_to_f32,
  q6_k_to_f16,
  q6_k_to_f32,
} from "./k-quants";
export { count_codes, distinct_values, map_codes, pack_indices, unpack_indices } from "./palette";
export { best_partition } from "./partition";
export { refine_bounds } from "./refine";
