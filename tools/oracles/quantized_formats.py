"""Quantized weights as published checkpoints store them, made from random codes, with the values that they mean.

The values come from the codes before packing, or from the format's own library: MLX, PyTorch's FP8 types and
transformers' reader of MXFP4.
"""

from collections.abc import Callable
from typing import Any

import mlx.core as mx
import numpy as np
import torch
from transformers.integrations.mxfp4 import convert_moe_packed_tensors

Layer = tuple[dict[str, torch.Tensor], np.ndarray]
"""Tensors by the part of their name after the layer's, and the weight's values in float32."""

Maker = Callable[[np.random.Generator, int, int], Layer]


def words_of(codes: np.ndarray, bits: int) -> torch.Tensor:
    """Packs codes along the last axis: a little-endian stream of bits in 32-bit words."""
    stream = (codes[..., None] >> np.arange(bits)) & 1
    stream = stream.reshape(*codes.shape[:-1], -1, 32).astype(np.uint64)
    words = (stream << np.arange(32, dtype=np.uint64)).sum(-1).astype(np.uint32)
    return torch.from_numpy(words.view(np.int32))


def half_scales(r: np.random.Generator, *shape: int) -> np.ndarray:
    """Small scales that fp16 holds."""
    return (r.uniform(0.5, 1.5, shape) * 0.01).astype(np.float16)


def mlx_layer(bits: int, group: int, dtype: mx.Dtype = mx.bfloat16) -> Maker:
    """MLX packs and unpacks."""

    def make(r: np.random.Generator, rows: int, columns: int) -> Layer:
        weight = mx.array(r.standard_normal((rows, columns), np.float32) * 0.1).astype(dtype)
        packed, scales, biases = mx.quantize(weight, group_size=group, bits=bits)
        wide = [a.astype(mx.float32) for a in (scales, biases)]
        values = mx.dequantize(packed, *wide, group_size=group, bits=bits)
        kind = torch.bfloat16 if dtype == mx.bfloat16 else torch.float16
        tensors = {"scales": torch.from_numpy(np.array(wide[0])).to(kind), "biases": torch.from_numpy(np.array(wide[1])).to(kind)}
        return {"weight": torch.from_numpy(np.array(packed)), **tensors}, np.array(values)

    return make


def mlx_float_layer(mode: str) -> Maker:
    """MLX's microscaling modes."""

    def make(r: np.random.Generator, rows: int, columns: int) -> Layer:
        weight = mx.array(r.standard_normal((rows, columns), np.float32) * 0.1)
        packed, scales = mx.quantize(weight, group_size=32, bits=4 if mode == "mxfp4" else 8, mode=mode)
        values = mx.dequantize(packed, scales, group_size=32, bits=4 if mode == "mxfp4" else 8, mode=mode, dtype=mx.float32)
        return {"weight": torch.from_numpy(np.array(packed)), "scales": torch.from_numpy(np.array(scales))}, np.array(values)

    return make


def gptq_layer(bits: int, group: int, v2: bool = False, act_order: bool = False) -> Maker:
    """AutoGPTQ's layout: everything transposed, codes packed along the input axis, zero points along the output axis."""

    def make(r: np.random.Generator, rows: int, columns: int) -> Layer:
        group_size = columns if group == -1 else group
        groups = columns // group_size
        codes = r.integers(0, 2**bits, (columns, rows))
        zeros = r.integers(0, 2**bits, (groups, rows))
        scales = half_scales(r, groups, rows)
        index = np.arange(columns) // group_size
        index = r.permutation(index) if act_order else index
        values = (codes - zeros[index]).astype(np.float32) * scales[index].astype(np.float32)
        stored = zeros if v2 else (zeros - 1) % 2**bits
        return {
            "qweight": words_of(codes.T, bits).T.contiguous(),
            "qzeros": words_of(stored, bits),
            "scales": torch.from_numpy(scales),
            "g_idx": torch.from_numpy(index.astype(np.int32)),
        }, np.ascontiguousarray(values.T)

    return make


AWQ_ORDER = [0, 2, 4, 6, 1, 3, 5, 7]


def awq_words(codes: np.ndarray) -> torch.Tensor:
    """AutoAWQ's words: nibble i holds column AWQ_ORDER[i] of eight."""
    return words_of(codes.reshape(*codes.shape[:-1], -1, 8)[..., AWQ_ORDER].reshape(codes.shape), 4)


def awq_layer(group: int) -> Maker:
    """AutoAWQ's GEMM layout."""

    def make(r: np.random.Generator, rows: int, columns: int) -> Layer:
        codes = r.integers(0, 16, (columns, rows))
        zeros = r.integers(0, 16, (columns // group, rows))
        scales = half_scales(r, columns // group, rows)
        index = np.arange(columns) // group
        values = (codes - zeros[index]).astype(np.float32) * scales[index].astype(np.float32)
        tensors = {"qweight": awq_words(codes), "qzeros": awq_words(zeros), "scales": torch.from_numpy(scales)}
        return tensors, np.ascontiguousarray(values.T)

    return make


def fp8_layer(scale_name: str, block: tuple[int, int] | None, dtype: torch.dtype = torch.float8_e4m3fn, scale_shape: str = "row") -> Maker:
    """FP8 codes as PyTorch rounds and widens them, times a scale for each block, for each row, or for all."""

    def make(r: np.random.Generator, rows: int, columns: int) -> Layer:
        codes = torch.from_numpy(r.standard_normal((rows, columns), np.float32) * 20).to(dtype)
        if block is not None:
            shape = (-(-rows // block[0]), -(-columns // block[1]))
            scales = torch.from_numpy(r.uniform(1e-4, 1e-2, shape).astype(np.float32))
            grid = scales.repeat_interleave(block[0], 0)[:rows].repeat_interleave(block[1], 1)[:, :columns]
        else:
            shape = (rows, 1) if scale_shape == "row" else ()
            scales = torch.from_numpy(np.asarray(r.uniform(1e-4, 1e-2, shape), np.float32)).bfloat16()
            grid = scales.float()
        return {"weight": codes, scale_name: scales}, (codes.float() * grid).numpy()

    return make


def int8_layer(r: np.random.Generator, rows: int, columns: int) -> Layer:
    """compressed-tensors' int8."""
    codes = torch.from_numpy(r.integers(-128, 128, (rows, columns), dtype=np.int8))
    scales = torch.from_numpy(half_scales(r, rows, 1).astype(np.float32)).bfloat16()
    return {"weight": codes, "weight_scale": scales}, (codes.float() * scales.float()).numpy()


def packed_layer(bits: int, group: int) -> Maker:
    """compressed-tensors' symmetric packed integers."""

    def make(r: np.random.Generator, rows: int, columns: int) -> Layer:
        codes = r.integers(0, 2**bits, (rows, columns))
        scales = torch.from_numpy(half_scales(r, rows, columns // group).astype(np.float32)).bfloat16()
        values = (codes - 2 ** (bits - 1)).astype(np.float32) * scales.float().repeat_interleave(group, 1).numpy()
        tensors = {"weight_packed": words_of(codes, bits), "weight_scale": scales, "weight_shape": torch.tensor([rows, columns])}
        return tensors, values

    return make


def mxfp4_layer(r: np.random.Generator, rows: int, columns: int) -> Layer:
    """gpt-oss's blocks, unpacked by transformers, which gives the transposed weight."""
    blocks = torch.from_numpy(r.integers(0, 256, (rows, columns // 32, 16), dtype=np.uint8))
    scales = torch.from_numpy(r.integers(118, 126, (rows, columns // 32), dtype=np.uint8))
    values = convert_moe_packed_tensors(blocks[None], scales[None], dtype=torch.float32)[0].T
    return {"weight_blocks": blocks, "weight_scales": scales}, values.contiguous().numpy()


def compressed(fmt: str, bits: int, **weights: Any) -> dict[str, Any]:
    """Settings of compressed-tensors."""
    groups = {"group_0": {"targets": ["Linear"], "weights": {"num_bits": bits, **weights}}}
    return {"quantization_config": {"quant_method": "compressed-tensors", "format": fmt, "config_groups": groups}}


def settings(method: str, **options: Any) -> dict[str, Any]:
    """Settings under `quantization_config`."""
    return {"quantization_config": {"quant_method": method, **options}}


def mlx_settings(group: int, bits: int, **options: Any) -> dict[str, Any]:
    """MLX's settings."""
    return {"quantization": {"group_size": group, "bits": bits, **options}}


FORMATS: dict[str, tuple[dict[str, Any], Maker]] = {
    **{f"mlx-{bits}": (mlx_settings(32, bits), mlx_layer(bits, 32)) for bits in (2, 3, 4, 5, 6, 8)},
    "mlx-4-f16": (mlx_settings(64, 4), mlx_layer(4, 64, mx.float16)),
    "mlx-mxfp4": (mlx_settings(32, 4, mode="mxfp4"), mlx_float_layer("mxfp4")),
    "mlx-mxfp8": (mlx_settings(32, 8, mode="mxfp8"), mlx_float_layer("mxfp8")),
    **{f"gptq-{bits}": (settings("gptq", bits=bits, group_size=32), gptq_layer(bits, 32)) for bits in (2, 3, 4, 8)},
    "gptq-v2": (settings("gptq", bits=4, group_size=32, checkpoint_format="gptq_v2"), gptq_layer(4, 32, v2=True)),
    "gptq-act-order": (settings("gptq", bits=4, group_size=32, desc_act=True), gptq_layer(4, 32, act_order=True)),
    "gptq-one-group": (settings("gptq", bits=4, group_size=-1, sym=True), gptq_layer(4, -1)),
    "awq": (settings("awq", bits=4, group_size=32, version="gemm", zero_point=True), awq_layer(32)),
    "fp8-blocks": (settings("fp8", weight_block_size=[24, 32]), fp8_layer("weight_scale_inv", (24, 32))),
    "fp8-tensor": (settings("fp8"), fp8_layer("weight_scale", None, scale_shape="tensor")),
    "fp8-e5m2": (settings("fp8"), fp8_layer("weight_scale", None, torch.float8_e5m2, scale_shape="tensor")),
    "fbgemm-fp8": (settings("fbgemm_fp8"), fp8_layer("weight_scale", None)),
    "compressed-fp8": (compressed("float-quantized", 8, type="float"), fp8_layer("weight_scale", None)),
    "compressed-int8": (compressed("int-quantized", 8, type="int"), int8_layer),
    "compressed-int4": (compressed("pack-quantized", 4, type="int", group_size=32), packed_layer(4, 32)),
    "mxfp4": (settings("mxfp4"), mxfp4_layer),
}
"""Settings in config.json and the maker of a layer, by a name for each format."""
