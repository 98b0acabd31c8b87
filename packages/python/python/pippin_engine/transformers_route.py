"""Converts families that the own decoder does not know: traces the module that the transformers library has for them.

Nothing is taken on trust: what is traced is compared with the library's own answer first, on texts of several lengths
up to the context. A module that does something else than it seems to, such as a window that the given mask does not
carry, is refused.
"""

import os
from typing import Any

import torch
from torch import Tensor, nn

from .compression import compress
from .conversion import Input, to_program, trace
from .decoder import HIDDEN
from .library_modules import SAFE, make_norms_safe, tabulate_rotary
from .manifest import manifest_of, stateless_function
from .problems import Problem
from .protocol import Channel
from .request import Request, context_of

TOLERANCE = 2e-3
"""Of logits scaled to ±3, in single precision: sums in another order give 1e-5, another mask or position 1e-1."""


class Traced(nn.Module):
    """The library's module with a causal mask of ours: coremltools cannot translate the library's mask code."""

    def __init__(self, model: nn.Module, context: int) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("range", torch.arange(context, dtype=torch.int32), persistent=False)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        positions = self.range[: input_ids.shape[1]]
        seen = (positions[None, :] <= positions[:, None]) & (attention_mask > 0)
        mask = ((seen.to(torch.float32) - 1) * HIDDEN)[None, None]
        return self.model(
            input_ids=input_ids, attention_mask=mask, position_ids=positions[None], use_cache=False, return_dict=False
        )[0]


def convert(request: Request, channel: Channel) -> dict[str, Any]:
    """Writes the package without its metadata; returns the manifest."""
    channel.progress(0, 5, "reading the weights")
    model = load(request.model)
    config = model.config.get_text_config()
    context = context_of(request, getattr(config, "max_position_embeddings", 0) or 1)
    norms = make_norms_safe(model)
    tabulate_rotary(model, context)
    if norms != SAFE:
        channel.warning(
            "PYTHON_NORM_UNSAFE",
            "norms of this model may overflow in fp16: they are none that this engine can replace",
            "Check the package with pippin verify --precision fp16.",
        )
    names, vocab_size = request.names, config.vocab_size
    tokens = context if request.length == "fixed" else None
    inputs = [Input(names[role], (1, tokens), context) for role in ("tokens", "attentionMask")]
    channel.progress(1, 5, "tracing")
    try:
        traced = trace(Traced(model, context), inputs)
        channel.progress(2, 5, "comparing with transformers")
        compare(load(request.model), traced, vocab_size, [context] if tokens else [1, min(7, context), context])
    except (RuntimeError, TypeError, ValueError, AttributeError, IndexError, KeyError) as error:
        last = str(error).strip().splitlines()[-1:] or [type(error).__name__]
        raise Problem(
            "PYTHON_MODEL_UNSUPPORTED",
            f"the module of transformers cannot be traced with a plain causal mask: {last[0]}",
            "It is no plain decoder of attention, or depends on the length of the text; there is no other route yet.",
        ) from error
    channel.progress(3, 5, "converting")
    program = to_program(traced, inputs, {}, names["logits"], request.target)
    refuse_angles(program)
    channel.progress(4, 5, "compressing and writing")
    compress(program, request.quantize, request.target, names["logits"]).save(request.output)
    function = stateless_function(request, context, vocab_size)
    return manifest_of(request, config.model_type, vocab_size, context, [function], [], norms)


def load(folder: str) -> nn.Module:
    """The library's module in single precision; runs no code of the model's folder.

    Raises:
        Problem: PYTHON_MODULE_MISSING, PYTHON_MODEL_UNSUPPORTED.
    """
    try:
        import transformers
    except ImportError as error:
        raise Problem(
            "PYTHON_MODULE_MISSING",
            "the route through transformers needs that package, which the environment does not have",
            "Run pippin python setup, which installs it.",
        ) from error
    if not os.path.isfile(os.path.join(folder, "config.json")):
        raise Problem(
            "PYTHON_MODEL_UNSUPPORTED", f"{folder} has no config.json", "Name a Hugging Face folder of safetensors."
        )
    try:
        return transformers.AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=torch.float32,
            attn_implementation="eager",
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
        ).eval()
    except (ValueError, OSError, KeyError) as error:
        first = str(error).strip().splitlines()[0]
        raise Problem(
            "PYTHON_MODEL_UNSUPPORTED",
            f"transformers cannot load this model: {first}",
            "It may need code of its own, which is not run, or another version of transformers.",
        ) from error


def compare(original: nn.Module, traced: torch.jit.ScriptModule, vocab_size: int, lengths: list[int]) -> None:
    """Lets both answer the same texts, some of them padded.

    Raises:
        Problem: PYTHON_MODEL_UNSUPPORTED when the answers differ.
    """
    generator = torch.Generator().manual_seed(2)
    for length in lengths:
        ids = torch.randint(vocab_size, (1, length), generator=generator)
        with torch.no_grad():
            want = original(input_ids=ids, use_cache=False).logits
            got = traced(ids.int(), torch.ones(1, length, dtype=torch.int32))
        difference = float((got - want).abs().max() / max(1.0, float(want.abs().max()) / 3))
        if not difference <= TOLERANCE:
            answers = f"answers {length} tokens otherwise than it should (by {difference:.2g})"
            raise Problem(
                "PYTHON_MODEL_UNSUPPORTED",
                f"with a plain causal mask, this model {answers}",
                "It probably has sliding windows or a state of its own; a smaller --context may stay within a window.",
            )


def refuse_angles(program: Any) -> None:
    """Positions that became angles within the program are far off in fp16, which the comparison before does not see.

    Raises:
        Problem: PYTHON_MODEL_UNSUPPORTED.
    """
    [function] = program._mil_program.functions.values()
    if any(op.op_type in ("sin", "cos") for op in function.operations):
        message = "this model computes the angles of its positions in a way that this engine cannot tabulate"
        raise Problem(
            "PYTHON_MODEL_UNSUPPORTED", message, "In half precision they would be wrong; there is no other route yet."
        )
