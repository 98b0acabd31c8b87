"""Judges linear quantization against coremltools' own function, bit for bit, on thousands of matrices.

test_quantize_linear.py WORK_FOLDER
"""

import base64
import json
import os
import sys
import warnings
from dataclasses import dataclass

import numpy as np
from coremltools.converters.mil.mil import types
from coremltools.optimize import _utils as judge
from pippin import node
from report import Report, run

DTYPES = ("int4", "int8", "uint4", "uint8")
MODES = {"symmetric": "LINEAR_SYMMETRIC", "asymmetric": "LINEAR"}
BLOCKS = (4, 16, 32, 64, 128)
ROUNDS = 8


@dataclass
class Case:
    """A matrix of finite fp16 and how to quantize it."""

    kind: str
    weight: np.ndarray
    encoding: dict[str, object]

    def block_sizes(self) -> list[int]:
        """As coremltools wants them; 0 is the whole axis."""
        granularity = self.encoding["granularity"]
        if granularity == "per_tensor":
            return [0, 0]
        return [1, 0] if granularity == "per_channel" else [1, int(str(self.encoding["blockSize"]))]


def matrices(r: np.random.Generator, rows: int, cols: int) -> dict[str, np.ndarray]:
    """One matrix of each kind."""
    shape = (rows, cols)
    normal = r.normal(0, 0.02, shape)
    zero_blocks = normal.copy()
    zero_blocks[:, : cols // 2] = 0
    integers = r.integers(-127, 128, shape).astype(np.float64)
    integers[:, 0] = 127
    bits = r.integers(0, 0x7C00, shape, dtype=np.uint16) | (r.integers(0, 2, shape, dtype=np.uint16) << 15)
    return {
        "normal": normal,
        "uniform": r.uniform(-1, 1, shape),
        "heavy tails": np.clip(r.standard_t(2, shape) * 0.05, -500, 500),
        "one outlier": np.where(r.random(shape) < 0.01, 3.7, normal),
        "positive": np.abs(normal),
        "constant": np.full(shape, r.normal()),
        "tiny": r.normal(0, 1e-5, shape),
        "denormal": r.integers(-300, 301, shape) * 2.0**-24,
        "fewest bits": r.integers(-3, 4, shape) * 2.0**-24,
        "large": r.uniform(-32752, 32752, shape),
        "maximal": r.choice([-65504.0, 65504.0, 1.0, 0.0], shape),
        "zero blocks": zero_blocks,
        "zeros": np.zeros(shape) * r.choice([-1.0, 1.0], shape),
        "ties": integers / 2,
        "any codes": bits.view(np.float16),
    }


def cases() -> list[Case]:
    """Every kind with every encoding that fits a shape."""
    r = np.random.default_rng(11)
    found = []
    for _ in range(ROUNDS):
        for cols in (1, 7, 33, 64, 128, 384):
            rows = int(r.integers(1, 9))
            for kind, weight in matrices(r, rows, cols).items():
                fitting = [{"granularity": "per_block", "blockSize": b} for b in BLOCKS if cols % b == 0]
                grains = [{"granularity": "per_tensor"}, {"granularity": "per_channel"}, *fitting]
                grain = grains[int(r.integers(0, len(grains)))]
                for dtype in DTYPES:
                    for mode in MODES:
                        encoding = {"kind": "linear", "dtype": dtype, "mode": mode, **grain}
                        found.append(Case(kind, weight.astype(np.float16), encoding))
    return found


def unpack(data: bytes, count: int, dtype: str) -> np.ndarray:
    """Integers of a packed stream: low nibble first."""
    raw = np.frombuffer(data, np.uint8)
    if dtype.endswith("8"):
        return raw.view(np.int8 if dtype == "int8" else np.uint8).astype(np.int32)
    nibbles = np.stack([raw & 15, raw >> 4], axis=1).reshape(-1)
    if count % 2 and nibbles[-1] != 0:
        raise ValueError("the unused bits of the last byte are not zero")
    values = nibbles[:count].astype(np.int32)
    return np.where(values >= 8, values - 16, values) if dtype == "int4" else values


def overflows(case: Case, groups: np.ndarray) -> np.ndarray:
    """Groups in which a step of coremltools' fp16 arithmetic is not finite, so that its parameters are useless."""
    low, high = judge.get_quant_range_by_dtype(types.string_to_builtin(str(case.encoding["dtype"])), "LINEAR")
    if case.encoding["mode"] == "symmetric":
        most = np.abs(groups).max(axis=-1)
        return np.asarray(~np.isfinite(most + most))
    lo = np.minimum(np.float16(0), groups.min(axis=-1))
    hi = np.maximum(np.float16(0), groups.max(axis=-1))
    return np.asarray(~(np.isfinite(hi - lo) & np.isfinite(low * hi - high * lo)))


def compare(case: Case, answer: dict[str, str]) -> tuple[bool, int]:
    """Whether all that coremltools can express is equal and the rest is sane, and how many groups overflow."""
    dtype, sizes = str(case.encoding["dtype"]), case.block_sizes()
    rows, cols = case.weight.shape
    result = judge.compute_qparams_by_dtype(
        case.weight, types.string_to_builtin(dtype), MODES[str(case.encoding["mode"])], sizes
    )
    if result is None:
        return False, 0
    want, scale, offset = result
    parts = {name: base64.b64decode(answer[name]) for name in ("data", "scale", "offset", "back")}
    count = scale.size
    groups = case.weight.reshape(count, -1)
    wide = overflows(case, groups)
    ours = unpack(parts["data"], rows * cols, dtype).reshape(count, -1)
    our_scale = np.frombuffer(parts["scale"], np.float16)
    good = ~wide
    same = np.array_equal(ours[good], want.astype(np.int32).reshape(count, -1)[good])
    same &= np.array_equal(our_scale.view(np.uint16)[good], scale.reshape(-1).view(np.uint16)[good])
    same &= int(answer["wideScales"]) == int(wide.sum())
    if offset is None:
        same &= parts["offset"] == b""
    else:
        our_offset = unpack(parts["offset"], count, dtype)
        same &= np.array_equal(our_offset[good], offset.astype(np.int32).reshape(-1)[good])
    back = np.frombuffer(parts["back"], np.float16).reshape(count, -1)
    if good.all():
        theirs = judge.dequantize_by_scale_and_zp(
            want.reshape(count, -1), scale.reshape(count, 1), None if offset is None else offset.reshape(count, 1)
        )
        same &= np.array_equal(back, theirs)
    if case.encoding["mode"] == "symmetric":
        same &= bool(np.isfinite(back[wide]).all())
    # An offset is an integer, so the level nearest to the largest value may lie beyond fp16.
    error = np.abs(np.clip(back[wide].astype(np.float64), -65504, 65504) - groups[wide].astype(np.float64))
    # Half a step, half a step of the offset, and what fp16 loses of the largest values.
    same &= bool((error <= 1.1 * our_scale[wide].astype(np.float64)[:, None] + 32).all())
    return bool(same), int(wide.sum())


def tests(report: Report) -> None:
    """All cases in one run of Node, one check a kind and dtype."""
    warnings.filterwarnings("ignore", category=RuntimeWarning)
    found = cases()
    questions, answers = (os.path.join(sys.argv[1], f"quantize-linear-{name}.jsonl") for name in ("cases", "answers"))
    with open(questions, "w", encoding="utf-8") as file:
        for case in found:
            codes = base64.b64encode(case.weight.tobytes()).decode()
            file.write(json.dumps({"codes": codes, "shape": case.weight.shape, "encoding": case.encoding}) + "\n")
    node(os.path.join("tools", "oracles", "quantize-linear.ts"), questions, answers)
    with open(answers, encoding="utf-8") as file:
        results = [compare(case, json.loads(line)) for case, line in zip(found, file, strict=True)]
    for kind in dict.fromkeys(case.kind for case in found):
        for mode in MODES:
            of = [(c, r) for c, r in zip(found, results, strict=True) if (c.kind, c.encoding["mode"]) == (kind, mode)]
            right = sum(same for _, (same, _) in of)
            wrong = next((f"{c.encoding} {c.weight.shape}" for c, (same, _) in of if not same), "")
            wide = sum(count for _, (_, count) in of)
            detail = f"{right}/{len(of)}{f', {wide} groups overflow in fp16' if wide else ''} {wrong}"
            report.check(f"{kind}, {mode}", right == len(of), detail)


if __name__ == "__main__":
    run(tests)
