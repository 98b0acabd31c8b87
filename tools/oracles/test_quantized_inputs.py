"""Judges how Pippin reads quantized safetensors: every weight of small models in each format, bit by bit, as the
checkpoint gives it and as a package holds it.

test_quantized_inputs.py WORK_FOLDER
"""

import json
import os
import sys

import numpy as np
import torch
from driver import Driver
from pippin import convert, node
from quantized_formats import FORMATS
from report import Report, run
from safetensors.torch import save_file
from test_gguf import check_weights
from transformers import LlamaConfig

CONFIG = LlamaConfig(vocab_size=288, hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
                     num_key_value_heads=2, head_dim=32, max_position_embeddings=64, tie_word_embeddings=False)
LARGE = (1056, 2112)
"""A weight of several tiles and stripes."""
HERE = os.path.dirname(os.path.abspath(__file__))


def linear_shapes() -> dict[str, tuple[int, int]]:
    """The projections of all layers."""
    c = CONFIG
    q, kv = c.num_attention_heads * c.head_dim, c.num_key_value_heads * c.head_dim
    layer = {"self_attn.q_proj": (q, c.hidden_size), "self_attn.k_proj": (kv, c.hidden_size),
             "self_attn.v_proj": (kv, c.hidden_size), "self_attn.o_proj": (c.hidden_size, q),
             "mlp.gate_proj": (c.intermediate_size, c.hidden_size), "mlp.up_proj": (c.intermediate_size, c.hidden_size),
             "mlp.down_proj": (c.hidden_size, c.intermediate_size)}
    return {f"model.layers.{i}.{name}": shape for i in range(c.num_hidden_layers) for name, shape in layer.items()}


def write_model(folder: str, name: str) -> dict[str, np.ndarray]:
    """Writes a random model in a format; returns its weights. MLX quantizes embeddings and head too."""
    settings, make = FORMATS[name]
    r = np.random.default_rng(len(name))
    tensors, expected = {}, {}
    ends = {"model.embed_tokens": (CONFIG.vocab_size, CONFIG.hidden_size), "lm_head": (CONFIG.vocab_size, CONFIG.hidden_size)}
    quantized = linear_shapes() | (ends if name.startswith("mlx") else {})
    for layer, (rows, columns) in quantized.items():
        parts, expected[f"{layer}.weight"] = make(r, rows, columns)
        tensors |= {f"{layer}.{part}": tensor for part, tensor in parts.items()}
    norms = [f"model.layers.{i}.{kind}" for i in range(CONFIG.num_hidden_layers) for kind in ("input_layernorm", "post_attention_layernorm")]
    plain = {norm: (CONFIG.hidden_size,) for norm in [*norms, "model.norm"]} | {k: v for k, v in ends.items() if k not in quantized}
    for layer, shape in plain.items():
        value = torch.from_numpy(r.standard_normal(shape, np.float32) * np.float32(0.1)).bfloat16()
        tensors[f"{layer}.weight"], expected[f"{layer}.weight"] = value, value.float().numpy()
    save(folder, tensors, settings)
    return expected


def save(folder: str, tensors: dict[str, torch.Tensor], settings: dict) -> None:
    """Writes a checkpoint of one file."""
    os.makedirs(folder, exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, os.path.join(folder, "model.safetensors"))
    with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
        json.dump({**CONFIG.to_dict(), **settings}, file)


def check_values(report: Report, label: str, folder: str, expected: dict[str, np.ndarray]) -> None:
    """The checkpoint has exactly these weights, with the same bits."""
    out = os.path.join(folder, "values.f32")
    listed = json.loads(node(os.path.join(HERE, "read-weights.ts"), folder, out))
    values = np.fromfile(out, "<u4")
    offset, wrong = 0, []
    for tensor in listed:
        count = int(np.prod(tensor["shape"]))
        want = expected.get(tensor["name"], np.zeros(0, np.float32))
        same = list(want.shape) == tensor["shape"] and np.array_equal(np.ascontiguousarray(want).view("<u4").reshape(-1), values[offset:offset + count])
        wrong += [] if same else [tensor["name"]]
        offset += count
    complete = {tensor["name"] for tensor in listed} == set(expected)
    report.check(label, complete and not wrong and offset == values.size, f"{len(listed)} tensors {' '.join(wrong)}")


def tests(report: Report) -> None:
    """Each format: all weights of a model, the package that is made of it, and one large weight."""
    work = os.path.join(sys.argv[1], "quantized-inputs")
    for name, (settings, make) in FORMATS.items():
        folder = os.path.join(work, name)
        with report.guard(name):
            expected = write_model(folder, name)
            check_values(report, f"{name} values", folder, expected)
            driver = Driver(convert(folder, f"{folder}-package", "--context", "32", "--prefill", "8"))
            check_weights(report, f"{name} package", driver, expected)
            parts, values = make(np.random.default_rng(1), *LARGE)
            save(f"{folder}-large", {f"w.{part}": tensor for part, tensor in parts.items()}, settings)
            check_values(report, f"{name} large weight", f"{folder}-large", {"w.weight": values})


if __name__ == "__main__":
    run(tests)
