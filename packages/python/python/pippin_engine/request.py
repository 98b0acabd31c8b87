"""What the engine is asked for."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Request:
    """One conversion. Absent choices are None and decided by the model."""

    model: str
    """Folder of the model."""
    output: str
    """Path of the package to write; its folder exists."""
    work: str
    """An empty folder for what is needed on the way."""
    route: str
    """`own`: the decoder of this engine; `transformers`: the module of that library."""
    program: str
    target: str
    quantize: str
    context: int | None
    prefill: int
    length: str
    names: dict[str, str]
    facts: dict[str, Any]
    """Source, revision, license and stop tokens, for the manifest."""
    metadata: dict[str, str]
    """More entries for the package's metadata."""


DEFAULT_CONTEXT = 2048


def context_of(request: Request, max_positions: int) -> int:
    """Tokens of prompt and answer together."""
    return request.context or min(max_positions, DEFAULT_CONTEXT)
