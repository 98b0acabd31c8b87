"""Pippin's runtime manifest: how the package is driven. The schema is `RuntimeManifest` of @pippin/core."""

from typing import Any

from .decoder import NORM_FORM
from .model_config import ModelConfig
from .request import Request

Feature = dict[str, Any]


def feature(request: Request, role: str, shape: list[int | None], dtype: str = "I32") -> Feature:
    """One input or output."""
    return {"name": request.names[role], "role": role, "dtype": dtype, "shape": shape}


def stateless_function(request: Request, context: int, vocab_size: int) -> Feature:
    """Whole texts in, logits of every position out."""
    tokens = context if request.length == "fixed" else None
    return {
        "name": "main",
        "tokens": tokens or {"min": 1, "max": context},
        "padding": "right",
        "logitsRows": "all",
        "inputs": [feature(request, role, [1, tokens]) for role in ("tokens", "attentionMask")],
        "outputs": [feature(request, "logits", [1, tokens, vocab_size], "F16")],
    }


def stateful_function(request: Request, name: str, tokens: int, vocab_size: int) -> Feature:
    """Some tokens at a position in, logits of one of them out."""
    inputs = [feature(request, "tokens", [1, tokens]), feature(request, "position", [1])]
    if tokens > 1:
        inputs.append(feature(request, "lastToken", [1]))
    return {
        "name": name,
        "tokens": tokens,
        "padding": "right" if tokens > 1 else "none",
        "logitsRows": "last",
        "inputs": inputs,
        "outputs": [feature(request, "logits", [1, 1, vocab_size], "F16")],
    }


def cache_states(request: Request, shape: tuple[int, ...]) -> list[Feature]:
    """Keys and values of all tokens."""
    layout = ["layer", "kvHead", "position", "headDim"]
    return [
        {"name": request.names[role], "role": role, "dtype": "F16", "shape": list(shape), "layout": layout}
        for role in ("keyCache", "valueCache")
    ]


def manifest_of(
    request: Request,
    family: str,
    vocab_size: int,
    context: int,
    functions: list[Feature],
    states: list[Feature],
    norm_form: str = NORM_FORM,
) -> dict[str, Any]:
    """The whole manifest."""
    facts = {key: request.facts[key] for key in ("source", "revision", "license") if request.facts.get(key)}
    return {
        "version": 1,
        "backend": "coreml",
        "program": "stateful" if states else "stateless",
        "model": {**facts, "family": family, "vocabSize": vocab_size},
        "contextLength": context,
        "packages": [request.output.replace("\\", "/").rsplit("/", 1)[-1]],
        "functions": functions,
        "defaultFunction": functions[0]["name"],
        "states": states,
        "mask": "internal" if states else "attentionMask",
        "stopTokens": request.facts["stopTokens"],
        "normForm": norm_form,
        "quantization": request.quantize,
    }


def cache_shape(config: ModelConfig, slots: int) -> tuple[int, ...]:
    """Of each of the two states."""
    return (config.layers, config.kv_heads, slots, config.head_dim)
