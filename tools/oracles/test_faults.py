"""Judges the judges: faults planted into a good package must be found by the check that is there for them.

test_faults.py WORK_FOLDER
"""

import os
import shutil
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from cases import Case, make_case
from compare import distance
from describe import problems_of
from driver import Driver
from mil_execute import read_spec
from pippin import convert
from report import Report, run
from test_coreml import MAX_EXACT, PROGRAMS
from transformers import AutoModelForCausalLM

Edit = Callable[[Any], None]
SPEC = os.path.join("Data", "com.apple.CoreML", "model.mlmodel")
WEIGHTS = os.path.join("Data", "com.apple.CoreML", "weights", "weight.bin")


def operations(spec: Any, kind: str, function: str = "decode") -> list[Any]:
    """The operations of a kind in one function."""
    [block] = spec.mlProgram.functions[function].block_specializations.values()
    return [op for op in block.operations if op.type == kind]


def rename_operation(spec: Any) -> None:
    """An operation that does not exist."""
    operations(spec, "silu")[0].type = "swish"


def wrong_shape(spec: Any) -> None:
    """A result that is declared one larger than it is."""
    operations(spec, "linear")[0].outputs[0].type.tensorType.dimensions[2].constant.size += 1


def wrong_type(spec: Any) -> None:
    """A half-precision result that is declared as float32."""
    operations(spec, "mul")[0].outputs[0].type.tensorType.dataType = 11


def drop_parameter(spec: Any) -> None:
    """A required parameter is missing."""
    del operations(spec, "linear")[0].inputs["x"]


def swap_concat(spec: Any) -> None:
    """Type-correct: the halves of a rotated head are exchanged."""
    arguments = operations(spec, "concat")[0].inputs["values"].arguments
    first, second = arguments[0].name, arguments[1].name
    arguments[0].name, arguments[1].name = second, first


def less_for_less_equal(spec: Any) -> None:
    """Type-correct: a token does not see itself."""
    operations(spec, "less_equal")[0].type = "less"


def describe_wrong_type(spec: Any) -> None:
    """Tokens described as float16."""
    spec.description.functions[0].input[0].type.multiArrayType.dataType = 65552


def describe_wrong_shape(spec: Any) -> None:
    """A state described with another size."""
    spec.description.functions[1].state[0].type.stateType.arrayType.shape[2] += 32


def lose_output(spec: Any) -> None:
    """An output that the description forgets."""
    del spec.description.functions[0].output[:]


def wrong_default(spec: Any) -> None:
    """A default function that is not there."""
    spec.description.defaultFunctionName = "main"


def foreign_manifest(spec: Any) -> None:
    """Metadata that say something else than the file beside the package."""
    data = spec.description.metadata.userDefined
    data["pippin.manifest"] = data["pippin.manifest"].replace('"version":1', '"version":2')


LOADING = (rename_operation, wrong_shape, wrong_type, drop_parameter)
DESCRIPTION = (describe_wrong_type, describe_wrong_shape, lose_output, wrong_default, foreign_manifest)
NUMBERS = (swap_concat, less_for_less_equal)


def copy_with(good: str, edit: Edit) -> str:
    """A copy of a converted folder with an edited program."""
    folder = f"{good}-{edit.__name__}"
    shutil.copytree(good, folder, dirs_exist_ok=True)
    [package] = [os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".mlpackage")]
    spec, _ = read_spec(package)
    edit(spec)
    with open(os.path.join(package, SPEC), "wb") as file:
        file.write(spec.SerializeToString())
    return folder


def copy_with_weights(good: str, name: str, old: np.ndarray, new: np.ndarray) -> str:
    """A copy of a converted folder with other values of one weight."""
    folder = f"{good}-{name}"
    shutil.copytree(good, folder, dirs_exist_ok=True)
    [package] = [os.path.join(folder, entry) for entry in os.listdir(folder) if entry.endswith(".mlpackage")]
    with open(os.path.join(package, WEIGHTS), "r+b") as file:
        data = file.read()
        file.seek(data.index(old.astype(np.float16).tobytes()))
        file.write(new.astype(np.float16).tobytes())
    return folder


def loads(folder: str) -> bool:
    """Whether the type checker accepts a folder."""
    try:
        Driver(folder)
    except Exception:  # any refusal is the wanted answer, whatever the loader raises
        return False
    return True


def far(folder: str, case: Case) -> float:
    """Distance of a folder's logits from the reference's."""
    ids, want = case.rounded[2]
    return distance(Driver(folder, "fp32").sequence(ids), want).largest


def tests(report: Report) -> None:
    """One fault at a time."""
    case = make_case(os.path.join(sys.argv[1], "models"), "llama", 101)
    options = [*PROGRAMS["stateful"], "--context", str(case.context)]
    good = convert(case.folder, os.path.join(sys.argv[1], "faults"), *options)
    report.check("no fault", loads(good) and far(good, case) <= MAX_EXACT)
    for edit in LOADING:
        report.check(f"{edit.__name__} does not load", not loads(copy_with(good, edit)))
    for edit in DESCRIPTION:
        folder = copy_with(good, edit)
        driver = Driver(folder)
        found = [p for p in problems_of(folder, driver.package, driver.path) if "size or hash" not in p]
        report.check(f"{edit.__name__} is seen", len(found) > 0, "; ".join(found)[:100])
    for edit in NUMBERS:
        distances = far(copy_with(good, edit), case)
        report.check(f"{edit.__name__} is far", distances > MAX_EXACT, f"{distances:.1e}")
    layer = AutoModelForCausalLM.from_pretrained(case.folder).float().model.layers[0]
    norm, query = layer.input_layernorm.weight.detach().numpy(), layer.self_attn.q_proj.weight.detach().numpy()
    for name, old, new in (("norm off by 1 %", norm, norm * 1.01), ("two query rows swapped", query[:2], query[1::-1])):
        folder = copy_with_weights(good, name.replace(" ", "-"), old, new)
        driver = Driver(folder)
        hashed = any("size or hash" in p for p in problems_of(folder, driver.package, driver.path))
        distances = far(folder, case)
        report.check(f"{name} is far", distances > MAX_EXACT and hashed, f"{distances:.1e}")


if __name__ == "__main__":
    run(tests)
