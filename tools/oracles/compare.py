"""How far logits are from the reference's, and whether they choose the same tokens."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Distance:
    """Largest difference of logits that were scaled to ±3, and mean Kullback-Leibler divergence of their softmax."""

    largest: float
    divergence: float

    def __str__(self) -> str:
        return f"max {self.largest:.1e} KL {self.divergence:.1e}"


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Over the last axis, in float64."""
    shifted = logits.astype(np.float64) - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def distance(got: np.ndarray, want: np.ndarray) -> Distance:
    """Compares rows of logits. Small logits are not scaled up."""
    if got.shape != want.shape or not np.isfinite(got).all():
        return Distance(float("inf"), float("inf"))
    scale = max(1.0, float(np.abs(want).max()) / 3)
    p, q = log_softmax(want), log_softmax(got)
    return Distance(float(np.abs(got - want).max()) / scale, float((np.exp(p) * (p - q)).sum(-1).mean()))


@dataclass
class Choices:
    """Greedy choices against the reference's: how many differ, and by how much the reference preferred its own."""

    tokens: int
    margins: list[float] = field(default_factory=list)

    def within(self, margin: float, most: int) -> bool:
        """Whether all differences are near ties, and few."""
        return len(self.margins) <= most and all(m < margin for m in self.margins)

    def __str__(self) -> str:
        ties = ", ".join(f"{m:.3f}" for m in self.margins)
        return f"greedy {self.tokens - len(self.margins)}/{self.tokens}" + (f" (margins {ties})" if ties else "")


def choices(got: np.ndarray, want: np.ndarray) -> Choices:
    """Compares the best token of each row; `want` are the reference's logits of the same context."""
    ours, theirs = got.argmax(-1), want.argmax(-1)
    differing = np.nonzero(ours != theirs)[0]
    return Choices(len(want), [float(want[i, theirs[i]] - want[i, ours[i]]) for i in differing])


def shortfalls(chosen: Sequence[int], logits: np.ndarray) -> Choices:
    """Judges tokens that somebody else chose by logits of the same contexts: the margin is what the choice lacks."""
    lacking = [float(row.max() - row[token]) for token, row in zip(chosen, logits, strict=True)]
    return Choices(len(chosen), [m for m in lacking if m > 0])
