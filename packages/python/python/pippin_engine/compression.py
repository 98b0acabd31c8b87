"""Compresses weights with coremltools.optimize: which weight gets which encoding follows Pippin's presets."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import coremltools.optimize.coreml as cto

SMALL = 2048
"""Matrices of so many elements stay as they are, as in coremltools."""
BLOCKS = (32, 64, 16)
GROUPS = (16, 8, 4)
BITS = {"lut4": 4, "lut6": 6}
LOOKS_UP, MULTIPLIES = "gather", "linear"


@dataclass(frozen=True)
class Matrix:
    """A weight `[rows, columns]` of a program."""

    name: str
    rows: int
    columns: int
    is_vocabulary: bool
    """Embedding or head: shared by all words, so few bits cost the most here."""


def matrices_of(model: Any, logits: str) -> Iterator[Matrix]:
    """Every matrix that is looked up or multiplied by; tables of rotary positions are not weights."""
    [function] = model._mil_program.functions.values()
    for op in function.operations:
        if op.op_type != "const" or len(op.outputs[0].shape or ()) != 2 or "rope_" in op.name:
            continue
        users = op.outputs[0].child_ops
        if op.outputs[0].val.size <= SMALL or not all(user.op_type in (LOOKS_UP, MULTIPLIES) for user in users):
            continue
        is_vocabulary = any(user.op_type == LOOKS_UP or user.outputs[0].name == logits for user in users)
        yield Matrix(op.outputs[0].name, *op.outputs[0].shape, is_vocabulary)


def linear(dtype: str, block: int | None = None) -> Any:
    """Symmetric integers with a scale for each row, or for each block of a row."""
    granularity = {"granularity": "per_block", "block_size": block} if block else {"granularity": "per_channel"}
    return cto.OpLinearQuantizerConfig(mode="linear_symmetric", dtype=dtype, **granularity)


def palette(bits: int, group: int | None) -> Any:
    """A palette for each group of rows, or one."""
    grouping = {"granularity": "per_grouped_channel", "group_size": group} if group else {"granularity": "per_tensor"}
    return cto.OpPalettizerConfig(mode="kmeans", nbits=bits, **grouping)


def config_of(matrix: Matrix, quantize: str, grouped: bool) -> Any:
    """How one matrix is stored."""
    if quantize == "int8" or matrix.is_vocabulary:
        return linear("int8")
    if quantize == "int4":
        block = next((size for size in BLOCKS if matrix.columns % size == 0), None)
        return linear("int4", block) if block else linear("int8")
    group = next((size for size in GROUPS if matrix.rows % size == 0), None) if grouped else None
    return palette(BITS[quantize], group)


def compress(model: Any, quantize: str, target: str, logits: str) -> Any:
    """The same program with compressed weights."""
    if quantize == "none":
        return model
    grouped = target in ("ios18", "ios26")
    configs = {m.name: config_of(m, quantize, grouped) for m in matrices_of(model, logits)}
    integers = {n: c for n, c in configs.items() if isinstance(c, cto.OpLinearQuantizerConfig)}
    palettes = {n: c for n, c in configs.items() if n not in integers}
    if palettes:
        model = cto.palettize_weights(model, cto.OptimizationConfig(op_name_configs=palettes))
    if integers:
        model = cto.linear_quantize_weights(model, cto.OptimizationConfig(op_name_configs=integers))
    return model
