"""Judges the figures of `pippin verify` on a text with transformers: SmolLM2-135M-Instruct, windows that start fresh.

test_perplexity.py WORK_FOLDER
"""

import os
import re
import sys

import torch
from pippin import ROOT, convert, pippin
from report import Report, run
from smollm2 import build_tokenizer, gguf_file, load_gguf

WINDOWS, SIZE = 20, 64
TOLERANCE = 0.005
"""Relative: both compute in float32 and add in another order; the GGUF is dequantized by other code."""


def evaluation_text() -> str:
    """The bundled text: the template literal of its module, which has neither escapes nor placeholders."""
    with open(os.path.join(ROOT, "packages", "verify", "src", "evaluation-text.ts"), encoding="utf8") as file:
        [text] = re.findall(r"EVALUATION_TEXT = `([^`\\$]*)`", file.read())
    return text


def perplexity(windows: torch.Tensor) -> float:
    """Of each token given those before it in its window, in double precision from float32 logits."""
    model = load_gguf(gguf_file())
    with torch.no_grad():
        rows = torch.cat([model(window[None]).logits[:, :-1].double() for window in windows])
    chosen = torch.log_softmax(rows, -1).gather(-1, windows[:, 1:, None])
    return float(torch.exp(-chosen.mean()))


def tests(report: Report) -> None:
    """The perplexity of the original and of an fp16 package, on the bundled text and on the same text as a file."""
    text = evaluation_text()
    ids = build_tokenizer(gguf_file()).encode(text, add_special_tokens=False)
    wanted = perplexity(torch.tensor(ids[: WINDOWS * SIZE]).view(WINDOWS, SIZE))
    folder = convert(gguf_file(), os.path.join(sys.argv[1], "smollm2-perplexity"), "--context", "160")
    file = os.path.join(sys.argv[1], "evaluation.txt")
    with open(file, "w", encoding="utf8", newline="") as out:
        out.write(text)
    few = ["--prompts", "1", "--tokens", "1", "--windows", str(WINDOWS), "--window-tokens", str(SIZE)]
    for label, more in (("bundled text", []), ("file", ["--text", file, "--precision", "fp32"])):
        figures = pippin("verify", folder, "--against", gguf_file(), *few, *more)["text"]
        report.check(f"{label}: positions", figures["positions"] == WINDOWS * SIZE, str(figures["positions"]))
        for which, value in figures["perplexity"].items():
            far = abs(value / wanted - 1)
            report.check(f"{label}: perplexity of the {which}", far <= TOLERANCE, f"{value:.3f}, wanted {wanted:.3f}")
        errors = [layer["relativeError"] for layer in figures["layers"]["layers"]]
        report.check(f"{label}: layers", len(errors) == 30 and max(errors) < 0.01, f"largest error {max(errors):.1e}")


if __name__ == "__main__":
    run(tests)
