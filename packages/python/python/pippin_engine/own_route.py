"""Converts the families that the decoder of this engine knows."""

import os
from typing import Any

import coremltools as ct

from .checkpoint import invalid, read_tensors
from .compression import compress
from .conversion import Input, to_program, trace
from .decoder import Decoder
from .manifest import cache_shape, cache_states, manifest_of, stateful_function, stateless_function
from .model_config import ModelConfig, read_config
from .problems import Problem
from .programs import Stateful, Stateless
from .protocol import Channel
from .request import Request, context_of

STATE_MULTIPLE = 32
"""The Neural Engine asks this of the sizes of states (coremltools issue 2631)."""
PREFIX, HEAD, EMBEDDING = "model.", "lm_head.weight", "embed_tokens.weight"
ROTARY = "rotary_emb.inv_freq"
"""A table that some checkpoints carry; it is computed from the config."""


def load_decoder(folder: str, config: ModelConfig, positions: int) -> Decoder:
    """The decoder with the checkpoint's weights.

    Raises:
        Problem: PYTHON_CHECKPOINT_INVALID when weights are missing, left over, or of other shapes.
    """
    decoder = Decoder(config, positions)
    weights = {name.removeprefix(PREFIX): tensor for name, tensor in read_tensors(folder) if not name.endswith(ROTARY)}
    if config.tied or HEAD not in weights:
        weights[HEAD] = weights.get(EMBEDDING)
    wanted = decoder.state_dict()
    odd = sorted(set(wanted) ^ set(weights)) or [
        name for name, tensor in weights.items() if tensor is None or tensor.shape != wanted[name].shape
    ]
    if odd:
        raise invalid(
            f"{len(odd)} weights are missing, left over, or have other shapes than config.json says, such as {odd[0]}"
        )
    # Assigned and not copied: the weights are in memory once, and a shared one stays shared.
    decoder.load_state_dict(weights, assign=True)
    return decoder.eval().requires_grad_(False)


def convert(request: Request, channel: Channel) -> dict[str, Any]:
    """Writes the package without its metadata; returns the manifest."""
    config = read_config(request.model)
    context = context_of(request, config.max_positions)
    if context > config.max_positions:
        message = f"a context of {context} tokens was asked for, the model was trained for {config.max_positions}"
        raise Problem("PYTHON_OPTION_INVALID", message, f"Choose --context {config.max_positions} or less.")
    route = stateful if request.program == "stateful" else stateless
    return route(request, config, context, channel)


def stateless(request: Request, config: ModelConfig, context: int, channel: Channel) -> dict[str, Any]:
    """One function for whole texts."""
    channel.progress(0, 4, "reading the weights")
    decoder = load_decoder(request.model, config, context)
    names = request.names
    tokens = context if request.length == "fixed" else None
    inputs = [Input(names[role], (1, tokens), context) for role in ("tokens", "attentionMask")]
    channel.progress(1, 4, "tracing and converting")
    fused = request.target in ("ios18", "ios26")
    traced = trace(Stateless(decoder, context, fused), inputs)
    model = to_program(traced, inputs, {}, names["logits"], request.target)
    channel.progress(2, 4, "compressing")
    model = compress(model, request.quantize, request.target, names["logits"])
    channel.progress(3, 4, "writing")
    model.save(request.output)
    function = stateless_function(request, context, config.vocab_size)
    return manifest_of(request, config.family, config.vocab_size, context, [function], [])


def stateful(request: Request, config: ModelConfig, context: int, channel: Channel) -> dict[str, Any]:
    """Two functions over the same weights and states: one token, and many."""
    slots = -(-context // STATE_MULTIPLE) * STATE_MULTIPLE
    shape = cache_shape(config, slots)
    functions = {"decode": 1, "prefill": min(request.prefill, context)}
    channel.progress(0, 6, "reading the weights")
    decoder = load_decoder(request.model, config, slots)
    merged = ct.utils.MultiFunctionDescriptor()
    for step, (name, tokens) in enumerate(functions.items()):
        channel.progress(1 + 2 * step, 6, f"tracing and converting {name}")
        path = os.path.join(request.work, f"{name}.mlpackage")
        model = one_function(request, decoder, shape, tokens)
        channel.progress(2 + 2 * step, 6, f"compressing {name}")
        compress(model, request.quantize, request.target, request.names["logits"]).save(path)
        merged.add_function(path, "main", name)
    channel.progress(5, 6, "writing")
    merged.default_function_name = "decode"
    ct.utils.save_multifunction(merged, request.output)
    described = [stateful_function(request, name, tokens, config.vocab_size) for name, tokens in functions.items()]
    states = cache_states(request, shape)
    return manifest_of(request, config.family, config.vocab_size, context, described, states)


def one_function(request: Request, decoder: Decoder, shape: tuple[int, ...], tokens: int) -> Any:
    """The program of one call's length."""
    names = request.names
    inputs = [Input(names["tokens"], (1, tokens)), Input(names["position"], (1,))]
    if tokens > 1:
        inputs.append(Input(names["lastToken"], (1,)))
    traced = trace(Stateful(decoder, shape[2], tokens), inputs)
    states = {names[role]: shape for role in ("keyCache", "valueCache")}
    return to_program(traced, inputs, states, names["logits"], request.target)
