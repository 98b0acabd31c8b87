"""Replaces parts of a transformers module by forms that hold in fp16, each only where it computes the same."""

import inspect

import torch
from torch import Tensor, nn

from .decoder import RmsNorm

SAFE, UNSAFE = "rms-max-scaled", "as in transformers"


def make_norms_safe(model: nn.Module) -> str:
    """Replaces root-mean-square norms, which square their input; says which form the model's norms have then."""
    safe = True
    for parent, name, norm in children_of(model):
        if "RMSNorm" not in type(norm).__name__:
            safe = safe and "Norm" not in type(norm).__name__
            continue
        replacement = safe_twin(norm)
        safe = safe and replacement is not None
        if replacement is not None:
            setattr(parent, name, replacement)
    return SAFE if safe else UNSAFE


def safe_twin(norm: nn.Module) -> RmsNorm | None:
    """The same norm in the other form; some families keep their weights as distances from 1."""
    weight = getattr(norm, "weight", None)
    epsilon = getattr(norm, "variance_epsilon", getattr(norm, "eps", None))
    if weight is None or weight.ndim != 1 or not isinstance(epsilon, float):
        return None
    x = torch.randn(1, 3, weight.numel(), generator=torch.Generator().manual_seed(1)) * 4
    with torch.no_grad():
        want = norm(x)
        for scale in (weight.float(), 1 + weight.float()):
            twin = RmsNorm(weight.numel(), epsilon)
            twin.weight = nn.Parameter(scale)
            if isinstance(want, Tensor) and torch.allclose(twin(x), want, rtol=1e-4, atol=1e-5):
                return twin
    return None


class RotaryTables(nn.Module):
    """Looks cosine and sine up: computed from the position in fp16, angles beyond some hundred would be far off."""

    def __init__(self, rotary: nn.Module, context: int, kinds: list[str | None]) -> None:
        super().__init__()
        positions, any_dtype = torch.arange(context)[None], torch.zeros(1)
        for kind in kinds:
            with torch.no_grad():
                cos, sin = rotary(any_dtype, positions, *([] if kind is None else [kind]))
            self.register_buffer(f"rope_cos_{kind}", cos[0].float(), persistent=False)
            self.register_buffer(f"rope_sin_{kind}", sin[0].float(), persistent=False)

    def forward(self, x: Tensor, position_ids: Tensor, layer_type: str | None = None) -> tuple[Tensor, Tensor]:
        rows = [
            getattr(self, f"rope_{name}_{layer_type}").index_select(0, position_ids.reshape(-1))
            for name in ("cos", "sin")
        ]
        return rows[0][None], rows[1][None]


def tabulate_rotary(model: nn.Module, context: int) -> None:
    """Replaces the modules that compute rotary positions."""
    for parent, name, rotary in children_of(model):
        if not type(rotary).__name__.endswith("RotaryEmbedding"):
            continue
        parameters = list(inspect.signature(rotary.forward).parameters)
        if parameters[:2] != ["x", "position_ids"]:
            continue
        kinds: list[str | None] = [None]
        if "layer_type" in parameters:
            kinds = sorted(set(model.config.get_text_config().layer_types))
        setattr(parent, name, RotaryTables(rotary, context, kinds))


def children_of(model: nn.Module) -> list[tuple[nn.Module, str, nn.Module]]:
    """Every module with its parent and its name there."""
    return [(parent, name, child) for parent in model.modules() for name, child in parent.named_children()]
