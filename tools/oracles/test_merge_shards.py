"""Judges `pippin merge-shards`: its file has the bytes that safetensors writes for all tensors at once.

test_merge_shards.py WORK_FOLDER
"""

import json
import os
import sys

import torch
from pippin import pippin
from report import Report, run
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, LlamaConfig

Tensors = dict[str, torch.Tensor]


def mixed_tensors() -> Tensors:
    """Every dtype of published checkpoints, sizes that leave no alignment, a scalar and an empty tensor."""
    torch.manual_seed(1)
    floats = {torch.float64: "f64", torch.float32: "f32", torch.float16: "f16", torch.bfloat16: "bf16"}
    tensors = {f"layer.{name}.weight": torch.randn(7, 5).to(dtype) for dtype, name in floats.items()}
    whole = {torch.int64: "i64", torch.int32: "i32", torch.int16: "i16", torch.int8: "i8", torch.uint8: "u8"}
    tensors |= {f"layer.{name}.indices": torch.randint(0, 100, (3, 11)).to(dtype) for dtype, name in whole.items()}
    tensors |= {"mask": torch.randn(13) > 0, "scale": torch.tensor(1.5), "empty": torch.zeros(0, 4)}
    return tensors | {"quantized": torch.randn(4, 6).to(torch.float8_e4m3fn), "größe": torch.ones(3)}


def write_shards(folder: str, tensors: Tensors, count: int, index: bool) -> None:
    """Deals the tensors out to `count` files, with or without their index."""
    os.makedirs(folder, exist_ok=True)
    names = [f"model-{i + 1:05}-of-{count:05}.safetensors" for i in range(count)]
    parts: dict[str, Tensors] = {name: {} for name in names}
    for i, (key, tensor) in enumerate(tensors.items()):
        parts[names[i % count]][key] = tensor
    for name, part in parts.items():
        save_file(part, os.path.join(folder, name), metadata={"format": "pt"})
    if index:
        places = {key: name for name, part in parts.items() for key in part}
        with open(os.path.join(folder, "model.safetensors.index.json"), "w", encoding="utf-8") as file:
            json.dump({"metadata": {"total_size": 1}, "weight_map": places}, file)


def transformers_shards(folder: str) -> None:
    """A sharded model as transformers saves it."""
    config = LlamaConfig(
        vocab_size=200, hidden_size=48, intermediate_size=80, num_hidden_layers=3, num_attention_heads=4
    )
    AutoModelForCausalLM.from_config(config).to(torch.bfloat16).save_pretrained(folder, max_shard_size="60KB")


def check(report: Report, label: str, folder: str) -> None:
    """Merges with Pippin and with safetensors."""
    with report.guard(label):
        shards = sorted(name for name in os.listdir(folder) if name.endswith(".safetensors"))
        tensors = {key: tensor for name in shards for key, tensor in load_file(os.path.join(folder, name)).items()}
        ours, theirs = f"{folder}-ours.safetensors", f"{folder}-theirs.safetensors"
        save_file(tensors, theirs, metadata={"format": "pt"})
        pippin("merge-shards", folder, "--out", ours, "--force")
        with open(ours, "rb") as a, open(theirs, "rb") as b:
            merged, expected = a.read(), b.read()
        detail = f"{len(shards)} shards, {len(tensors)} tensors, {len(merged)} and {len(expected)} bytes"
        report.check(label, merged == expected, detail)


def tests(report: Report) -> None:
    """Shards of transformers, of mixed dtypes, and without an index."""
    work = os.path.join(sys.argv[1], "merge")
    folders = {name: os.path.join(work, name) for name in ("transformers", "mixed", "unindexed", "single")}
    transformers_shards(folders["transformers"])
    write_shards(folders["mixed"], mixed_tensors(), 3, index=True)
    write_shards(folders["unindexed"], mixed_tensors(), 2, index=False)
    write_shards(folders["single"], mixed_tensors(), 1, index=True)
    for name, folder in folders.items():
        check(report, f"merge-shards {name}", folder)


if __name__ == "__main__":
    run(tests)
