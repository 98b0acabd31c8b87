"""Tables of rotary positions."""

import math

import torch

from .model_config import ModelConfig, Rope


def frequencies(rope: Rope, head_dim: int) -> torch.Tensor:
    """Angle per position of each pair of a head, `[head_dim / 2]` in float64."""
    plain = rope.theta ** (-torch.arange(0, head_dim, 2, dtype=torch.float64) / head_dim)
    if rope.kind == "default":
        return plain
    factor = float(rope.parameters["factor"])
    if rope.kind == "linear":
        return plain / factor
    return llama3(plain, factor, rope)


def llama3(plain: torch.Tensor, factor: float, rope: Rope) -> torch.Tensor:
    """Slow turns are divided, quick ones are not, and those between are blended (Llama 3.1's rule)."""
    low, high = float(rope.parameters["low_freq_factor"]), float(rope.parameters["high_freq_factor"])
    turns = rope.parameters["original_max_position_embeddings"] * plain / (2 * math.pi)
    blend = ((turns - low) / (high - low)).clamp(0, 1)
    return (1 - blend) * plain / factor + blend * plain


def tables(config: ModelConfig, positions: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Cosine and signed sine, `[positions, head_dim]`: the first half of a head turns by −sin, the second by sin."""
    angles = torch.arange(positions, dtype=torch.float64)[:, None] * frequencies(config.rope, config.head_dim)
    cos, sin = angles.cos(), angles.sin()
    return torch.cat((cos, cos), -1).float(), torch.cat((-sin, sin), -1).float()
