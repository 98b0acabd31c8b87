"""Judges a real model, SmolLM2-135M-Instruct, converted from GGUF and from safetensors.

test_smollm2.py WORK_FOLDER
"""

import os
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from compare import Choices, choices, distance, shortfalls
from describe import problems_of
from driver import Driver
from mil_execute import Trace
from pippin import convert, pippin
from report import Report, run
from smollm2 import build_tokenizer, chat_ids, gguf_file, greedy, hf_folder, load_gguf
from transformers import AutoModelForCausalLM

QUESTIONS = (
    "What is the capital of France?",
    "Write a haiku about the sea.",
    "Name three things that I can cook with potatoes.",
    "Explain in two sentences why the sky is blue.",
    "def fibonacci(n): please finish this Python function.",
)
CONTEXT, TOKENS, GENERATED = 160, 64, 24
TIE, MOST_TIES = 0.3, 3
"""Strict fp16 moves logits of ±30 by up to some 0.1; a token may differ where the reference hardly prefers its own."""
MAX_KL = 2e-3
"""Mean over an answer; a wrong rotary table or norm gives 1e-2 and more."""


@dataclass(frozen=True)
class Answer:
    """What the reference says to one question, and the logits that chose each token."""

    prompt: list[int]
    answer: list[int]
    logits: np.ndarray


def answers_of(model: Any) -> list[Answer]:
    """The reference's greedy answers to all questions."""
    prompts = [chat_ids(TOKENIZER, question) for question in QUESTIONS]
    return [Answer(prompt, *greedy(model, prompt, TOKENS)) for prompt in prompts]


def check_answers(report: Report, label: str, driver: Driver, answers: list[Answer]) -> None:
    """Greedy choices in strict fp16, and that nothing overflows on the way."""
    driver.trace = Trace()
    for number, expected in enumerate(answers, 1):
        rows = driver.continuation(expected.prompt, expected.answer)
        chosen, far = choices(rows, expected.logits), distance(rows, expected.logits)
        report.check(
            f"{label} question {number}", chosen.within(TIE, MOST_TIES) and far.divergence <= MAX_KL, f"{chosen} {far}"
        )
    names = driver.trace.not_finite
    detail = f"largest {driver.trace.largest:.0f} {' '.join(names[:5])}"
    report.check(f"{label} all results finite", not names, detail)
    driver.trace = None


def open_package(report: Report, label: str, folder: str) -> Driver:
    """Loads a converted folder and checks what lies beside the program."""
    driver = Driver(folder)
    problems = problems_of(folder, driver.package, driver.path)
    report.check(f"{label} loads, description", not problems, "; ".join(problems)[:300])
    return driver


def check_generate(report: Report, folder: str, driver: Driver) -> None:
    """Pippin's own runner chooses what the executor prefers, given the same tokens before."""
    for precision, tie in (("fp32", 0.03), ("fp16", TIE)):
        for number, question in enumerate(QUESTIONS[:2], 1):
            label = f"pippin generate {precision} question {number}"
            with report.guard(label):
                options = ["--max-tokens", str(GENERATED), "--temperature", "0", "--precision", precision]
                said = pippin("generate", folder, "--prompt", question, *options)
                prompt = chat_ids(TOKENIZER, question)
                report.check(f"{label} prompt", said["promptIds"] == prompt, f"{len(prompt)} ids")
                driver.package.precision = precision
                rows = driver.continuation(prompt, [*said["ids"], 0])
                chosen: Choices = shortfalls(said["ids"], rows[:-1])
                ended = len(said["ids"]) == GENERATED or int(rows[-1].argmax()) in driver.manifest["stopTokens"]
                speed = f"{said['tokensPerSecond']:.1f} tokens/s"
                report.check(label, ended and chosen.within(tie, MOST_TIES), f"{chosen} {said['finish']} {speed}")


def tests(report: Report) -> None:
    """GGUF and safetensors as a stateful program, safetensors as a stateless one, and our runner."""
    work = sys.argv[1]
    context = ["--context", str(CONTEXT)]
    with report.guard("gguf"):
        folder = convert(gguf_file(), os.path.join(work, "smollm2-gguf"), *context)
        driver = open_package(report, "gguf stateful", folder)
        check_answers(report, "gguf stateful", driver, answers_of(load_gguf(gguf_file())))
        check_generate(report, folder, driver)
        del driver
    with report.guard("safetensors"):
        answers = answers_of(AutoModelForCausalLM.from_pretrained(hf_folder(), dtype=torch.float32).eval())
        for label, options in (("stateful", []), ("stateless", ["--program", "stateless"])):
            folder = convert(hf_folder(), os.path.join(work, f"smollm2-{label}"), *context, *options)
            check_answers(report, f"bf16 {label}", open_package(report, f"bf16 {label}", folder), answers)


if __name__ == "__main__":
    TOKENIZER = build_tokenizer(gguf_file())
    run(tests)
