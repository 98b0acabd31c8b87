"""Judges compensated rounding by GPTQ as its paper writes it: the inverse Hessian's Cholesky factor, in float64.

test_calibrate.py WORK_FOLDER

Equal scales and codes are asked for column by column: the judge takes over each decision of ours, so that one tie that fell
the other way does not change all columns after it.
"""

import base64
import json
import os
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
from pippin import node
from report import Report, run

ROWS = 32
TIE = 2e-3
"""Distance from the middle between two codes that counts as a tie, in steps: ours sums in float32."""
DAMPING = 0.01
LINEAR = {
    "int4 blocks": {"kind": "linear", "bits": 4, "offset": "none", "blockSize": 32},
    "uint4 blocks, integer offsets": {"kind": "linear", "bits": 4, "offset": "integer", "blockSize": 32},
    "uint4 blocks, float offsets": {"kind": "linear", "bits": 4, "offset": "float", "blockSize": 32},
    "int8 rows": {"kind": "linear", "bits": 8, "offset": "none"},
}
PALETTES = {f"palettes, {bits} bits": {"kind": "palette", "bits": bits, "groupRows": 16} for bits in (3, 4, 6)}


@dataclass
class Case:
    """A matrix, the inputs it is multiplied with, and the grid it goes to."""

    kind: str
    grid: str
    target: dict[str, Any]
    weight: np.ndarray
    inputs: np.ndarray
    search: bool


def inputs_of(r: np.random.Generator, tokens: int, columns: int) -> np.ndarray:
    """Inputs whose columns depend on each other and differ in size."""
    hidden = r.normal(size=(tokens, columns // 3)) @ r.normal(size=(columns // 3, columns)) / np.sqrt(columns / 3)
    return ((hidden + 0.3 * r.normal(size=(tokens, columns))) * np.exp(r.uniform(-1, 1, columns))).astype(np.float32)


def cases() -> list[Case]:
    """All grids on each kind of matrix, with and without a search for scales."""
    r = np.random.default_rng(1)
    found = []
    for columns, tokens in ((64, 300), (192, 1000), (320, 700), (512, 60)):
        weight = r.normal(0, 0.05, (ROWS, columns)).astype(np.float32)
        outliers = np.where(r.random(weight.shape) < 0.005, 1.5, weight).astype(np.float32)
        inputs = inputs_of(r, tokens, columns)
        dead = inputs * (np.arange(columns) % 7 > 0)
        kinds = {
            f"normal, {tokens} inputs of {columns}": (weight, inputs),
            f"outliers, {tokens} inputs of {columns}": (outliers, inputs),
            f"dead columns, {tokens} inputs of {columns}": (weight, dead.astype(np.float32)),
        }
        for kind, (matrix, x) in kinds.items():
            for grid, target in (LINEAR | PALETTES).items():
                found += [Case(kind, grid, target, matrix, x, search) for search in (False, True)]
    return found


def decode(case: Case, answer: dict[str, Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The weights that codes stand for, the codes, and each one's scale and zero point (for palettes: its table)."""
    rows, columns = case.weight.shape
    target = case.target
    codes = np.frombuffer(base64.b64decode(answer["codes"]), np.uint8).reshape(rows, columns)
    scales = np.frombuffer(base64.b64decode(answer["scales"]), np.float16).astype(np.float64)
    zeros = base64.b64decode(answer["zeros"])
    if target["kind"] == "palette":
        tables = np.repeat(scales.reshape(-1, 2 ** target["bits"]), target["groupRows"], axis=0)
        return np.take_along_axis(tables, codes.astype(np.int64), 1), codes.astype(np.float64), tables, tables
    size = target.get("blockSize", columns)
    scale = np.repeat(scales.reshape(rows, -1), size, axis=1)
    zero = np.zeros_like(scale)
    if target["offset"] != "none":
        offsets = np.frombuffer(zeros, np.uint8 if target["offset"] == "integer" else np.float16)
        zero = np.repeat(offsets.astype(np.float64).reshape(rows, -1), size, axis=1)
    integers = codes.view(np.int8) if target["offset"] == "none" else codes
    return (integers - zero) * scale, integers.astype(np.float64), scale, zero


def hessian(inputs: np.ndarray) -> np.ndarray:
    """Mean of x xᵀ."""
    x = inputs.astype(np.float64)
    return x.T @ x / len(x)


def error_of(case: Case, rounded: np.ndarray) -> float:
    """tr(ΔW H ΔWᵀ)."""
    return float((((case.weight - rounded).astype(np.float64) @ case.inputs.T.astype(np.float64)) ** 2).sum()) / len(case.inputs)


def half(value: np.ndarray) -> np.ndarray:
    """Rounded to float16."""
    return np.asarray(value, np.float16).astype(np.float64)


def plain_scales(block: np.ndarray, target: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Scale and zero point that clip nothing, for each row of a block."""
    least, most = block.min(1), block.max(1)
    high = 2 ** target["bits"] - 1
    if target["offset"] == "none":
        return half(np.maximum(-least, most) / (high // 2)), np.zeros(len(block))
    if target["offset"] == "integer":
        least, most = np.minimum(least, 0), np.maximum(most, 0)
    scale = half((most - least) / high)
    zero = -least / scale
    return scale, np.round(zero) if target["offset"] == "integer" else half(zero)


def replay(case: Case, answer: dict[str, Any]) -> tuple[int, int]:
    """GPTQ over our codes. Returns how many codes and how many scales are not what it would have chosen."""
    rounded, codes, scale, zero = decode(case, answer)
    target, columns = case.target, case.weight.shape[1]
    h = hessian(case.inputs)
    h += np.eye(columns) * DAMPING * np.trace(h) / columns
    upper = np.linalg.cholesky(np.linalg.inv(h)).T
    work = case.weight.astype(np.float64).copy()
    wrong_codes = wrong_scales = 0
    for j in range(columns):
        if target["kind"] == "palette":
            distance = np.abs(scale - work[:, j : j + 1])
            step = np.diff(scale, axis=1).max(1)
            excess = np.abs(rounded[:, j] - work[:, j]) - distance.min(1)
            wrong_codes += int((excess > TIE * step).sum())
        else:
            size = target.get("blockSize", columns)
            if j % size == 0 and not case.search:
                block = work[:, j : j + size] if "blockSize" in target else case.weight
                wanted, offset = plain_scales(block, target)
                # A zero point that was about to be rounded the other way moves by one.
                moved = np.abs(zero[:, j] - offset) > (1.01 if target["offset"] == "integer" else 0.05)
                wrong_scales += int((moved | ~np.isclose(scale[:, j], wanted, rtol=2e-3, atol=6e-8)).sum())
            low = -(2 ** (target["bits"] - 1)) if target["offset"] == "none" else 0
            ideal = work[:, j] / scale[:, j] + zero[:, j]
            clipped = np.clip(ideal, low, low + 2 ** target["bits"] - 1)
            wrong_codes += int((np.abs(codes[:, j] - clipped) > 0.5 + TIE).sum())
        work[:, j:] -= np.outer((work[:, j] - rounded[:, j]) / upper[j, j], upper[j, j:])
    return wrong_codes, wrong_scales


def tests(report: Report) -> None:
    """All cases in one run of Node, one check a grid and kind."""
    found = cases()
    questions, answers = (os.path.join(sys.argv[1], f"calibrate-{name}.jsonl") for name in ("cases", "answers"))
    with open(questions, "w", encoding="utf-8") as file:
        for case in found:
            arrays = {"weight": case.weight, "inputs": case.inputs}
            encoded = {name: base64.b64encode(array.tobytes()).decode() for name, array in arrays.items()}
            question = {**encoded, "rows": len(case.weight), "target": case.target, "search": case.search}
            file.write(json.dumps(question) + "\n")
    node(os.path.join("tools", "oracles", "calibrate.ts"), questions, answers)
    with open(answers, encoding="utf-8") as file:
        for case, line in zip(found, file, strict=True):
            answer = json.loads(line)
            name = f"{case.grid}, {case.kind}{', searched' if case.search else ''}"
            with report.guard(name):
                judge(report, name, case, answer)


def judge(report: Report, name: str, case: Case, answer: dict[str, Any]) -> None:
    """Codes, scales and the figures of one answer."""
    said = answer["error"]
    measured = error_of(case, decode(case, answer)[0])
    close = abs(measured - said["result"]) <= 1e-3 * measured + 1e-4 * said["plain"]
    codes, scales = replay(case, answer) if answer["method"] == "compensated" else (0, 0)
    detail = f"{measured / said['plain']:.3f} of plain rounding's error"
    if not close:
        detail += f", said {said['result']:.6g}, is {measured:.6g}"
    if codes or scales:
        detail += f", {codes} of {case.weight.size} codes and {scales} scales differ"
    right = close and measured <= said["plain"] * (1 + 1e-3) and codes == 0 and scales == 0
    report.check(name, right, detail)


if __name__ == "__main__":
    run(tests)
