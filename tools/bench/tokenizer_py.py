"""Times Hugging Face's tokenizers: tokenizer_py.py FOLDER TEXT; or writes the text of the bench: tokenizer_py.py text OUT REPOSITORY."""

import glob
import json
import os
import random
import resource
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "oracles"))


def write_text(out: str, repository: str) -> None:
    """A megabyte: seven tenths English prose and code of this repository, the rest of many scripts."""
    from texts import CODE, EMOJI, SENTENCES

    files = sorted(glob.glob(f"{repository}/docs/*.md")) + sorted(glob.glob(f"{repository}/packages/*/src/**/*.ts", recursive=True))
    prose = ""
    for file in files:
        with open(file, encoding="utf-8") as text:
            prose += text.read()
    r = random.Random(1)
    parts: list[str] = []
    size = 0
    while size < 1_000_000:
        at = r.randrange(len(prose) - 500)
        part = prose[at : at + 500] if r.random() < 0.3 else r.choice(SENTENCES + CODE + EMOJI) + " "
        parts.append(part)
        size += len(part.encode())
    with open(out, "w", encoding="utf-8") as text:
        text.write("".join(parts))


def main() -> None:
    """Prints one line of JSON."""
    if sys.argv[1] == "text":
        write_text(sys.argv[2], sys.argv[3])
        return
    from tokenizers import Tokenizer

    with open(sys.argv[2], encoding="utf-8") as file:
        text = file.read()
    began = time.perf_counter()
    tokenizer = Tokenizer.from_file(os.path.join(sys.argv[1], "tokenizer.json"))
    opened = time.perf_counter() - began
    began = time.perf_counter()
    tokenizer.encode("Hello")
    first = time.perf_counter() - began
    best = float("inf")
    for _ in range(4):
        began = time.perf_counter()
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        best = min(best, time.perf_counter() - began)
    total = 0
    for i in ids:
        total = (total * 31 + i) & 0xFFFFFFFF
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    rate = len(text.encode()) / best / 1e6
    print(json.dumps({"openMs": opened * 1e3, "firstMs": first * 1e3, "megabytesPerSecond": rate, "ids": len(ids), "sum": total, "peak": peak}))


main()
