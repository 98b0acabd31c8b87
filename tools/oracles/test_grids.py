"""A checkpoint's own grid in a package: the very integers of SmolLM2's GGUF, and scales and offsets to fp16.

test_grids.py WORK_FOLDER
"""

import os
import sys
from typing import Any

import gguf
import numpy as np
from mil_execute import load, read_spec
from pippin import pippin
from report import Report, run
from smollm2 import gguf_file

PARTS = {
    "attn_q": "attention_q", "attn_k": "attention_k", "attn_v": "attention_v", "attn_output": "attention_o",
    "ffn_gate": "mlp_gate", "ffn_up": "mlp_up", "ffn_down": "mlp_down",
}  # fmt: skip


def package_name(tensor: str) -> str | None:
    """What Pippin calls a matrix of a GGUF."""
    if tensor == "token_embd.weight":
        return "embedding_weight"
    parts = tensor.split(".")
    known = len(parts) == 4 and parts[0] == "blk" and parts[2] in PARTS
    return f"layers_{parts[1]}_{PARTS[parts[2]]}_weight" if known else None


def natural_rows(matrix: np.ndarray, heads: int) -> np.ndarray:
    """Undoes llama.cpp's order of rotary rows."""
    rows = matrix.shape[0]
    return matrix.reshape(heads, rows // heads // 2, 2, -1).swapaxes(1, 2).reshape(rows, *matrix.shape[1:])


def q4_1(raw: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Codes `[rows, columns]`, scales and minima `[rows, blocks]` of Q4_1 bytes."""
    blocks = raw.reshape(raw.shape[0], -1, 20)
    halves = np.ascontiguousarray(blocks[:, :, :4]).view(np.float16).astype(np.float64)
    nibbles = blocks[:, :, 4:]
    codes = np.concatenate([nibbles & 15, nibbles >> 4], axis=2)
    return codes.reshape(raw.shape[0], -1), halves[:, :, 0], halves[:, :, 1]


def q8_0(raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Codes and scales of Q8_0 bytes."""
    blocks = raw.reshape(raw.shape[0], -1, 34)
    scales = np.ascontiguousarray(blocks[:, :, :2]).view(np.float16).astype(np.float64)[:, :, 0]
    return np.ascontiguousarray(blocks[:, :, 2:]).view(np.int8).reshape(raw.shape[0], -1), scales


def stored(path: str) -> dict[str, dict[str, np.ndarray]]:
    """The parts of each compressed weight of a package, by its name."""
    spec, weights = read_spec(path)
    program = load(spec, spec.specificationVersion, weights)
    return {
        op.outputs[0].name: {name: np.asarray(var.val) for name, var in op.inputs.items() if var is not None}
        for op in program.functions["decode"].operations
        if op.op_type == "constexpr_blockwise_shift_scale"
    }


def tests(report: Report) -> None:
    """Every matrix of the model."""
    model = gguf_file()
    [artifact] = pippin("convert", model, "--quantize", "int4", "--out", os.path.join(sys.argv[1], "grid"), "--force")["artifacts"]
    found = stored(artifact["path"])
    reader = gguf.GGUFReader(model)
    heads: dict[str, Any] = {
        "attn_q": reader.fields["llama.attention.head_count"].contents(),
        "attn_k": reader.fields["llama.attention.head_count_kv"].contents(),
    }
    seen, same, worst = 0, 0, 0.0
    for tensor in reader.tensors:
        name = package_name(tensor.name)
        if name is None:
            continue
        seen += 1
        parts, raw = found[name], np.asarray(tensor.data)
        order = heads.get(tensor.name.split(".")[2]) if "blk" in tensor.name else None
        if order:
            raw = natural_rows(raw, order)
        if tensor.tensor_type == gguf.GGMLQuantizationType.Q8_0:
            codes, scales = q8_0(raw)
            same += int(np.array_equal(codes, parts["data"]) and np.array_equal(scales, parts["scale"].astype(np.float64)))
            continue
        codes, scales, minima = q4_1(raw)
        same += int(np.array_equal(codes, parts["data"]) and np.array_equal(scales, parts["scale"].astype(np.float64)))
        offsets = parts["offset"].astype(np.float64)
        values = np.repeat(scales, 32, axis=1) * (codes - np.repeat(offsets, 32, axis=1))
        wanted = np.repeat(scales, 32, axis=1) * codes + np.repeat(minima, 32, axis=1)
        worst = max(worst, float(np.linalg.norm(values - wanted) / np.linalg.norm(wanted)))
    report.check("every matrix is there", seen == 211 and len(found) == 211, f"{seen} in the file, {len(found)} in the package")
    report.check("integers and scales are those of the file", same == seen, f"{same} of {seen}")
    report.check("offsets to fp16", 0 < worst < 2**-10, f"largest relative error of a weight {worst:.1e}")


if __name__ == "__main__":
    run(tests)
