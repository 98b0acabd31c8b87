"""Executes the ML Programs of an .mlpackage on a CPU, independently of Pippin.

The program is read by coremltools' own loader of serialized MIL, whose type inference rejects unknown operations,
wrong parameters, types and shapes: what loads is type-correct. Then each operation is computed in float32 and, in
the strict mode `fp16`, rounded to the type that the program declares; `fp32` leaves results as they are.
"""

import json
import logging
import math
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch

logging.disable(logging.WARNING)
warnings.simplefilter("ignore")
from coremltools import proto  # noqa: E402
from coremltools.converters.mil.frontend.milproto.load import load  # noqa: E402
from coremltools.converters.mil.mil import types  # noqa: E402
from mil_ops import KERNELS, UnsupportedOp  # noqa: E402

Precision = Literal["fp16", "fp32"]
States = dict[str, torch.Tensor]


class ProgramError(Exception):
    """The program cannot be executed, or what it computes is not what it declares."""


def read_spec(package: str) -> tuple[Any, str]:
    """The protobuf message of a package and the folder of its weights, found through its Manifest.json."""
    with open(os.path.join(package, "Manifest.json"), encoding="utf-8") as file:
        manifest = json.load(file)
    item = manifest["itemInfoEntries"][manifest["rootModelIdentifier"]]
    path = os.path.join(package, "Data", item["path"])
    spec = proto.Model_pb2.Model()
    with open(path, "rb") as file:
        spec.ParseFromString(file.read())
    return spec, os.path.join(os.path.dirname(path), "weights")


def to_tensor(value: Any) -> Any:
    """A constant as the executor holds it: floats in float32, integers in int32 (codes without a sign in int64), texts as they are."""
    if isinstance(value, str):
        return value
    array = np.asarray(value)
    held = {"f": np.float32, "i": np.int32, "u": np.int64, "b": np.bool_}[array.dtype.kind]
    return torch.from_numpy(array.astype(held))


class Declared:
    """A variable as the program declares it: name, element type, and sizes, None where they are free."""

    def __init__(self, var: Any) -> None:
        self.name, self.dtype = var.name, types.builtin_to_string(var.dtype)
        self.sizes = [int(s) if isinstance(s, (int, np.integer)) else None for s in var.shape or ()]
        self.held = {"fp16": torch.float32, "fp32": torch.float32, "int32": torch.int32, "bool": torch.bool}[self.dtype]

    def check(self, value: torch.Tensor) -> None:
        """Compares a value with the type and the sizes."""
        same = len(self.sizes) == value.ndim and all(d in (None, s) for d, s in zip(self.sizes, value.shape))
        if not same or value.dtype != self.held:
            raise ProgramError(
                f"{self.name}: {self.dtype} {self.sizes} is declared, {value.dtype} {list(value.shape)} came out"
            )


@dataclass(frozen=True)
class Step:
    """One operation, ready to run: where its parameters come from and what it must give."""

    kind: str
    name: str
    params: dict[str, str | list[str]]
    outputs: list[Declared]


@dataclass
class Trace:
    """What was noticed while running: names of operations with results that are not finite, and the largest result."""

    not_finite: list[str] = field(default_factory=list)
    largest: float = 0.0

    def note(self, name: str, value: torch.Tensor) -> None:
        """Looks at one result."""
        if value.dtype != torch.float32:
            return
        largest = float(value.abs().max())
        self.largest = max(self.largest, largest)
        if not math.isfinite(largest):
            self.not_finite.append(name)


class Function:
    """One function of a program."""

    def __init__(self, function: Any) -> None:
        is_state = {name: types.is_state(var.sym_type) for name, var in function.inputs.items()}
        self.inputs = {name: Declared(var) for name, var in function.inputs.items() if not is_state[name]}
        self.states: dict[str, list[int]] = {
            name: [int(size) for size in var.sym_type.wrapped_type().get_shape()]
            for name, var in function.inputs.items()
            if is_state[name]
        }
        self.outputs = [var.name for var in function.outputs]
        self.constants: dict[str, Any] = {}
        self.steps: list[Step] = []
        for op in function.operations:
            if op.op_type == "const":
                self.constants[op.outputs[0].name] = to_tensor(op.outputs[0].val)
            elif op.op_type.startswith("constexpr_"):
                self.constants[op.outputs[0].name] = to_tensor(op.materialized_val_inference())
            elif op.op_type in KERNELS or op.op_type in ("read_state", "coreml_update_state"):
                self.steps.append(Step(op.op_type, op.name, names_of(op.inputs), [Declared(v) for v in op.outputs]))
            else:
                raise UnsupportedOp(f"{op.op_type} ({op.name})")


def names_of(inputs: Mapping[str, Any]) -> dict[str, str | list[str]]:
    """Names of the variables that an operation's parameters are bound to."""
    given = {key: var for key, var in inputs.items() if var is not None}
    return {k: [v.name for v in var] if isinstance(var, (list, tuple)) else var.name for k, var in given.items()}


class Package:
    """The loaded functions of a package; they share states."""

    def __init__(self, path: str, precision: Precision = "fp16") -> None:
        spec, weights = read_spec(path)
        program = load(spec, spec.specificationVersion, weights)
        self.spec = spec
        self.functions = {name: Function(function) for name, function in program.functions.items()}
        self.precision: Precision = precision

    def new_states(self) -> States:
        """All states of all functions, filled with zeros."""
        return {name: torch.zeros(shape) for f in self.functions.values() for name, shape in f.states.items()}

    def run(
        self, name: str, feeds: Mapping[str, np.ndarray], states: States, trace: Trace | None = None
    ) -> dict[str, np.ndarray]:
        """The outputs of one call; `states` change in place."""
        function = self.functions[name]
        if set(feeds) != set(function.inputs):
            raise ProgramError(f"{name} wants {sorted(function.inputs)}, got {sorted(feeds)}")
        env: dict[str, Any] = dict(function.constants)
        for key, declared in function.inputs.items():
            env[key] = to_tensor(feeds[key])
            declared.check(env[key])
        with torch.no_grad():
            for step in function.steps:
                for declared, value in zip(step.outputs, self.compute(step, env, states), strict=True):
                    if self.precision == "fp16" and declared.dtype == "fp16":
                        value = value.half().float()
                    declared.check(value)
                    if trace is not None:
                        trace.note(step.name, value)
                    env[declared.name] = value
        return {output: env[output].numpy() for output in function.outputs}

    def compute(self, step: Step, env: Mapping[str, Any], states: States) -> list[torch.Tensor]:
        """The results of one operation, before rounding."""
        if step.kind == "read_state":
            return [states[str(step.params["input"])]]
        params = {k: [env[n] for n in ns] if isinstance(ns, list) else env.get(ns) for k, ns in step.params.items()}
        if step.kind == "coreml_update_state":
            return [self.update_state(str(step.params["state"]), params["value"], states)]
        try:
            result = KERNELS[step.kind](params)
        except (UnsupportedOp, RuntimeError, KeyError) as error:
            raise ProgramError(f"{step.kind} {step.name}: {error}") from error
        return result if isinstance(result, list) else [result]

    def update_state(self, name: str, value: torch.Tensor, states: States) -> torch.Tensor:
        """Gives a state its next value, which is also the operation's result; states hold float16 on a device."""
        if value.shape != states[name].shape:
            raise ProgramError(f"the state {name} is {list(states[name].shape)}, its value {list(value.shape)}")
        states[name] = value.half().float() if self.precision == "fp16" else value
        return states[name]
