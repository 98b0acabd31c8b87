"""Packages that `pippin convert --engine coremltools` writes: against transformers, and against Pippin's own.

test_engines.py WORK_FOLDER

The engine runs in the Python of these tests, which has its packages.
"""

import os
import sys
from dataclasses import dataclass

import numpy as np
import transformers as tf
from cases import ANSWER_TOKENS, CONTEXTS, FAMILIES, Case, common, greedy, logits_of, make_case, plain_heads, reference
from compare import choices, distance
from describe import problems_of
from driver import Driver
from pippin import ROOT, CommandError, convert, hashes, pippin
from report import Report, run
from test_compressed import MAX_STRICT, compressed_reference
from test_coreml import MAX_EXACT, MAX_KL, MAX_PREFILL, MOST_TIES, PREFILL, TIE

ENGINE = ["--engine", "coremltools", "--python", sys.executable]
STATEFUL = ["--program", "stateful", "--prefill", str(PREFILL)]
RANGED, FIXED = ["--program", "stateless"], ["--program", "stateless", "--length", "fixed"]
PIP_CHAT = os.path.join(ROOT, "models", "pip-chat")
QUESTION = "What is the capital of France?"
# One model reaches 2.3e-2, as Pippin's own package of it does: both round the same values.
MAX_PALETTE_KL = 2.0
"""Of palettes against plain weights, beside the same distance of Pippin's own: both choose 16 values for a group."""


@dataclass(frozen=True)
class Exam:
    """One model as one kind of package."""

    family: str
    program: list[str]
    specification: int
    quantize: str = "none"

    @property
    def label(self) -> str:
        """Name of the checks and of the folder."""
        kind = "stateful" if "stateful" in self.program else "fixed" if "fixed" in self.program else "ranged"
        return f"{self.family} {kind} {self.quantize}"


EXAMS = (
    Exam("llama", STATEFUL, 9),
    Exam("llama3", RANGED, 8),
    Exam("llama-linear", [*FIXED, "--target", "ios16"], 7),
    Exam("mistral", STATEFUL, 9),
    Exam("qwen2", STATEFUL, 9),
    Exam("qwen3", STATEFUL, 9),
    Exam("qwen3", [*RANGED, "--target", "ios18"], 9, "int4"),
    Exam("qwen2", STATEFUL, 9, "int8"),
    Exam("llama", [*RANGED, "--target", "ios18"], 9, "lut4"),
)
LIBRARY = {
    "granite": FAMILIES["granite"],
    "gemma2": lambda r: tf.Gemma2Config(**common(r, sliding_window=512)),
    "olmo2": lambda r: tf.Olmo2Config(**plain_heads(common(r))),
}
"""Families that the engine's own decoder does not know, by way of transformers' module."""


def engine(case_folder: str, out: str, context: int, options: list[str]) -> Driver:
    """Converts with the engine and loads what it wrote."""
    return Driver(convert(case_folder, out, *ENGINE, "--context", str(context), *options))


def check_prefill(report: Report, label: str, driver: Driver, case: Case) -> None:
    """Prompts around the length of a prefill call give what tokens one by one give."""
    ids, _ = case.sequences[-1]
    differences = []
    for count in (1, PREFILL, 2 * PREFILL + 3):
        alone = driver.sequence(ids[: count + 2])[count - 1 :]
        driver.reset()
        rows = np.stack([driver.prefill(ids[:count]), *driver.decode(ids[count : count + 2])])
        differences.append(distance(rows, alone).largest)
    report.check(f"{label} prefill", max(differences) <= MAX_PREFILL, f"max {max(differences):.1e}")


def check_plain(report: Report, label: str, driver: Driver, case: Case) -> None:
    """fp16 weights: logits in both precisions, and greedy choices."""
    strict = [distance(driver.sequence(ids), want) for ids, want in case.sequences]
    worst = max(strict, key=lambda d: d.largest)
    report.check(f"{label} fp16", worst.largest <= MAX_STRICT and worst.divergence <= MAX_KL, str(worst))
    chosen = choices(driver.continuation(case.prompt, case.answer), case.answer_logits)
    report.check(f"{label} greedy", chosen.within(TIE, MOST_TIES), f"{chosen} of {ANSWER_TOKENS}")
    driver.package.precision = "fp32"
    exact = [distance(driver.sequence(ids), want) for ids, want in case.rounded]
    worst = max(exact, key=lambda d: d.largest)
    report.check(f"{label} fp32", worst.largest <= MAX_EXACT, str(worst))
    if driver.stateful:
        check_prefill(report, label, driver, case)


def check_integers(report: Report, label: str, driver: Driver, case: Case, bits: str) -> None:
    """What the reference says with weights that coremltools' arithmetic made of the same model."""
    model = compressed_reference(case.folder, bits)
    driver.package.precision = "fp32"
    exact = [distance(driver.sequence(ids), logits_of(model, ids)) for ids, _ in case.sequences]
    worst = max(exact, key=lambda d: d.largest)
    report.check(f"{label} is what coremltools' arithmetic gives", worst.largest <= MAX_EXACT, str(worst))


def check_palette(report: Report, label: str, driver: Driver, case: Case, own: Driver) -> None:
    """Palettes have no one right answer: they lose about what Pippin's own of the same form lose."""
    driver.package.precision = own.package.precision = "fp32"
    pairs = [
        (distance(driver.sequence(ids), want).divergence, distance(own.sequence(ids), want).divergence)
        for ids, want in case.rounded[1:]
    ]
    theirs, ours = (float(np.mean([pair[side] for pair in pairs])) for side in (0, 1))
    report.check(f"{label} loses what ours loses", theirs <= MAX_PALETTE_KL * ours, f"KL {theirs:.1e}, ours {ours:.1e}")


def judge(report: Report, work: str, exam: Exam) -> None:
    """One exam."""
    label = exam.label
    with report.guard(label):
        case = make_case(os.path.join(work, "models"), exam.family, 31)
        folder = os.path.join(work, label.replace(" ", "-"))
        options = [*exam.program, "--quantize", exam.quantize]
        driver = engine(case.folder, folder, case.context, options)
        version = driver.package.spec.specificationVersion
        report.check(f"{label} loads", version == exam.specification, f"specification {version}, {case.what}")
        problems = problems_of(folder, driver.package, driver.path)
        report.check(f"{label} description", not problems, "; ".join(problems)[:300])
        if exam.quantize == "none":
            check_plain(report, label, driver, case)
        elif exam.quantize.startswith("int"):
            check_integers(report, label, driver, case, exam.quantize)
        else:
            own = convert(case.folder, f"{folder}-own", "--context", str(case.context), *options)
            check_palette(report, label, driver, case, Driver(own))


def judge_library(report: Report, work: str, family: str) -> None:
    """A family by way of transformers' own module."""
    label = f"{family} through transformers"
    with report.guard(label):
        FAMILIES[family] = LIBRARY[family]
        case = make_case(os.path.join(work, "models"), family, 31)
        folder = os.path.join(work, f"{family}-library")
        driver = engine(case.folder, folder, min(CONTEXTS), [*RANGED, "--route", "transformers"])
        problems = problems_of(folder, driver.package, driver.path)
        report.check(f"{label} description", not problems, "; ".join(problems)[:300])
        fitting = [(ids, want) for ids, want in case.sequences if len(ids) <= min(CONTEXTS)]
        strict = [distance(driver.sequence(ids), want) for ids, want in fitting]
        worst = max(strict, key=lambda d: d.largest)
        report.check(f"{label} fp16", worst.largest <= MAX_STRICT and worst.divergence <= MAX_KL, str(worst))


def judge_refusal(report: Report, work: str) -> None:
    """A window that the traced mask does not carry is noticed, and nothing is left."""
    label = "a sliding window through transformers"
    with report.guard(label):
        r_window = lambda r: tf.MistralConfig(**common(r, sliding_window=8))  # noqa: E731
        FAMILIES["window"] = r_window
        case = make_case(os.path.join(work, "models"), "window", 31)
        out = os.path.join(work, "window-library")
        try:
            engine(case.folder, out, min(CONTEXTS), [*RANGED, "--route", "transformers"])
            report.check(f"{label} is refused", False, "it was converted")
        except CommandError as error:
            refused = "PYTHON_MODEL_UNSUPPORTED" in str(error) and not os.path.exists(out)
            report.check(f"{label} is refused", refused, str(error)[-200:])


def judge_pip_chat(report: Report, work: str) -> None:
    """The bundled model: verified and read aloud by Pippin, as its own package; the same bytes in a second run."""
    with report.guard("pip-chat"):
        folders = {name: os.path.join(work, f"pip-{name}") for name in ("engine", "again", "own")}
        for name, folder in folders.items():
            convert(PIP_CHAT, folder, "--context", "128", *STATEFUL, *([] if name == "own" else ENGINE))
        report.check("pip-chat same bytes again", hashes(folders["engine"]) == hashes(folders["again"]))
        report.check(
            "pip-chat verify", pippin("verify", folders["engine"], "--against", PIP_CHAT, "--windows", "4")["passed"]
        )
        said = [
            pippin("generate", folders[name], "--prompt", QUESTION, "--max-tokens", "48", "--temperature", "0")
            for name in ("engine", "own")
        ]
        report.check(
            "pip-chat answers as Pippin's own package", said[0]["ids"] == said[1]["ids"], repr(said[0].get("text"))
        )
        model = reference(PIP_CHAT)
        answer, rows = greedy(model, said[0]["promptIds"], len(said[0]["ids"]))
        chosen = choices(Driver(folders["engine"]).continuation(said[0]["promptIds"], answer), rows)
        report.check("pip-chat answers as transformers", chosen.within(TIE, MOST_TIES), str(chosen))


def tests(report: Report) -> None:
    """All exams."""
    work = sys.argv[1]
    for exam in EXAMS:
        judge(report, work, exam)
    for family in LIBRARY:
        judge_library(report, work, family)
    judge_refusal(report, work)
    judge_pip_chat(report, work)


if __name__ == "__main__":
    run(tests)
