"""Packages by recipe: palettes and integers of all forms, as coremltools decompresses them.

test_recipes.py WORK_FOLDER
"""

import json
import os
import sys
from typing import Any

import numpy as np
import torch
from cases import Case, logits_of, make_case, reference
from compare import distance
from driver import Driver
from pippin import convert, node
from report import Report, run

MAX_STRICT, MAX_KL = 3e-2, 3e-5
MAX_EXACT = 5e-3
MAX_OURS = 1.5e-2
"""Both round each operation to float16, and add in another order."""
FAMILIES = ("llama", "qwen2")

EVERY_FORM = {
    "default": ["uint4/32", "uint4/16", "uint8"],
    "rules": [
        {"match": "embedding.weight", "encoding": "uint8"},
        {"match": "layers.*.mlp.up.weight", "encoding": ["lut3/8", "lut3/4", "int8"]},
        {"match": "layers.*.mlp.gate.weight", "encoding": ["int4/16", "int8"]},
        {"match": "layers.*.attention.o.weight", "encoding": {"kind": "linear", "dtype": "int8", "granularity": "per_tensor"}},
        {"match": "layers.*.attention.v.weight", "encoding": "lut8"},
        {"match": "layers.0.attention.k.weight", "encoding": "lut2/1"},
        {"match": "layers.1.**", "encoding": "fp16"},
        {"match": "layers.1.mlp.down.weight", "encoding": "int4"},
    ],
    "minElements": 100,
}
BEFORE_IOS18 = {
    "default": "uint8",
    "rules": [
        {"match": "layers.*.mlp.up.weight", "encoding": "lut1"},
        {"match": "layers.*.attention.o.weight", "encoding": {"kind": "linear", "dtype": "uint8", "granularity": "per_tensor"}},
        {"match": "layers.0.**", "encoding": "lut6"},
    ],
}
STATEFUL = ["--program", "stateful", "--prefill", "16"]
IOS16 = ["--program", "stateless", "--target", "ios16"]
PROGRAMS: dict[str, tuple[list[str], Any]] = {
    "stateful lut4": ([*STATEFUL, "--quantize", "lut4"], None),
    "stateful lut6": ([*STATEFUL, "--quantize", "lut6"], None),
    "stateful int4 for the engine": ([*STATEFUL, "--quantize", "int4", "--compute", "ane"], None),
    "ios16 lut4": ([*IOS16, "--quantize", "lut4"], None),
    "ios16 lut6": ([*IOS16, "--length", "fixed", "--quantize", "lut6"], None),
    "stateful all forms": (STATEFUL, EVERY_FORM),
    "ios16 all forms": (IOS16, BEFORE_IOS18),
}

NAMES = {
    "self_attn.q_proj": "attention_q", "self_attn.k_proj": "attention_k", "self_attn.v_proj": "attention_v",
    "self_attn.o_proj": "attention_o", "mlp.gate_proj": "mlp_gate", "mlp.up_proj": "mlp_up", "mlp.down_proj": "mlp_down",
}  # fmt: skip


def constant_name(parameter: str) -> str | None:
    """What Pippin calls a matrix in a program."""
    if parameter == "model.embed_tokens.weight":
        return "embedding_weight"
    if parameter == "lm_head.weight":
        return "head_weight"
    parts = parameter.split(".")
    theirs = ".".join(parts[3:5])
    return f"layers_{parts[2]}_{NAMES[theirs]}_weight" if theirs in NAMES and parts[-1] == "weight" else None


def with_weights_of(folder: str, driver: Driver) -> tuple[Any, list[float]]:
    """The reference with a package's weights, as coremltools decompresses them, and how far each is from its own."""
    model = reference(folder)
    [function, *_] = driver.package.functions.values()
    errors = []
    for name, parameter in model.named_parameters():
        own = parameter.data.half().float()
        constant = function.constants.get(constant_name(name) or "")
        parameter.data = own if constant is None else constant.float()
        errors.append(float(torch.norm(parameter.data - own) / torch.norm(own)))
    return model, errors


def judge(report: Report, work: str, case: Case, program: str) -> None:
    """One model in one recipe: loads, and says what the reference says with the same weights; so does our runner."""
    label = f"{case.name} {program}"
    options, recipe = PROGRAMS[program]
    with report.guard(label):
        if recipe is not None:
            path = os.path.join(work, "recipe.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(recipe, file)
            options = [*options, "--recipe", path]
        folder = convert(case.folder, os.path.join(work, label.replace(" ", "-")), *options, "--context", str(case.context))
        driver = Driver(folder)
        model, errors = with_weights_of(case.folder, driver)
        report.check(f"{label} weights", 0 < max(errors) < 0.8, f"largest relative error {max(errors):.3f}")
        sequences = [(ids, logits_of(model, ids)) for ids, _ in case.sequences]
        strict = [distance(driver.sequence(ids), want) for ids, want in sequences]
        holds = max(d.largest for d in strict) <= MAX_STRICT and max(d.divergence for d in strict) <= MAX_KL
        report.check(f"{label} fp16", holds, str(max(strict, key=lambda d: d.largest)))
        ids = case.sequences[0][0]
        script = os.path.join("tools", "oracles", "run-logits.ts")
        ours = np.array(json.loads(node(script, folder, ",".join(map(str, ids)))), np.float32)
        near = distance(ours, driver.sequence(ids))
        report.check(f"{label} our runner", near.largest <= MAX_OURS, str(near))
        driver.package.precision = "fp32"
        exact = max((distance(driver.sequence(ids), want) for ids, want in sequences), key=lambda d: d.largest)
        report.check(f"{label} fp32", exact.largest <= MAX_EXACT, str(exact))


def tests(report: Report) -> None:
    """Two families by every recipe."""
    for family in FAMILIES:
        case = make_case(os.path.join(sys.argv[1], "models"), family, 23)
        print(f"-- {case.name}: {case.what}", flush=True)
        for program in PROGRAMS:
            judge(report, sys.argv[1], case, program)


if __name__ == "__main__":
    run(tests)
