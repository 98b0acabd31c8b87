"""Judges converted packages of tiny random models against transformers.

test_coreml.py WORK_FOLDER [--seeds 1,2] [--families llama,qwen3]
"""

import argparse
import os
from itertools import product

import numpy as np
from cases import FAMILIES, Case, Sequences, make_case
from compare import Choices, Distance, choices, distance
from describe import problems_of
from driver import Driver
from pippin import convert, hashes
from report import Report, run

PREFILL = 16
PROGRAMS = {
    "stateful": ["--program", "stateful", "--prefill", str(PREFILL)],
    "ranged": ["--program", "stateless"],
    "fixed": ["--program", "stateless", "--length", "fixed"],
    "ios16": ["--program", "stateless", "--target", "ios16"],
}
SPECIFICATION = {"stateful": 9, "ranged": 8, "fixed": 8, "ios16": 7}

MAX_STRICT, MAX_KL = 2e-2, 3e-5
"""fp16 after every operation: some 10 half-precision roundings a layer on activations of about 1."""
MAX_EXACT = 5e-3
"""Only rotary tables and constants rounded to fp16, against a reference with rounded weights."""
MAX_PREFILL = 2e-4
"""Same program but for the order of sums, in float32."""
TIE, MOST_TIES = 0.03, 3
SWIFT_NAMES = {
    "stateful": {"inputIds", "position", "lastToken", "keyCache", "valueCache"},
    "ranged": {"inputIds", "attentionMask"},
}


def worst(distances: list[Distance]) -> Distance:
    """The largest of both measures."""
    return Distance(max(d.largest for d in distances), max(d.divergence for d in distances))


def compare(driver: Driver, sequences: Sequences) -> Distance:
    """All positions of all sequences against the reference."""
    return worst([distance(driver.sequence(ids), logits) for ids, logits in sequences])


def check_numbers(report: Report, label: str, driver: Driver, case: Case) -> tuple[Distance, Choices]:
    """Logits in both precisions, and greedy choices in the strict one."""
    strict = compare(driver, case.sequences)
    report.check(f"{label} fp16", strict.largest <= MAX_STRICT and strict.divergence <= MAX_KL, str(strict))
    chosen = choices(driver.continuation(case.prompt, case.answer), case.answer_logits)
    report.check(f"{label} greedy", chosen.within(TIE, MOST_TIES), str(chosen))
    driver.package.precision = "fp32"
    exact = compare(driver, case.rounded)
    report.check(f"{label} fp32", exact.largest <= MAX_EXACT, str(exact))
    return strict, chosen


def check_prefill(report: Report, label: str, driver: Driver, case: Case) -> None:
    """Prompts around the length of a prefill call give what tokens one by one give."""
    ids, _ = case.sequences[-1]
    differences = []
    for count in (1, PREFILL - 1, PREFILL, PREFILL + 1, 2 * PREFILL + 3):
        prompt, rest = ids[:count], ids[count : count + 3]
        alone = driver.sequence([*prompt, *rest])[count - 1 :]
        driver.reset()
        rows = np.stack([driver.prefill(prompt), *driver.decode(rest)])
        differences.append(distance(rows, alone))
    report.check(f"{label} prefill", worst(differences).largest <= MAX_PREFILL, str(worst(differences)))


def check_names(report: Report, work: str, case: Case, program: str) -> None:
    """The other set of names drives the same program."""
    label = f"{case.name} {program} swift names"
    with report.guard(label):
        options = [*PROGRAMS[program], "--context", str(case.context), "--names", "swift-transformers"]
        driver = Driver(convert(case.folder, os.path.join(work, f"{case.name}-{program}-swift"), *options))
        functions = driver.package.functions.values()
        names = {name for f in functions for name in [*f.inputs, *f.states]}
        ids, want = case.sequences[2]
        got = distance(driver.sequence(ids), want)
        report.check(label, names == SWIFT_NAMES[program] and got.largest <= MAX_STRICT, f"{sorted(names)} {got}")


def judge(report: Report, work: str, case: Case, program: str) -> tuple[Distance, Choices] | None:
    """One model as one kind of program."""
    label = f"{case.name} {program}"
    with report.guard(label):
        options = [*PROGRAMS[program], "--context", str(case.context)]
        folder = convert(case.folder, os.path.join(work, f"{case.name}-{program}"), *options)
        driver = Driver(folder)
        version = driver.package.spec.specificationVersion
        report.check(f"{label} loads", version == SPECIFICATION[program], f"specification {version}")
        problems = problems_of(folder, driver.package, driver.path)
        report.check(f"{label} description", not problems, "; ".join(problems)[:300])
        again = convert(case.folder, os.path.join(work, "again"), *options)
        report.check(f"{label} same bytes again", hashes(folder) == hashes(again))
        result = check_numbers(report, label, driver, case)
        if driver.stateful:
            check_prefill(report, label, driver, case)
        return result
    return None


def tests(report: Report) -> None:
    """Every family as every kind of program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work")
    parser.add_argument("--seeds", default="1,2")
    parser.add_argument("--families", default=",".join(FAMILIES))
    arguments = parser.parse_args()
    figures: dict[str, list[tuple[Distance, Choices]]] = {program: [] for program in PROGRAMS}
    for number, (seed, family) in enumerate(product(arguments.seeds.split(","), arguments.families.split(","))):
        case = make_case(os.path.join(arguments.work, "models"), family, int(seed))
        print(f"-- {case.name}: {case.what}", flush=True)
        for program in PROGRAMS:
            result = judge(report, arguments.work, case, program)
            if result:
                figures[program].append(result)
        for program in SWIFT_NAMES if number == 0 else ():
            check_names(report, arguments.work, case, program)
    for program, results in figures.items():
        if results:
            ties = sum(len(chosen.margins) for _, chosen in results)
            tokens = sum(chosen.tokens for _, chosen in results)
            print(f"worst {program:9} {worst([d for d, _ in results])}, {ties} near ties in {tokens} tokens")


if __name__ == "__main__":
    run(tests)
