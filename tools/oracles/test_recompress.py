"""`pippin quantize` on packages that coremltools wrote: the same bytes as coremltools' own compression of them.

test_recompress.py WORK_FOLDER
"""

import json
import os
import sys
from typing import Any

import coremltools as ct
import coremltools.optimize.coreml as cto
import numpy as np
from coremltools.converters.mil import Builder as mb
from coremltools.converters.mil.mil import types
from mil_execute import Package, load, read_spec
from pippin import hashes, pippin
from report import Report, run

HIDDEN, INNER, WORDS = 96, 192, 250
TARGETS = {"ios17": ct.target.iOS17, "ios18": ct.target.iOS18}
LINEAR = {"int8": {"dtype": "int8"}, "int4/32": {"dtype": "int4", "granularity": "per_block", "block_size": 32}}


def fp16(r: np.random.Generator, *shape: int) -> np.ndarray:
    """A random float16 array."""
    return (r.standard_normal(shape) * 0.1).astype(np.float16)


def package(path: str, target: Any) -> Any:
    """A model with what decoders have: an embedding, a table of angles, linear layers, a matmul, a tied head."""
    r = np.random.default_rng(5)
    table, angles, mixed = fp16(r, WORDS, HIDDEN), fp16(r, 300, 16), fp16(r, HIDDEN, HIDDEN)
    up, down, bias = fp16(r, INNER, HIDDEN), fp16(r, HIDDEN, INNER), fp16(r, INNER)

    @mb.program(input_specs=[mb.TensorSpec((1, 7), dtype=types.int32)], opset_version=target)
    def program(ids: Any) -> Any:
        embedding = mb.const(val=table, name="wte")
        x = mb.gather(x=embedding, indices=ids, axis=0, validate_indices=False, name="embedded")
        x = mb.matmul(x=x, y=mb.const(val=mixed, name="mixing"), name="mixed")
        turned = mb.gather(x=mb.const(val=angles, name="angles"), indices=ids, axis=0, validate_indices=False, name="turned")
        inner = mb.silu(x=mb.linear(x=x, weight=up, bias=bias, name="up"), name="active")
        x = mb.add(x=x, y=mb.linear(x=inner, weight=down, name="down"), name="out")
        return mb.linear(x=x, weight=embedding, name="logits"), mb.identity(x=turned, name="angle")

    passes = ct.PassPipeline()
    passes.remove_passes({"common::add_int16_cast"})  # the executor gathers by int32
    model = ct.convert(program, minimum_deployment_target=target, skip_model_load=True, pass_pipeline=passes)
    model.author, model.user_defined_metadata["note"] = "somebody", "kept"
    model.save(path)
    return ct.models.MLModel(path, skip_model_load=True)


def encoded(path: str) -> dict[str, dict[str, np.ndarray]]:
    """The parts of each compressed weight by the name of what uses it."""
    spec, weights = read_spec(path)
    program = load(spec, spec.specificationVersion, weights)
    found = {}
    for op in program.functions["main"].operations:
        if op.op_type.startswith("constexpr_"):
            parts = {name: np.asarray(var.val) for name, var in op.inputs.items() if var is not None and var.val is not None}
            found[sorted(child.name for child in op.outputs[0].child_ops)[0]] = parts
    return found


def same_parts(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> bool:
    """Whether both hold the same codes and scales; coremltools leaves zero points of 0 out, or not."""
    names = [name for name in ("data", "quantized_data", "scale", "indices", "lut") if name in theirs]
    return len(names) > 1 and all(np.array_equal(np.squeeze(ours[n]), np.squeeze(theirs[n])) for n in names)


def judge(report: Report, work: str, target: str, encoding: str) -> None:
    """One package in one encoding."""
    label = f"{target} {encoding}"
    with report.guard(label):
        name = label.replace(" ", "-").replace("/", "-")
        source = os.path.join(work, f"{target}.mlpackage")
        model = package(source, TARGETS[target]) if not os.path.exists(source) else ct.models.MLModel(source, skip_model_load=True)
        before = hashes(source)
        recipe = os.path.join(work, f"{name}.json")
        with open(recipe, "w", encoding="utf-8") as file:
            json.dump({"default": encoding}, file)
        [artifact] = pippin("quantize", source, "--recipe", recipe, "--out", os.path.join(work, name), "--force")["artifacts"]
        report.check(f"{label} leaves its source alone", hashes(source) == before)
        config = cto.OptimizationConfig(global_config=cto.OpLinearQuantizerConfig(mode="linear_symmetric", **LINEAR[encoding]))
        theirs_path = os.path.join(work, f"{name}-coremltools.mlpackage")
        cto.linear_quantize_weights(model, config).save(theirs_path)
        ours, theirs = encoded(artifact["path"]), encoded(theirs_path)
        report.check(f"{label} compresses embedding and linear layers", sorted(ours) == ["down", "embedded", "up"], str(sorted(ours)))
        for weight, parts in ours.items():
            report.check(f"{label} {weight} equals coremltools'", same_parts(parts, theirs[weight]))
        feeds = {"ids": np.array([[3, 1, 4, 1, 5, 9, 249]], np.int32)}
        compressed, whole = Package(artifact["path"], "fp32"), Package(source, "fp32")
        got, want = compressed.run("main", feeds, {}), whole.run("main", feeds, {})
        error = float(np.linalg.norm(got["logits"] - want["logits"]) / np.linalg.norm(want["logits"]))
        report.check(f"{label} runs", 0 < error < 0.3 and np.array_equal(got["angle"], want["angle"]), f"relative error {error:.4f}")
        metadata = compressed.spec.description.metadata
        report.check(f"{label} keeps metadata", metadata.author == "somebody" and metadata.userDefined["note"] == "kept")


def tests(report: Report) -> None:
    """Packages for two systems."""
    for target, encoding in (("ios18", "int8"), ("ios18", "int4/32"), ("ios17", "int8")):
        judge(report, sys.argv[1], target, encoding)


if __name__ == "__main__":
    run(tests)
