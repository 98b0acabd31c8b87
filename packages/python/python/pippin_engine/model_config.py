"""Reads what a model is from its config.json, for the families that this engine builds."""

import json
import os
from dataclasses import dataclass
from typing import Any

from .problems import unsupported

FAMILIES = ("llama", "mistral", "qwen2", "qwen3")
ACTIVATIONS = {"silu": "silu", "swish": "silu", "gelu_pytorch_tanh": "gelu_tanh", "gelu": "gelu"}
ROPES = ("default", "linear", "llama3")
Keys = dict[str, Any]


@dataclass(frozen=True)
class Rope:
    """Rotary positions: the base, and how the frequencies are stretched."""

    theta: float
    kind: str
    parameters: Keys


@dataclass(frozen=True)
class ModelConfig:
    """The sizes and kinds of a decoder; names as in Hugging Face's configs, where it has them."""

    family: str
    vocab_size: int
    hidden_size: int
    intermediate_size: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    max_positions: int
    epsilon: float
    activation: str
    rope: Rope
    qkv_bias: bool
    output_bias: bool
    mlp_bias: bool
    qk_norm: bool
    tied: bool
    windows: tuple[int | None, ...]
    """Sliding window of each layer."""


def read_config(folder: str) -> ModelConfig:
    """The model of a folder.

    Raises:
        Problem: PYTHON_MODEL_UNSUPPORTED, which names what is not known.
    """
    path = os.path.join(folder, "config.json")
    if not os.path.isfile(path):
        raise unsupported(f"{folder} has no config.json: this engine reads Hugging Face folders of safetensors")
    with open(path, encoding="utf-8") as file:
        keys: Keys = json.load(file)
    family = keys.get("model_type")
    if family not in FAMILIES:
        raise unsupported(f"models of type {family!r} are not known to this engine, which builds {', '.join(FAMILIES)}")
    if keys.get("quantization_config") or keys.get("quantization"):
        raise unsupported("this checkpoint is quantized, and this engine reads plain weights")
    try:
        return from_keys(family, keys)
    except KeyError as error:
        raise unsupported(f"config.json has no {error.args[0]}") from error


def from_keys(family: str, keys: Keys) -> ModelConfig:
    """The config's keys in our words."""
    heads = keys["num_attention_heads"]
    activation = keys.get("hidden_act", "silu")
    if activation not in ACTIVATIONS:
        raise unsupported(f"the activation {activation!r} is not known to this engine")
    bias = bool(keys.get("attention_bias", False))
    return ModelConfig(
        family=family,
        vocab_size=keys["vocab_size"],
        hidden_size=keys["hidden_size"],
        intermediate_size=keys["intermediate_size"],
        layers=keys["num_hidden_layers"],
        heads=heads,
        kv_heads=keys.get("num_key_value_heads") or heads,
        head_dim=keys.get("head_dim") or keys["hidden_size"] // heads,
        max_positions=keys["max_position_embeddings"],
        epsilon=keys.get("rms_norm_eps", 1e-6),
        activation=ACTIVATIONS[activation],
        rope=rope_of(keys),
        qkv_bias=family == "qwen2" or bias,
        output_bias=family != "qwen2" and bias,
        mlp_bias=bool(keys.get("mlp_bias", False)),
        qk_norm=family == "qwen3",
        tied=bool(keys.get("tie_word_embeddings", False)),
        windows=windows_of(family, keys),
    )


def rope_of(keys: Keys) -> Rope:
    """Transformers 5 writes rope_parameters, older versions rope_theta and rope_scaling."""
    scaling: Keys = keys.get("rope_parameters") or keys.get("rope_scaling") or {}
    kind = scaling.get("rope_type") or scaling.get("type") or "default"
    if kind not in ROPES:
        raise unsupported(f"the rotary scaling {kind!r} is not known to this engine")
    if keys.get("partial_rotary_factor", 1) != 1 or scaling.get("partial_rotary_factor", 1) != 1:
        raise unsupported("rotary positions of a part of each head are not known to this engine")
    theta = scaling.get("rope_theta") or keys.get("rope_theta") or 10000.0
    return Rope(float(theta), kind, scaling)


def windows_of(family: str, keys: Keys) -> tuple[int | None, ...]:
    """Which layers look back only so far. Mistral has one for all; Qwen switches it on, from a layer on."""
    layers, window = keys["num_hidden_layers"], keys.get("sliding_window")
    if family == "mistral":
        return (window,) * layers
    if family == "llama" or not window or not keys.get("use_sliding_window", False):
        return (None,) * layers
    kinds = keys.get("layer_types")
    if kinds is not None:
        return tuple(window if kind == "sliding_attention" else None for kind in kinds)
    first = keys.get("max_window_layers", layers)
    return tuple(window if layer >= first else None for layer in range(layers))
