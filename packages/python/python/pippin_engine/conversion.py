"""From a traced module to an ML Program, by coremltools."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import coremltools as ct
import numpy as np
import torch
from torch import nn

from .problems import Problem

TARGETS = {"ios16": ct.target.iOS16, "ios17": ct.target.iOS17, "ios18": ct.target.iOS18, "ios26": ct.target.iOS26}


@dataclass(frozen=True)
class Input:
    """An int32 input; a size of None is free, from 1 to `longest`."""

    name: str
    shape: tuple[int | None, ...]
    longest: int = 0


def trace(module: nn.Module, inputs: Sequence[Input]) -> torch.jit.ScriptModule:
    """Records what a module computes, on a few arbitrary tokens."""
    sizes = [tuple(size or min(5, given.longest) for size in given.shape) for given in inputs]
    examples = tuple(torch.ones(size, dtype=torch.int32) for size in sizes)
    # The positions and rows that the example asks for are in the program's range; a second run would move the states.
    with torch.no_grad():
        return torch.jit.trace(module.eval(), examples, check_trace=False)


def to_program(
    traced: torch.jit.ScriptModule,
    inputs: Sequence[Input],
    states: dict[str, tuple[int, ...]],
    logits: str,
    target: str,
) -> Any:
    """The ML Program in fp16.

    Raises:
        Problem: PYTHON_OPERATION_UNSUPPORTED when coremltools has no translation for an operation of PyTorch.
    """
    # Token ids are int32 at the border; the pass would cast them to 16 bits and back where a vocabulary is small.
    passes = ct.PassPipeline.DEFAULT
    passes.remove_passes({"common::add_int16_cast"})
    free = {given.longest: ct.RangeDim(1, given.longest, default=given.longest) for given in inputs if given.longest}
    try:
        return ct.convert(
            traced,
            inputs=[
                ct.TensorType(i.name, tuple(free[i.longest] if size is None else size for size in i.shape), np.int32)
                for i in inputs
            ],
            outputs=[ct.TensorType(logits, dtype=np.float16)],
            states=[
                ct.StateType(ct.TensorType(shape=shape, dtype=np.float16), name=name) for name, shape in states.items()
            ]
            or None,
            minimum_deployment_target=TARGETS[target],
            compute_precision=ct.precision.FLOAT16,
            compute_units=ct.ComputeUnit.CPU_ONLY,
            skip_model_load=True,
            pass_pipeline=passes,
        )
    except NotImplementedError as error:
        raise Problem(
            "PYTHON_OPERATION_UNSUPPORTED",
            f"coremltools {ct.__version__} cannot translate this model: {error}",
            "coremltools has no word for something that the module does; --engine pippin may know the family.",
        ) from error
