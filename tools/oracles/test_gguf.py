"""Judges how Pippin reads GGUF: weights of packages from tiny files in each encoding against gguf-py, and logits of
each architecture against transformers' own reader.

test_gguf.py WORK_FOLDER
"""

import os
import random
import sys
from dataclasses import dataclass

import gguf
import numpy as np
import torch
from compare import distance
from driver import Driver
from gguf.quants import dequantize, quantize
from pippin import convert
from report import Report, run
from transformers import AutoModelForCausalLM, GgufConfig

Type = gguf.GGMLQuantizationType
ENCODINGS = (Type.F32, Type.F16, Type.BF16, Type.Q8_0, Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1, Type.MXFP4)
SCALES = {Type.Q2_K: (80, 82), Type.Q3_K: (108,), Type.Q4_K: (0, 2), Type.Q5_K: (0, 2), Type.Q6_K: (208,),
          Type.IQ4_NL: (0,), Type.IQ4_XS: (0,)}
"""Types that gguf-py only reads, and where the fp16 numbers of their blocks lie; all other bytes may be any."""
MAX_LOGITS = 1e-3
CONTEXT = 32
HEAD_DIM = {"llama": 32, "qwen2": 16, "qwen3": 128}
"""transformers' reader takes the head size from the file for llama only; the others are what it assumes."""


@dataclass(frozen=True)
class Shape:
    """Sizes of a model; quantized rows are multiples of 32, those of K-quants of 256."""

    vocabulary: int = 288
    hidden: int = 64
    inner: int = 96
    layers: int = 2
    heads: int = 4
    kv_heads: int = 2
    architecture: str = "llama"

    @property
    def head_dim(self) -> int:
        """Size of a head."""
        return HEAD_DIM[self.architecture]

    def tensors(self, tied: bool) -> dict[str, tuple[int, ...]]:
        """llama.cpp's names and the shapes as Hugging Face has them, rows first."""
        q, kv = self.heads * self.head_dim, self.kv_heads * self.head_dim
        block = {"attn_q": (q, self.hidden), "attn_k": (kv, self.hidden), "attn_v": (kv, self.hidden),
                 "attn_output": (self.hidden, q), "ffn_gate": (self.inner, self.hidden),
                 "ffn_up": (self.inner, self.hidden), "ffn_down": (self.hidden, self.inner),
                 "attn_norm": (self.hidden,), "ffn_norm": (self.hidden,)}
        block |= {"attn_q_norm": (self.head_dim,), "attn_k_norm": (self.head_dim,)} if self.architecture == "qwen3" else {}
        shapes = {f"blk.{i}.{k}.weight": shape for i in range(self.layers) for k, shape in block.items()}
        if self.architecture == "qwen2":
            sizes = {"attn_q": (q,), "attn_k": (kv,), "attn_v": (kv,)}
            shapes |= {f"blk.{i}.{k}.bias": shape for i in range(self.layers) for k, shape in sizes.items()}
        shapes |= {"token_embd.weight": (self.vocabulary, self.hidden), "output_norm.weight": (self.hidden,)}
        return shapes if tied else {**shapes, "output.weight": (self.vocabulary, self.hidden)}


def interleave_halves(rows: np.ndarray, heads: int) -> np.ndarray:
    """The order in which llama.cpp's converter stores query and key rows: (0, n/2, 1, n/2 + 1, …) of each head."""
    size = rows.shape[0] // heads
    order = np.arange(size).reshape(2, size // 2).T.reshape(-1)
    return rows.reshape(heads, size, -1)[:, order].reshape(rows.shape)


def restore_halves(rows: np.ndarray, heads: int) -> np.ndarray:
    """The inverse of `interleave_halves`."""
    size = rows.shape[0] // heads
    order = np.argsort(np.arange(size).reshape(2, size // 2).T.reshape(-1))
    return rows.reshape(heads, size, -1)[:, order].reshape(rows.shape)


def write_metadata(writer: gguf.GGUFWriter, shape: Shape) -> None:
    """Hyperparameters, and a vocabulary of bytes, two words and control tokens."""
    writer.add_context_length(64)
    writer.add_embedding_length(shape.hidden)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_key_length(shape.head_dim)
    writer.add_value_length(shape.head_dim)
    writer.add_rope_dimension_count(shape.head_dim)
    writer.add_rope_freq_base(50000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(shape.vocabulary)
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    alphabet = [chr(byte) for byte in printable] + [chr(256 + i) for i in range(len(others))]
    words = [*alphabet, "th", "the"]
    control = [f"<|{i}|>" for i in range(shape.vocabulary - len(words))]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(words + control)
    writer.add_token_types([gguf.TokenType.NORMAL] * len(words) + [gguf.TokenType.CONTROL] * len(control))
    writer.add_token_merges(["t h", "th e"])
    writer.add_eos_token_id(shape.vocabulary - 1)


def random_blocks(size: tuple[int, ...], kind: Type, r: np.random.Generator) -> np.ndarray:
    """Blocks of any codes, whose values have the magnitude of weights."""
    elements, block = gguf.GGML_QUANT_SIZES[kind]
    data = r.integers(0, 256, (size[0] * size[1] // elements, block), dtype=np.uint8)
    for place in SCALES[kind]:
        scales = r.uniform(2e-5, 2e-4, (len(data), 1)).astype("<f2")
        data[:, place:place + 2] = scales.view(np.uint8)
    return data.reshape(size[0], -1)


def write_gguf(path: str, architecture: str, encoding: Type, tied: bool) -> dict[str, np.ndarray]:
    """Writes a random model; returns what gguf-py reads back, in the order of Hugging Face's rows."""
    wide = {"hidden": 256, "inner": 512, "heads": 8} if encoding in SCALES else {}
    shape, r = Shape(architecture=architecture, **wide), np.random.default_rng(len(path))
    writer = gguf.GGUFWriter(path, architecture)
    write_metadata(writer, shape)
    expected = {}
    for name, size in shape.tensors(tied).items():
        values = r.standard_normal(size, np.float32) * np.float32(0.1)
        values = values + np.float32(1) if "norm" in name else values
        heads = shape.heads if "attn_q." in name else shape.kv_heads if "attn_k." in name else 0
        permuted = architecture == "llama" and heads > 0
        stored = interleave_halves(values, heads) if permuted else values
        kind = encoding if len(size) == 2 else Type.F32
        if kind in SCALES:
            data = random_blocks(size, kind, r)
        else:
            data = stored if kind == Type.F32 else quantize(stored, kind)
        writer.add_tensor(name, data, raw_dtype=kind)
        read = stored if kind == Type.F32 else dequantize(data, kind)
        expected[name] = restore_halves(read, heads) if permuted else read
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return expected


def check_weights(report: Report, label: str, driver: Driver, expected: dict[str, np.ndarray]) -> None:
    """Each tensor, rounded to float16, is a constant of each function, and no other large constant is there."""
    for name, function in driver.package.functions.items():
        constants = [v.numpy() for v in function.constants.values() if isinstance(v, torch.Tensor)]
        found = {(a.shape, a.tobytes()) for a in constants if a.dtype == np.float32}
        rounded = {k: v.astype(np.float16).astype(np.float32) for k, v in expected.items()}
        lacking = [k for k, v in rounded.items() if (v.shape, v.tobytes()) not in found]
        large = sum(len(shape) == 2 for shape, _ in found)
        wanted = sum(v.ndim == 2 for v in rounded.values()) + 2  # cosines and sines
        report.check(f"{label} {name} weights", not lacking and large == wanted, f"{len(expected)} {' '.join(lacking)}")


def check_logits(report: Report, label: str, driver: Driver, path: str) -> None:
    """The package computes what transformers computes from the same file."""
    folder, name = os.path.split(path)
    unpacked = GgufConfig(gguf_file=path, dequantize=True)
    options = {"quantization_config": unpacked, "dtype": torch.float32, "attn_implementation": "eager"}
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, **options).eval()
    for parameter in model.parameters():
        parameter.data = parameter.data.half().float()
    ids = [random.Random(label).randrange(Shape().vocabulary) for _ in range(24)]
    with torch.no_grad():
        want = model(torch.tensor([ids])).logits[0].numpy()
    driver.package.precision = "fp32"
    far = distance(driver.sequence(ids), want)
    report.check(f"{label} logits", far.largest <= MAX_LOGITS, str(far))


def tests(report: Report) -> None:
    """Each encoding of the architecture with permuted rows, and the other architectures."""
    work = os.path.join(sys.argv[1], "gguf")
    os.makedirs(work, exist_ok=True)
    cases = [("llama", encoding, i % 2 == 0) for i, encoding in enumerate((*ENCODINGS, *SCALES))]
    cases += [("qwen2", Type.Q8_0, False), ("qwen2", Type.Q4_1, True), ("qwen3", Type.BF16, False), ("qwen3", Type.Q4_0, True)]
    for architecture, encoding, tied in cases:
        label = f"{architecture} {encoding.name} {'tied' if tied else 'untied'}"
        with report.guard(label):
            path = os.path.join(work, f"{label.replace(' ', '-')}.gguf")
            expected = write_gguf(path, architecture, encoding, tied)
            driver = Driver(convert(path, path.removesuffix(".gguf"), "--context", str(CONTEXT), "--prefill", "8"))
            check_weights(report, label, driver, expected)
            check_logits(report, label, driver, path)


if __name__ == "__main__":
    run(tests)
