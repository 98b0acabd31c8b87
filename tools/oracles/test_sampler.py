"""Judges samplers: probabilities by transformers' processors, draws by a chi-square test, and Swift and TypeScript by each other.

test_sampler.py WORK_FOLDER
"""

import dataclasses
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from pippin import node
from report import Report, run
from scipy.stats import chisquare
from transformers import GenerationConfig, GenerationMixin, PretrainedConfig
from transformers.generation.logits_process import RepetitionPenaltyLogitsProcessor

TOLERANCE = 1e-6
DRAWS = 20_000
STEPS = 300
P_VALUE = 0.001
SIZES = (5, 50, 1000, 32_000, 151_936)
LARGE = 32_000

OFF = {"temperature": 1, "topK": 0, "topP": 1, "minP": 0, "repetitionPenalty": 1, "frequencyPenalty": 0, "presencePenalty": 0, "seed": 0}
OPTIONS: dict[str, dict[str, float]] = {
    "temperature 1": {}, "temperature 0.6": {"temperature": 0.6}, "temperature 1.7": {"temperature": 1.7}, "temperature 30": {"temperature": 30},
    "top-k 1": {"topK": 1}, "top-k 4": {"topK": 4}, "top-k 40": {"topK": 40}, "top-k 900": {"topK": 900},
    "top-p 0": {"topP": 0}, "top-p 0.3": {"topP": 0.3}, "top-p 0.9": {"topP": 0.9}, "top-p 0.999": {"topP": 0.999},
    "min-p 0.05": {"minP": 0.05}, "min-p 0.7": {"minP": 0.7}, "min-p 1": {"minP": 1},
    "repetition 1.3": {"repetitionPenalty": 1.3}, "repetition 0.7": {"repetitionPenalty": 0.7},
    "frequency 0.4": {"frequencyPenalty": 0.4}, "presence -1.1": {"presencePenalty": -1.1},
    "frequency and presence": {"frequencyPenalty": -0.3, "presencePenalty": 1.5, "topP": 0.9},
    "top-k and top-p": {"temperature": 0.8, "topK": 30, "topP": 0.9},
    "temperature, top-k, top-p, min-p": {"temperature": 1.3, "topK": 60, "topP": 0.97, "minP": 0.03},
    "all": {"temperature": 1.2, "topK": 200, "topP": 0.95, "minP": 0.01, "repetitionPenalty": 1.15, "frequencyPenalty": 0.2, "presencePenalty": 0.1},
}  # fmt: skip


@dataclasses.dataclass
class Logits:
    """Rows of logits in a file."""

    name: str
    rows: np.ndarray
    file: str
    stride: int = 1

    def save(self) -> "Logits":
        """Writes the rows, with NaN between the logits where there is a stride."""
        spaced = np.full((*self.rows.shape, self.stride), np.nan, self.rows.dtype)
        spaced[..., 0] = self.rows
        spaced.tofile(self.file)
        return self

    def question(self, sampling: dict[str, float], draws: int, prompt: Sequence[int] = (), answer: Sequence[int] = ()) -> dict[str, Any]:
        """What the drivers are asked."""
        rows, count = self.rows.shape
        return {
            "file": self.file, "format": str(self.rows.dtype), "count": count, "rows": rows, "stride": self.stride,
            "sampling": sampling, "prompt": list(prompt), "answer": list(answer), "draws": draws,
        }  # fmt: skip


def options(given: dict[str, float]) -> dict[str, float]:
    """All options, each a number that Float32 has."""
    whole = {"topK", "seed"}
    return {k: v if k in whole else float(np.float32(v)) for k, v in (OFF | given).items()}


def shapes(random: np.random.Generator, count: int) -> dict[str, np.ndarray]:
    """Rows of several distributions."""
    normal = random.normal(0, 2.5, count)
    zipf = random.permutation(-1.1 * np.log(np.arange(1, count + 1))) + random.normal(0, 0.3, count) + 12
    peak = normal.copy()
    peak[count // 2] += 22
    never = np.where(random.random(count) < 0.4, -np.inf, normal)
    never[0] = 1
    float16 = {"normal in halves": normal, "zipf in halves": zipf, "flat halves": random.normal(0, 0.02, count)}
    float32 = {
        "normal": normal, "zipf": zipf, "one peak": peak, "ties": np.round(normal * 2) / 2, "all equal": np.full(count, -3.25),
        "some never": never, "large": normal * 30,
    }  # fmt: skip
    return {k: v.astype(np.float16) for k, v in float16.items()} | {k: v.astype(np.float32) for k, v in float32.items()}


def penalized(row: np.ndarray, sampling: dict[str, float], prompt: Sequence[int], answer: Sequence[int]) -> np.ndarray:
    """Logits after the penalties in Float32: transformers' for repetition, then the formula that vLLM documents."""
    scores = torch.from_numpy(row.astype(np.float32))[None]
    if sampling["repetitionPenalty"] != 1:
        scores = RepetitionPenaltyLogitsProcessor(sampling["repetitionPenalty"])(torch.tensor([[*prompt, *answer]]), scores)
    counts = np.bincount(answer, minlength=len(row)).astype(np.float32)
    result: np.ndarray = scores[0].numpy() - np.float32(sampling["frequencyPenalty"]) * counts
    return result - np.float32(sampling["presencePenalty"]) * (counts > 0).astype(np.float32)


def processors(sampling: dict[str, float], **more: float) -> list[Any]:
    """What transformers would apply, in its order."""
    names = {"temperature": "temperature", "topK": "top_k", "topP": "top_p", "minP": "min_p"}
    config = GenerationConfig(do_sample=True, **{theirs: sampling[ours] for ours, theirs in names.items()}, **more)
    mixin = GenerationMixin()
    # What a model has beside; the repetition penalty asks.
    mixin.config = PretrainedConfig(is_encoder_decoder=False)
    found: list[Any] = mixin._get_logits_processor(config, input_ids_seq_length=1)
    return found


def reference(scores: np.ndarray, sampling: dict[str, float]) -> np.ndarray:
    """Probabilities of logits after the penalties by transformers, in Float64."""
    warped = torch.from_numpy(scores.astype(np.float64))[None]
    for processor in processors(sampling):
        warped = processor(torch.zeros((1, 1), dtype=torch.long), warped)
    result: np.ndarray = torch.softmax(warped, dim=-1)[0].numpy()
    return result


def ask_both(questions: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The answers of TypeScript and of Swift."""
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    ours = node(os.path.join("tools", "oracles", "sampler.ts"), stdin=lines)
    swift = node(os.path.join("tools", "swift", "run.ts"), os.environ["PIPPIN_SWIFT_DRIVER"], "answer", stdin=lines)
    both = [[json.loads(line) for line in text.split("\n")[:-1]] for text in (ours, swift)]
    if any(len(answers) != len(questions) for answers in both):
        raise ValueError("a driver did not answer every question")
    return both[0], both[1]


def difference(scores: np.ndarray, wanted: np.ndarray, answer: dict[str, Any]) -> float:
    """The largest difference of probabilities. Which of equal logits a cut keeps is open in transformers: ours keeps the lowest ids."""
    found = np.zeros(len(wanted))
    found[answer["ids"]] = answer["probabilities"]
    sorted_found = found[np.lexsort((np.arange(len(found)), -scores))]
    sorted_wanted = wanted[np.lexsort((-wanted, -scores))]
    return float(np.abs(sorted_found - sorted_wanted).max())


def probabilities(report: Report, random: np.random.Generator, folder: str) -> None:
    """Options alone and together, over all shapes and sizes."""
    order = [type(processor).__name__ for processor in processors(options(OPTIONS["all"]), repetition_penalty=1.15)]
    wanted = ["RepetitionPenaltyLogitsProcessor", *(f"{name}LogitsWarper" for name in ("Temperature", "TopK", "TopP", "MinP"))]
    report.check("transformers has the order of our steps", order == wanted, ", ".join(order))
    worst: dict[str, float] = {}
    places: dict[str, str] = {}
    unequal: list[str] = []
    for count in SIZES:
        rows = [Logits(name, row[None], os.path.join(folder, f"{count}-{i}")).save() for i, (name, row) in enumerate(shapes(random, count).items())]
        prompt, answer = (random.integers(0, count, 40).tolist() for _ in range(2))
        cases = [(logits, name) for logits in rows for name in OPTIONS if count <= LARGE or len(OPTIONS[name]) > 1 or "top" in name]
        answers = ask_both([logits.question(options(OPTIONS[name]), 0, prompt, answer) for logits, name in cases])
        for (logits, name), ours, swift in zip(cases, *answers, strict=True):
            sampling = options(OPTIONS[name])
            scores = penalized(logits.rows[0], sampling, prompt, answer)
            error = difference(scores, reference(scores, sampling), ours)
            if error >= worst.get(name, 0):
                worst[name], places[name] = error, f"{logits.name} of {count}"
            same = ours["ids"] == swift["ids"] and np.array_equal(np.float32(ours["probabilities"]), np.float32(swift["probabilities"]))
            unequal += [] if same else [f"{name} on {logits.name} of {count}"]
    for name, error in worst.items():
        report.check(f"probabilities of {name}", error < TOLERANCE, f"differ by {error:.1e} at most: {places[name]}")
    report.check("Swift has the same probabilities, bit for bit", not unequal, "; ".join(unequal[:3]))


def draws(report: Report, random: np.random.Generator, folder: str) -> None:
    """20,000 draws with a seed against the reference distribution."""
    for count in (12, 300):
        logits = Logits("", random.normal(0, 2, (1, count)).astype(np.float32), os.path.join(folder, f"draws-{count}")).save()
        names = ["temperature 1", "temperature 1.7", "top-k 40", "top-p 0.9", "min-p 0.05", "temperature, top-k, top-p, min-p"]
        samplings = [options(OPTIONS[name] | {"seed": seed}) for seed, name in enumerate(names)]
        answers = ask_both([logits.question(sampling, DRAWS) for sampling in samplings])
        for name, sampling, ours, swift in zip(names, samplings, *answers, strict=True):
            expected = DRAWS * reference(logits.rows[0], sampling)
            observed = np.bincount(ours["ids"], minlength=count)
            # Tokens that are expected fewer than five times are one class.
            rare = expected < 5
            groups = [np.append(values[~rare], values[rare].sum()) for values in (observed, expected)]
            kept = groups[1] > 0
            p = chisquare(groups[0][kept], groups[1][kept]).pvalue
            holds = p > P_VALUE and not observed[expected == 0].any() and ours == swift
            report.check(f"{DRAWS} draws of {count} by {name}", holds, f"p = {p:.3f}, {int(kept.sum())} classes, Swift {'equal' if ours == swift else 'differs'}")


def token_rows(random: np.random.Generator, count: int, dtype: type[np.floating[Any]]) -> np.ndarray:
    """What a model's steps look like: common tokens are likely everywhere, and each step has some that are likely there."""
    common = random.permutation(-1.0 * np.log(np.arange(1, count + 1)))
    rows = common + random.normal(0, 1.5, (20, count))
    for row in rows:
        row[random.integers(0, count, 30)] += random.gamma(3, 3, 30)
    return rows.astype(dtype)


def tokens(report: Report, random: np.random.Generator, folder: str) -> None:
    """The same tokens in Swift and TypeScript for each seed."""
    real = [
        Logits("halves of 49,152", token_rows(random, 49_152, np.float16), os.path.join(folder, "a")),
        Logits("floats of 5,000", token_rows(random, 5000, np.float32), os.path.join(folder, "b")),
        Logits("halves with a stride", token_rows(random, 5000, np.float16), os.path.join(folder, "c"), stride=3),
        Logits("floats with a stride", token_rows(random, 5000, np.float32), os.path.join(folder, "d"), stride=2),
    ]
    for logits in real:
        names = {"greedy": {"temperature": 0}, "penalized greedy": {"temperature": 0, "repetitionPenalty": 1.2, "frequencyPenalty": 0.5}, **OPTIONS}
        prompt = random.integers(0, logits.rows.shape[1], 100).tolist()
        questions = [logits.save().question(options(given | {"seed": 4_000_000_000 + i}), STEPS, prompt) for i, given in enumerate(names.values())]
        ours, swift = ask_both(questions)
        wrong = [name for name, a, b in zip(names, ours, swift, strict=True) if a != b]
        distinct = len({tuple(answer["ids"]) for answer in ours})
        report.check(f"the same tokens from {logits.name}", not wrong and distinct > len(names) // 2, f"{len(names)} x {STEPS} steps, {distinct} distinct answers {wrong}")
    bad = np.float32([[1, np.nan, 2], [1, np.inf, 2], [-np.inf, -np.inf, -np.inf], [-np.inf, 1, -np.inf], [-np.nan, 1, 2]])
    for dtype in (np.float16, np.float32):
        logits = Logits("", bad.astype(dtype), os.path.join(folder, f"bad-{dtype.__name__}")).save()
        ours, swift = ask_both([logits.question(options({"temperature": t}), len(bad)) for t in (0, 1)])
        report.check(f"rows with NaN and infinity in {dtype.__name__}", ours == swift == [{"ids": [-1, -1, -1, 1, -1]}] * 2, f"{ours} {swift}")


def tests(report: Report) -> None:
    """Everything, from one seed."""
    random, folder = np.random.default_rng(20), os.path.join(sys.argv[1], "sampler")
    os.makedirs(folder, exist_ok=True)
    for part in (probabilities, draws, tokens):
        with report.guard(part.__name__):
            part(report, random, folder)


if __name__ == "__main__":
    run(tests)
