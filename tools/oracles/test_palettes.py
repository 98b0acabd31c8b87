"""Judges Pippin's palettes: squared errors against coremltools' own k-means and against a solver written here; packed
indices and values against coremltools' decompression.

test_palettes.py WORK_FOLDER
"""

import itertools
import json
import logging
import os
import sys
import time
from dataclasses import dataclass
from typing import Any

import gguf
import numpy as np
from coremltools.converters.mil.mil.ops.defs.iOS16.constexpr_ops import constexpr_lut_to_dense as FlatTable
from coremltools.converters.mil.mil.ops.defs.iOS18.compression import constexpr_lut_to_dense as Table
from coremltools.optimize import _utils as optimize_utils
from coremltools.optimize.coreml._quantization_passes import palettize_weights
from pippin import node
from report import Report, run
from smollm2 import gguf_file

GROUP = 16
TENSOR_MARGIN, GROUP_MARGIN = 1.0001, 1.002
"""How much larger than the optimum, and than coremltools' exact k-means, our squared error may be."""
REAL = ("blk.0.attn_q.weight", "blk.12.ffn_down.weight", "blk.29.attn_v.weight")
BITS = (1, 2, 3, 4, 6, 8)


@dataclass(frozen=True)
class Ours:
    """What Pippin made of a matrix."""

    indices: np.ndarray
    lut: np.ndarray
    figures: dict[str, Any]


def matrices() -> dict[str, np.ndarray]:
    """Random matrices, and real ones."""
    r = np.random.default_rng(5)
    random = {"normal": 0.05 * r.standard_normal((512, 640)), "student-t 3": 0.02 * r.standard_t(3, (512, 640))}
    reader = gguf.GGUFReader(gguf_file())
    real = {t.name: gguf.quants.dequantize(t.data, t.tensor_type) for t in reader.tensors if t.name in REAL}
    return {name: values.astype(np.float16) for name, values in (random | real).items()}


def palettize(work: str, values: np.ndarray, bits: int, group: int | None) -> Ours:
    """Asks Pippin."""
    paths = {key: os.path.join(work, f"palette.{key}") for key in ("codes", "indices", "lut")}
    values.tofile(paths["codes"])
    grouped = {"granularity": "per_tensor"} if group is None else {"granularity": "per_grouped_channel", "groupSize": group}
    question = {**paths, "shape": values.shape, "encoding": {"kind": "palette", "bits": bits, **grouped}}
    answer = node(os.path.join("tools", "oracles", "palettes.ts"), stdin=json.dumps(question) + "\n")
    lut = np.fromfile(paths["lut"], np.float16).reshape(-1, 2**bits)
    return Ours(np.fromfile(paths["indices"], np.uint8), lut, json.loads(answer))


def squared_error(values: np.ndarray, decoded: np.ndarray) -> float:
    """In double precision."""
    return float(np.square(values.astype(np.float64) - decoded.astype(np.float64)).sum())


def check_decoded(report: Report, label: str, values: np.ndarray, ours: Ours, bits: int) -> None:
    """coremltools unpacks our bytes to values with the squared error that we report; it packs to the same bytes."""
    indices = optimize_utils.restore_elements_from_packed_bits(ours.indices, bits, values.size)
    decoded = Table.decompress(indices.reshape(values.shape), ours.lut[:, None, :, None], None)
    packed = optimize_utils.pack_elements_into_bits(indices.astype(np.uint8), bits)
    error = squared_error(values, decoded)
    right = np.isclose(error, ours.figures["squaredError"], rtol=1e-9) and np.array_equal(packed, ours.indices)
    if len(ours.lut) == 1:
        flat = FlatTable.decompress(ours.lut[0], ours.indices, values.shape)
        right = right and np.array_equal(flat, decoded)
    nearest = np.abs(values.reshape(len(ours.lut), -1, 1)[:, :500].astype(np.float64) - ours.lut[:, None].astype(np.float64))
    chosen = np.abs(values.astype(np.float64) - decoded).reshape(len(ours.lut), -1)[:, :500]
    report.check(f"{label} decoded by coremltools", right and np.array_equal(nearest.min(-1), chosen), f"SSE {error:.6g}")


def check_error(report: Report, label: str, values: np.ndarray, ours: Ours, bits: int, group: int | None) -> None:
    """Our squared error is not larger than that of coremltools' k-means."""
    began = time.process_time()
    theirs = palettize_weights.grouped_channelwise_compress(values, "KMEANS", bits, 0, group or 0)
    seconds = time.process_time() - began
    error = squared_error(values, Table.decompress(theirs.indices, theirs.lut, None))
    ratio = ours.figures["squaredError"] / error if error else float(ours.figures["squaredError"] == 0)
    exact = (group or len(values)) * values.shape[1] >= 10_000
    margin = 1 if not exact else TENSOR_MARGIN if group is None else GROUP_MARGIN
    bound = ours.figures["lowerBound"] <= ours.figures["squaredError"]
    detail = f"ratio {ratio:.6f}, {ours.figures['cpuSeconds']:.2f} s against {seconds:.2f} s"
    report.check(f"{label} against coremltools ({'kmeans1d' if exact else 'scikit-learn'})", ratio <= margin and bound, detail)


def optimum(values: np.ndarray, clusters: int) -> float:
    """Least squared error of any `clusters` numbers: all last clusters are tried for each end, value by value."""
    x, counts = np.unique(values.astype(np.float64), return_counts=True)
    x = x - np.average(x, weights=counts)
    n, s1, s2 = (np.concatenate([[0], np.cumsum(counts * x**power)]) for power in (0, 1, 2))
    ends, begins = np.arange(len(n))[:, None], np.arange(len(n))[None, :]
    inside = begins < ends
    weight = np.where(inside, n[:, None] - n[None, :], 1)
    alone = np.where(inside, s2[:, None] - s2[None, :] - (s1[:, None] - s1[None, :]) ** 2 / weight, np.inf)
    costs = alone[:, 0]
    costs[0] = 0
    for _ in range(min(clusters, len(x)) - 1):
        costs = np.minimum(costs, (alone + costs[None, :]).min(1))
    return float(costs[-1])


def check_optimum(report: Report, work: str, name: str, values: np.ndarray, bits: int) -> None:
    """The bound of an exact search is the optimum; the squared error is above it by the rounding of the table only."""
    ours = palettize(work, values, bits, None)
    best = optimum(values, 2**bits)
    bound, error = ours.figures["lowerBound"], ours.figures["squaredError"]
    # Each weight may be off by half of the last place of its entry, a relative 2^-11 at most.
    rounding = float(np.square(values.astype(np.float64) * 2.0**-11).sum())
    holds = np.isclose(bound, best, rtol=1e-6) and best * (1 - 1e-9) <= error <= best * TENSOR_MARGIN + rounding
    report.check(f"{name} {bits} bits against a solver in numpy", holds, f"bound/optimum {bound / best:.9f}, error/optimum {error / best:.6f}")


def tests(report: Report) -> None:
    """One table for each matrix and one for each 16 rows; small pieces against the solver."""
    logging.disable(logging.WARNING)
    work = sys.argv[1]
    for name, values in matrices().items():
        for bits, group in itertools.product(BITS, (None, GROUP)):
            # Few enough to keep coremltools' time short: some matrices of 8 groups.
            if group is not None and bits in (1, 3, 8):
                continue
            piece = values if group is None else values[: 8 * GROUP]
            label = f"{name} {bits} bits {'one table' if group is None else f'groups of {group}'}"
            with report.guard(label):
                ours = palettize(work, piece, bits, group)
                check_decoded(report, label, piece, ours, bits)
                check_error(report, label, piece, ours, bits, group)
        for bits in (1, 3, 4):
            with report.guard(f"{name} {bits} bits against a solver"):
                check_optimum(report, work, name, values[:2, :500], bits)


if __name__ == "__main__":
    run(tests)
