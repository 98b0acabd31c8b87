export { add_one_f32, max_abs_f32, scale_f32 } from "./elementwise";
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
export { count_codes, distinct_values, map_codes, pack_indices, unpack_indices } from "./palette";
