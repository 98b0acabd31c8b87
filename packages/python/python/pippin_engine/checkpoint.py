"""Reads safetensors: one file, or shards by their index."""

import json
import os
from collections.abc import Iterator

import torch
from safetensors import safe_open

from .problems import Problem

INDEX = "model.safetensors.index.json"


def weight_files(folder: str) -> list[str]:
    """The files that hold a model's weights.

    Raises:
        Problem: PYTHON_CHECKPOINT_INVALID when a file is missing or lies elsewhere.
    """
    index = os.path.join(folder, INDEX)
    names = ["model.safetensors"]
    if os.path.isfile(index):
        with open(index, encoding="utf-8") as file:
            names = sorted(set(json.load(file)["weight_map"].values()))
    elif not os.path.isfile(os.path.join(folder, names[0])):
        names = sorted(name for name in os.listdir(folder) if name.endswith(".safetensors"))
    if not names:
        raise invalid(f"{folder} holds no .safetensors file")
    for name in names:
        if os.path.basename(name) != name or not os.path.isfile(os.path.join(folder, name)):
            raise invalid(f"{name} is not in {folder}")
    return [os.path.join(folder, name) for name in names]


def read_tensors(folder: str) -> Iterator[tuple[str, torch.Tensor]]:
    """Every tensor in single precision, one by one."""
    for path in weight_files(folder):
        try:
            with safe_open(path, framework="pt") as file:
                for name in file.keys():  # noqa: SIM118 (not a dict)
                    yield name, file.get_tensor(name).float()
        except Exception as error:
            raise invalid(f"{os.path.basename(path)} cannot be read: {error}") from error


def invalid(message: str) -> Problem:
    """The weights are not as they should be."""
    hint = "Fetch the model again: a download was probably cut off."
    return Problem("PYTHON_CHECKPOINT_INVALID", message, hint)
