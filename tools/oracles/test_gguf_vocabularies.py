"""Judges tokenizers out of GGUF vocabularies by llama.cpp's test vectors, through the command line.

test_gguf_vocabularies.py WORK_FOLDER
"""

import json
import os

from llama_cpp import files
from pippin import CommandError, node
from report import Report, run

CLI = os.path.join("apps", "cli", "bin", "pippin.js")
KNOWN = "command-r gpt-2 llama-bpe llama-spm mpt phi-3 qwen2 qwen35 refact starcoder".split()


def tests(report: Report) -> None:
    """Vocabularies that are known give the vectors' ids; others are refused by name."""
    for file in files("ggml-vocab-*.gguf"):
        name = os.path.basename(file).removeprefix("ggml-vocab-").removesuffix(".gguf")
        if not os.path.exists(f"{file}.inp"):
            continue
        with open(f"{file}.inp", encoding="utf-8", newline="") as texts_file, open(f"{file}.out", encoding="utf-8") as ids_file:
            texts = texts_file.read().split("\n__ggml_vocab_test__\n")
            wanted = [[int(x) for x in line.split()] for line in ids_file.read().split("\n")][: len(texts)]
        lines = "".join(json.dumps({"text": text, "addSpecialTokens": False}) + "\n" for text in texts)
        try:
            answers = [json.loads(line)["ids"] for line in node(CLI, "tokenizer", "encode", file, stdin=lines).splitlines()]
        except CommandError as error:
            report.check(f"{name} refused by name", name not in KNOWN and "TOKENIZER_UNSUPPORTED" in str(error), str(error)[-200:])
            continue
        wrong = [text for text, a, b in zip(texts, answers, wanted, strict=True) if a != b]
        report.check(f"{name} ids", not wrong, f"{len(texts) - len(wrong)}/{len(texts)} {wrong[:2]}")


if __name__ == "__main__":
    run(tests)
