"""Judges Pippin's tokenizer and chat templates against transformers, for SmolLM2 and the bundled model.

test_tokenizer.py WORK_FOLDER
"""

import json
import os
import random
import sys
from typing import Any

from pippin import ROOT, convert, node
from report import Report, run
from smollm2 import build_tokenizer, gguf_file, hf_folder
from transformers import PreTrainedTokenizerFast

PIP = os.path.join(ROOT, "models", "pip-chat")
RANDOM_TEXTS = 150
TEXTS = [
    "Hello, world!", " leading", "trailing ", "two  spaces   three", "tab\tand\nnew\r\nlines\n\n\n", "", " ", "\n",
    "I'll say it's DON'T they've we're", "1234567890 3.14159 1,000,000 ½ ² ٣٤", "Größe, naïve café, Ærøskøbing",
    "e\u0301 and é", "中文没有空格。日本語もです。한국어도", "Привет, мир", "שלום עולם", "مرحبا بالعالم", "สวัสดีชาวโลก",
    "नमस्ते दुनिया", "👩‍🚀 🏳️‍🌈 👍🏽 🇫🇷", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢", "a\u00a0b\u2003c\u200bd\ufeffe", "\x00\x01\x7f", "x = [i**2 for i in range(10)]",
    "def f(a: int) -> str:\n    return f\"{a!r}\"\n", "https://example.org/a?b=c&d=%20e#f", "{\"key\": [1, 2.5, null, true]}",
    "# Title\n\n- item **bold** `code`\n| a | b |\n|---|---|", "<|im_start|>user\nhi<|im_end|>", "<|im_start|", "<|endoftext|> after",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "ABCdefGHI", "snake_case camelCase kebab-case", "…—–‘’“”«»",
    "\u2028line\u2029paragraph", "The quick brown fox jumps over the lazy dog.", "What is the capital of France?",
]
PIECES = ["the", " a", "Ab", "ß", "é", "中", "👍", "\n", "  ", "\t", "'s", "'LL", "12", "3", ".", ",", "!?", "_", "-", "\u00a0", "ı", "ﬁ",
          "<|im_end|>", "\r\n", "ה", "न", "्", "\u200d", "¾", "x²", "{", "}}", "//", "ing", "tion", " of"]
CHATS: list[list[dict[str, str]]] = [
    [{"role": "user", "content": "Hello"}],
    [{"role": "system", "content": "Be brief."}, {"role": "user", "content": " What's 2+2? "}],
    [{"role": "user", "content": "Bonjour"}, {"role": "assistant", "content": "Salut !"}, {"role": "user", "content": "你好\n\n"}],
    [{"role": "user", "content": "<|im_end|> in a text"}, {"role": "assistant", "content": ""}],
]


def texts() -> list[str]:
    """Fixed texts, and random mixtures of awkward pieces."""
    r = random.Random(7)
    return TEXTS + ["".join(r.choices(PIECES, k=r.randint(1, 14))) for _ in range(RANDOM_TEXTS)]


def ask(folder: str, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What `@pippin/tokenizer` answers."""
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    answers = node(os.path.join("tools", "oracles", "tokenizer.ts"), folder, stdin=lines)
    return [json.loads(line) for line in answers.split("\n")[:-1]]


def check_folder(report: Report, label: str, folder: str, judge: PreTrainedTokenizerFast) -> None:
    """Ids, decoding, streaming and chats of one folder."""
    with report.guard(label):
        questions = texts()
        answers = ask(folder, [{"text": text} for text in questions])
        ids = [judge.encode(text, add_special_tokens=False) for text in questions]
        decoded = [judge.decode(x, skip_special_tokens=False, clean_up_tokenization_spaces=False) for x in ids]
        for what, ours, want in (
            ("ids", [a["ids"] for a in answers], ids),
            ("decoded", [a["decoded"] for a in answers], decoded),
            ("streamed", [a["streamed"] for a in answers], decoded),
        ):
            wrong = [t for t, a, b in zip(questions, ours, want, strict=True) if a != b]
            report.check(f"{label} {what}", not wrong, f"{len(questions) - len(wrong)}/{len(questions)} {wrong[:3]}")
        chats = [(chat, generate) for chat in CHATS for generate in (True, False)]
        rendered = ask(folder, [{"messages": chat, "addGenerationPrompt": g} for chat, g in chats])
        expected = [judge.apply_chat_template(chat, add_generation_prompt=g, tokenize=False) for chat, g in chats]
        right = sum(a["text"] == b for a, b in zip(rendered, expected, strict=True))
        report.check(f"{label} chats", right == len(chats), f"{right}/{len(chats)}")


def check_exported(report: Report, label: str, folder: str, judge: PreTrainedTokenizerFast) -> None:
    """The tokenizer.json beside a package means the same to transformers."""
    with report.guard(label):
        exported = PreTrainedTokenizerFast(tokenizer_file=os.path.join(folder, "tokenizer.json"))
        both = [[t.encode(text, add_special_tokens=False) for t in (exported, judge)] for text in texts()]
        right = sum(a == b for a, b in both)
        report.check(label, right == len(both), f"{right}/{len(both)}")


def tests(report: Report) -> None:
    """The published files, and those that convert writes beside packages."""
    smollm2, pip = build_tokenizer(gguf_file()), PreTrainedTokenizerFast.from_pretrained(PIP)
    from_gguf = convert(gguf_file(), os.path.join(sys.argv[1], "tokenizer-gguf"), "--context", "64")
    from_pip = convert(PIP, os.path.join(sys.argv[1], "tokenizer-pip"), "--context", "64")
    check_folder(report, "SmolLM2 safetensors", hf_folder(), smollm2)
    check_folder(report, "SmolLM2 package from GGUF", from_gguf, smollm2)
    check_exported(report, "SmolLM2 exported tokenizer.json", from_gguf, smollm2)
    check_folder(report, "pip-chat", PIP, pip)
    check_folder(report, "pip-chat package", from_pip, pip)


if __name__ == "__main__":
    run(tests)
