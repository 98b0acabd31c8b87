"""Packages with int8 and int4 weights: what coremltools' own arithmetic makes of the same weights.

test_compressed.py WORK_FOLDER
"""

import os
import sys
from typing import Any

import numpy as np
import torch
from cases import FAMILIES, Case, logits_of, make_case, reference
from compare import distance
from coremltools.converters.mil.mil import types
from coremltools.optimize._utils import dequantize_by_scale_and_zp, quantize_weight_by_dtype
from driver import Driver
from pippin import convert
from report import Report, run

MAX_STRICT, MAX_KL = 3e-2, 3e-5
"""As in test_coreml.py, with room for one model whose uncompressed package reaches 1.9e-2."""
MAX_EXACT = 5e-3
MIN_ELEMENTS = 2048
PROGRAMS = {
    "stateful int8": ["--program", "stateful", "--prefill", "16", "--quantize", "int8"],
    "stateful int4": ["--program", "stateful", "--prefill", "16", "--quantize", "int4"],
    "ios18 int4": ["--program", "stateless", "--target", "ios18", "--quantize", "int4"],
    "ios17 int8": ["--program", "stateless", "--target", "ios17", "--quantize", "int8"],
    "ios16 int8": ["--program", "stateless", "--target", "ios16", "--length", "fixed", "--quantize", "int8"],
}


def compressed(weight: np.ndarray, block: int | None) -> np.ndarray:
    """A float16 matrix quantized and dequantized by coremltools: int4 in blocks, or int8 with a scale for each row."""
    rows, columns = weight.shape
    dtype = types.int4 if block else types.int8
    groups = weight.reshape(rows, -1, block or columns)
    integers, scale, _ = quantize_weight_by_dtype(groups, (2,), dtype, "LINEAR_SYMMETRIC")
    dense = dequantize_by_scale_and_zp(
        np.nan_to_num(integers).astype(np.int8), np.asarray(scale).reshape(rows, -1, 1), None
    )
    return dense.reshape(rows, columns).astype(np.float32)


def block_of(name: str, shape: tuple[int, ...], bits: str) -> int | None:
    """The size of int4 blocks, or None for int8."""
    if bits == "int8" or "embed" in name or "lm_head" in name:
        return None
    return next((size for size in (32, 64, 16) if shape[1] % size == 0), None)


def compressed_reference(folder: str, bits: str) -> Any:
    """The reference with the weights that a package of these bits holds."""
    model = reference(folder)
    seen: set[int] = set()
    for name, parameter in model.named_parameters():
        parameter.data = parameter.data.half().float()
        if parameter.ndim == 2 and parameter.numel() > MIN_ELEMENTS and id(parameter) not in seen:
            seen.add(id(parameter))
            weight = parameter.data.half().numpy()
            parameter.data = torch.from_numpy(compressed(weight, block_of(name, weight.shape, bits)))
    return model


def judge(report: Report, work: str, case: Case, program: str) -> None:
    """One model in one encoding: loads, and says what the reference says with the same weights."""
    label = f"{case.name} {program}"
    with report.guard(label):
        options = [*PROGRAMS[program], "--context", str(case.context)]
        driver = Driver(convert(case.folder, os.path.join(work, label.replace(" ", "-")), *options))
        model = compressed_reference(case.folder, program.split()[1])
        sequences = [(ids, logits_of(model, ids)) for ids, _ in case.sequences]
        strict = [distance(driver.sequence(ids), want) for ids, want in sequences]
        holds = max(d.largest for d in strict) <= MAX_STRICT and max(d.divergence for d in strict) <= MAX_KL
        report.check(f"{label} fp16", holds, str(max(strict, key=lambda d: d.largest)))
        driver.package.precision = "fp32"
        exact = max((distance(driver.sequence(ids), want) for ids, want in sequences), key=lambda d: d.largest)
        report.check(f"{label} fp32", exact.largest <= MAX_EXACT, str(exact))


def tests(report: Report) -> None:
    """Every family in every encoding."""
    for family in FAMILIES:
        case = make_case(os.path.join(sys.argv[1], "models"), family, 11)
        print(f"-- {case.name}: {case.what}", flush=True)
        for program in PROGRAMS:
            judge(report, sys.argv[1], case, program)


if __name__ == "__main__":
    run(tests)
