"""Checks what Core ML reads of a package beside the program: Manifest.json, the description and our own manifest.

coremltools' loader looks at the program alone, so these rules are ours, from the format's documentation.
"""

import hashlib
import json
import os
from typing import Any

from google.protobuf.unknown_fields import UnknownFieldSet
from mil_execute import Declared, Function, Package

ARRAY_TYPES = {65552: "fp16", 65568: "fp32", 131104: "int32"}
ITEM_KEYS = {"author", "description", "name", "path"}


def unknown_fields(message: Any, place: str = "model") -> list[str]:
    """Fields that the format does not know, anywhere below a message."""
    found = [f"{place}: unknown field {field.field_number}" for field in UnknownFieldSet(message)]
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            children = [v for v in value.values() if hasattr(v, "ListFields")]
        else:
            children = list(value) if hasattr(value, "__len__") else [value]
        for child in children:
            found += unknown_fields(child, f"{place}.{field.name}")
    return found


def manifest_problems(package: str) -> list[str]:
    """Manifest.json: its version, its items, and that they cover all files."""
    with open(os.path.join(package, "Manifest.json"), encoding="utf-8") as file:
        manifest = json.load(file)
    items = manifest["itemInfoEntries"]
    problems = [] if manifest["fileFormatVersion"] == "1.0.0" else ["Manifest.json: fileFormatVersion"]
    problems += [f"Manifest.json: item {key} lacks keys" for key, item in items.items() if not set(item) >= ITEM_KEYS]
    covered = [os.path.join(package, "Data", item["path"]) for item in items.values()]
    problems += [f"{path} does not exist" for path in covered if not os.path.exists(path)]
    for base, _, names in os.walk(os.path.join(package, "Data")):
        paths = [os.path.join(base, name) for name in names]
        problems += [f"{p} is in no item" for p in paths if not any(p == c or p.startswith(c + os.sep) for c in covered)]
    return problems


def feature_problems(declared: Declared, array: Any, place: str) -> list[str]:
    """One described array against the program's variable."""
    problems = [] if ARRAY_TYPES.get(array.dataType) == declared.dtype else [f"{place}: type {array.dataType}"]
    shape = list(array.shape)
    ranges = [(r.lowerBound, r.upperBound) for r in array.shapeRange.sizeRanges]
    if not shape and not ranges:
        return problems if place.startswith("output") and None in declared.sizes else [*problems, f"{place}: no shape"]
    if len(shape) != len(declared.sizes):
        return [*problems, f"{place}: shape {shape}, declared {declared.sizes}"]
    for axis, (size, known) in enumerate(zip(shape, declared.sizes, strict=True)):
        low, high = ranges[axis] if ranges else (size, size)
        free = 0 < low <= size <= high and low < high
        if not (free if known is None else low == size == high == known):
            problems.append(f"{place}: axis {axis} is {size} in {low}…{high}, declared {known}")
    return problems


def function_problems(described: Any, function: Function, name: str) -> list[str]:
    """A function's described inputs, outputs and states against the program."""
    inputs = {f.name: f.type.multiArrayType for f in described.input}
    outputs = {f.name: f.type.multiArrayType for f in described.output}
    states = {f.name: f.type.stateType.arrayType for f in described.state}
    produced = {d.name: d for step in function.steps for d in step.outputs}
    sides = (("inputs", inputs, function.inputs), ("outputs", outputs, function.outputs), ("states", states, function.states))
    problems = [f"{name}: {side} {sorted(a)}, the program has {sorted(b)}" for side, a, b in sides if set(a) != set(b)]
    if problems:
        return problems
    for key, array in inputs.items():
        problems += feature_problems(function.inputs[key], array, f"input {name}.{key}")
    for key, array in outputs.items():
        problems += feature_problems(produced[key], array, f"output {name}.{key}")
    for key, array in states.items():
        if list(array.shape) != function.states[key] or ARRAY_TYPES.get(array.dataType) != "fp16":
            problems.append(f"state {name}.{key}: {list(array.shape)}, the program has {function.states[key]}")
    return problems


def pippin_manifest_problems(folder: str, description: Any) -> list[str]:
    """The manifest beside the package against the one inside, and its list of files against the disk."""
    with open(os.path.join(folder, "pippin-manifest.json"), encoding="utf-8") as file:
        beside = json.load(file)
    files = beside.pop("files")
    inside = json.loads(description.metadata.userDefined["pippin.manifest"])
    problems = [] if inside == beside else ["pippin-manifest.json differs from the metadata"]
    for entry in files:
        with open(os.path.join(folder, entry["path"]), "rb") as file:
            data = file.read()
        parts = [data[i : i + (8 << 20)] for i in range(0, len(data), 8 << 20)]
        hashed = {"sha256": hashlib.sha256(data).hexdigest(), "chunkSha256": [hashlib.sha256(p).hexdigest() for p in parts]}
        if entry["size"] != len(data) or any(entry[k] != h for k, h in hashed.items() if k in entry):
            problems.append(f"pippin-manifest.json: size or hash of {entry['path']}")
    return problems


def problems_of(folder: str, package: Package, path: str) -> list[str]:
    """Everything that is wrong with a converted folder beside its program."""
    description = package.spec.description
    described = {f.name: f for f in description.functions} or {"main": description}
    problems = unknown_fields(package.spec) + manifest_problems(path) + pippin_manifest_problems(folder, description)
    if set(described) != set(package.functions):
        return [*problems, f"functions {sorted(described)}, the program has {sorted(package.functions)}"]
    if description.functions and description.defaultFunctionName not in described:
        problems.append(f"default function {description.defaultFunctionName!r}")
    for name, function in package.functions.items():
        problems += function_problems(described[name], function, name)
    return problems
