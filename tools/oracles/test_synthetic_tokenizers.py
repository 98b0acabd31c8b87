"""Judges @pippin/tokenizer against Hugging Face's tokenizers on random combinations of all options.

test_synthetic_tokenizers.py WORK_FOLDER
"""

import json
import os
import random
import struct
import sys
from typing import Any

from report import Report, run
from test_tokenizers import ask, ask_swift, placed_ids, same, streamed
from texts import CODE, EMOJI, SENTENCES, corpus, mixture
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

os.environ["RUST_BACKTRACE"] = "0"
COUNT = int(os.environ.get("PIPPIN_SYNTHETIC", "240"))
SEED = int(os.environ.get("PIPPIN_SEED", "1"))
TEXTS = 60

BEHAVIORS = ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]
REGEXES = [
    r"\s+", r"\d{1,3}", r"[^\S\n]+|\n", r"\p{Lu}\p{Ll}*", r"(?i:'s|'t|'re)|\p{L}+", r"\w+(?=\s)", r"\S+\s?", r"[a-z]+?[0-9]", r"(?:ab)+|b",
    r"[\p{L}\p{M}]+|\p{N}", r"\p{Han}|\p{Hiragana}+", r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+", r"^\s|\s$", r"\bthe\b", r"(?<=a)b", r"(?<!\s)\.",
]  # fmt: skip
LITERALS = [" ", "a", "the", "..", "\n", "é", "▁", "👍"]


def literal_or_regex(r: random.Random) -> Any:
    """A pattern of either kind."""
    return r.choice(LITERALS) if r.random() < 0.4 else Regex(r.choice(REGEXES[:12]))


def charsmap(r: random.Random) -> bytes:
    """A `precompiled_charsmap` in SentencePiece's form, some of whose keys begin with others."""
    keys = ["a", "é", "e\u0301", "ﬁ", "\r\n", "\r", "\t", "①", "カ", "ｶ", "か\u3099", "\u00a9", "क", "क्ष", "the", "th", "👍", "👍🏽", "\u200d", "ㅎ", "각", "İ", "ª", "A\u030a"]
    picked = {k: r.choice(["", "x", "fi", " ", "か", "É", "▁▁"]) for k in r.sample(keys, r.randint(1, len(keys)))}
    texts, places = b"", {}
    for text in set(picked.values()):
        places[text] = len(texts)
        texts += text.encode() + b"\0"
    units = double_array({key.encode(): places[text] for key, text in picked.items()})
    return struct.pack(f"<{len(units) + 1}I", 4 * len(units), *units) + texts


def double_array(entries: dict[bytes, int]) -> list[int]:
    """A trie in Darts-clone's form: children of a node lie at its offset xor their byte, a value at its offset."""
    units: dict[int, int] = {0: 0}
    free = 256

    def build(node: int, prefix: bytes) -> None:
        nonlocal free
        base, free = free, free + 256
        units[node] = (units[node] & 0x3FF) | (node ^ base) << 10
        if prefix in entries:
            units[node] |= 1 << 8
            units[base] = 1 << 31 | entries[prefix]
        for byte in sorted({k[len(prefix)] for k in entries if k.startswith(prefix) and len(k) > len(prefix)}):
            units[base ^ byte] = byte
            build(base ^ byte, prefix + bytes([byte]))

    build(0, b"")
    return [units.get(at, 0) for at in range(free)]


def normalizer(r: random.Random, depth: int = 0) -> Any:
    """One of all kinds."""
    n = normalizers
    kinds = [
        n.NFC, n.NFD, n.NFKC, n.NFKD, n.Lowercase, n.Nmt, n.StripAccents, n.ByteLevel,
        lambda: n.Precompiled(charsmap(r)),
        lambda: n.Prepend(r.choice(["▁", "x", "é "])),
        lambda: n.Replace(literal_or_regex(r), r.choice(["", " ", "▁", "ab", "$1"])),
        lambda: n.Strip(left=r.random() < 0.5, right=r.random() < 0.5),
        lambda: n.BertNormalizer(clean_text=r.random() < 0.5, handle_chinese_chars=r.random() < 0.5, strip_accents=r.choice([None, True, False]), lowercase=r.random() < 0.5),
    ]  # fmt: skip
    if depth == 0 and r.random() < 0.4:
        return n.Sequence([normalizer(r, 1) for _ in range(r.randint(0, 3))])
    return r.choice(kinds)()


def pre_tokenizer(r: random.Random, depth: int = 0) -> Any:
    """One of all kinds."""
    p = pre_tokenizers
    kinds = [
        p.Whitespace, p.WhitespaceSplit, p.BertPreTokenizer, p.UnicodeScripts,
        lambda: p.ByteLevel(add_prefix_space=r.random() < 0.5, use_regex=r.random() < 0.6, trim_offsets=r.random() < 0.5),
        lambda: p.Punctuation(r.choice(BEHAVIORS)),
        lambda: p.Digits(individual_digits=r.random() < 0.5),
        lambda: p.Metaspace(replacement=r.choice(["▁", "_"]), prepend_scheme=r.choice(["always", "first", "never"]), split=r.random() < 0.7),
        lambda: p.CharDelimiterSplit(r.choice(["a", " ", "中"])),
        lambda: p.Split(literal_or_regex(r), r.choice(BEHAVIORS), invert=r.random() < 0.4),
        lambda: p.Split(Regex(r.choice(REGEXES)), r.choice(BEHAVIORS), invert=r.random() < 0.4),
        lambda: p.FixedLength(r.randint(1, 5)),
    ]  # fmt: skip
    if depth == 0 and r.random() < 0.45:
        return p.Sequence([pre_tokenizer(r, 1) for _ in range(r.randint(0, 3))])
    return r.choice(kinds)()


def decoder(r: random.Random, depth: int = 0) -> Any:
    """One of all kinds."""
    d = decoders
    kinds = [
        d.ByteLevel, d.ByteFallback, d.Fuse,
        lambda: d.Replace(literal_or_regex(r), r.choice(["", " ", "x"])),
        lambda: d.Strip(r.choice([" ", "▁", "a"]), r.randint(0, 2), r.randint(0, 2)),
        lambda: d.Metaspace(replacement=r.choice(["▁", "_"]), prepend_scheme=r.choice(["always", "first", "never"])),
        lambda: d.WordPiece(prefix=r.choice(["##", "@@"]), cleanup=r.random() < 0.5),
        lambda: d.BPEDecoder(suffix=r.choice(["</w>", "e"])),
        lambda: d.CTC(pad_token=r.choice(["<pad>", "a"]), word_delimiter_token=r.choice(["|", "e"]), cleanup=r.random() < 0.5),
    ]  # fmt: skip
    if depth == 0 and r.random() < 0.5:
        return d.Sequence([decoder(r, 1) for _ in range(r.randint(1, 3))])
    return r.choice(kinds)()


def post_processor(r: random.Random, tokens: list[tuple[str, int]], depth: int = 0) -> Any:
    """One of all kinds; `tokens` have ids."""
    a, b = tokens[0], tokens[-1]
    kinds = [
        lambda: processors.ByteLevel(trim_offsets=r.random() < 0.5),
        lambda: processors.BertProcessing(a, b),
        lambda: processors.RobertaProcessing(a, b, trim_offsets=r.random() < 0.5, add_prefix_space=r.random() < 0.5),
        lambda: processors.TemplateProcessing(single=r.choice([f"{a[0]} $A", f"$A {b[0]}", f"{a[0]} {a[0]} $A:1 {b[0]}", "$A", f"{b[0]}"]), pair="$A $B", special_tokens=list({a[0]: a, b[0]: b}.values())),
    ]  # fmt: skip
    if depth == 0 and r.random() < 0.25:
        return processors.Sequence([post_processor(r, tokens, 1) for _ in range(r.randint(1, 3))])
    return r.choice(kinds)()


def added_tokens(r: random.Random) -> list[AddedToken]:
    """All flags, spellings inside of one another, white space at their ends, letters that normalizers change."""
    spellings = ["<s>", "</s>", "<pad>", "<|im|>", "<|im|>x", "the", "THE", "é", "É", " a ", "ab", "abc", "\n\n", "中", "[X]", "<s><s>", "ing", "a b", "ﬁ", "1", "▁x", "👍", " "]
    picked = ["<s>", *r.sample(spellings[1:], r.randint(0, 8))]
    flags = lambda: {k: r.random() < 0.4 for k in ("single_word", "lstrip", "rstrip", "normalized", "special")}
    return [AddedToken(s, **flags()) for s in picked]


def model(r: random.Random, tokenizer_of: Any) -> Any:
    """A trained tokenizer of one of the four kinds, its options set at random."""
    corpus_lines = SENTENCES + CODE + EMOJI + ["the of and ing tion abab abc hello hello world world"] * 5
    kind = r.choice(["bpe", "bpe", "bpe", "unigram", "wordpiece", "wordlevel"])
    size = r.choice([450, 900])
    unk = r.choice([None, "<unk>", "[UNK]"])
    if kind == "bpe":
        prefix, suffix = r.choice([None, None, "##"]), r.choice([None, None, "</w>"])
        options = {"unk_token": unk, "fuse_unk": r.random() < 0.5, "byte_fallback": r.random() < 0.4, "ignore_merges": r.random() < 0.4}
        names = {"continuing_subword_prefix": prefix, "end_of_word_suffix": suffix, "unk_token": unk}
        m = models.BPE(**{k: v for k, v in (options | names).items() if v is not None})
        del names["unk_token"]
        t = trainers.BpeTrainer(vocab_size=size, show_progress=False, special_tokens=[unk] if unk else [], limit_alphabet=r.choice([60, 400]), **{k: v for k, v in names.items() if v is not None})  # fmt: skip
    elif kind == "unigram":
        m, t = models.Unigram(), trainers.UnigramTrainer(vocab_size=size, show_progress=False, unk_token="<unk>", special_tokens=["<unk>"])
    elif kind == "wordpiece":
        unk = unk or "[UNK]"
        m = models.WordPiece(unk_token=unk, max_input_chars_per_word=r.choice([5, 100]), continuing_subword_prefix=r.choice(["##", "@@"]))
        t = trainers.WordPieceTrainer(vocab_size=size, show_progress=False, special_tokens=[unk], limit_alphabet=200, continuing_subword_prefix=m.continuing_subword_prefix)  # fmt: skip
    else:
        unk = unk or "<unk>"
        m, t = models.WordLevel(unk_token=unk), trainers.WordLevelTrainer(vocab_size=size, show_progress=False, special_tokens=[unk])
    tokenizer = tokenizer_of(m)
    tokenizer.train_from_iterator(corpus_lines, t)
    return tokenizer


def make(r: random.Random) -> dict[str, Any]:
    """A tokenizer.json."""
    norm = normalizer(r) if r.random() < 0.7 else None
    pre = pre_tokenizer(r) if r.random() < 0.85 else None

    def with_parts(m: Any) -> Tokenizer:
        tokenizer = Tokenizer(m)
        if norm is not None and r.random() < 0.5:
            tokenizer.normalizer = norm
        if pre is not None:
            tokenizer.pre_tokenizer = pre
        return tokenizer

    tokenizer = model(r, with_parts)
    if norm is not None:
        tokenizer.normalizer = norm
    # A token of which the normalizer leaves nothing makes the reference run out of memory.
    left = norm.normalize_str if norm is not None else str
    # Of those of which it leaves the same, the reference takes one at random.
    added = {left(t.content): t for t in added_tokens(r) if left(t.content) != ""}
    tokenizer.add_tokens([t for t in added.values()])
    content = sorted((t.content, i) for i, t in tokenizer.get_added_tokens_decoder().items())
    if r.random() < 0.6:
        tokenizer.post_processor = post_processor(r, r.sample(content, min(2, len(content))))
    if r.random() < 0.85:
        tokenizer.decoder = decoder(r)
    value = json.loads(tokenizer.to_str())
    if value["model"]["type"] == "Unigram" and r.random() < 0.5:
        value["model"]["byte_fallback"] = True
    if value["model"]["type"] in ("Unigram", "BPE") and r.random() < 0.3:
        add_bytes(value)
    return value


def add_bytes(value: dict[str, Any]) -> None:
    """Tokens of single bytes behind the others, all or some."""
    vocab = value["model"]["vocab"]
    for name in [f"<0x{byte:02X}>" for byte in range(256)]:
        if isinstance(vocab, dict):
            vocab.setdefault(name, len(vocab))
        else:
            vocab.append([name, -20.0])


def describe(value: dict[str, Any]) -> str:
    """The parts by name."""
    def name(part: Any) -> str:
        if part is None:
            return "-"
        for key in ("normalizers", "pretokenizers", "processors", "decoders"):
            if key in part:
                return "[" + ",".join(name(x) for x in part[key]) + "]"
        return part["type"]

    return " ".join(name(value[k]) for k in ("model", "normalizer", "pre_tokenizer", "post_processor", "decoder"))


def tests(report: Report) -> None:
    """Random tokenizers, each on its own texts."""
    work = report.work if hasattr(report, "work") else sys.argv[1]
    cases: list[tuple[str, dict[str, Any], list[str], Any]] = []
    questions: list[dict[str, Any]] = []
    for number in range(COUNT):
        r = random.Random(SEED * 100_000 + number)
        try:
            value = make(r)
            tokenizer = Tokenizer.from_str(json.dumps(value))
        except Exception as error:  # noqa: BLE001 - options that the reference itself does not take
            if "panicked" in str(error) or number < 0:
                raise
            continue
        special = [t["content"] for t in value["added_tokens"]]
        texts = [t for t in corpus(number, 0, special) if len(t) < 300]
        texts = r.sample(texts, min(TEXTS, len(texts))) + [mixture(r, special * 3) for _ in range(TEXTS)]
        expected = answers_of(tokenizer, texts, r)
        folder = os.path.join(work, f"synthetic-{number}")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "tokenizer.json"), "w") as out:
            json.dump(value, out, ensure_ascii=False)
        cases.append((f"{number} {describe(value)}", value, texts, expected))
        questions += [{"open": folder, "file": os.path.join(folder, "tokenizer.pippin")}, *[{"text": t} for t in texts], *[{"ids": x} for x in expected["ids"]]]
    all_answers = ask(questions)
    swift_answers = iter(ask_swift(questions, all_answers))
    answers = iter(all_answers)
    refused = 0
    for label, _, texts, expected in cases:
        opened = next(answers)
        encoded = [next(answers) for _ in texts]
        decoded = [next(answers) for _ in expected["ids"]]
        in_swift = [next(swift_answers) for _ in range(1 + len(texts) + len(expected["ids"]))]
        if opened["error"] is not None:
            refused += 1
            report.check(f"{label} refused by name", "TOKENIZER_UNSUPPORTED" in opened["error"], opened["error"])
            continue
        pairs = zip([opened, *encoded, *decoded], in_swift, strict=True)
        wrong = [f"Swift: {str(b)[:120]} not {str(a)[:120]}" for a, b in pairs if not same(a, b)]
        for text, a, b, c, d in zip(texts, encoded, expected["plain"], expected["special"], expected["placed"], strict=True):
            wrong += [f"ids of {text!r}: {a['ids']} not {b}"] * (b is not None and a["ids"] != b)
            wrong += [f"offsets of {text!r}: {a['offsets']} not {d}"] * (d is not None and a["offsets"] != d)
            wrong += [f"special ids of {text!r}: {a['special']} not {c}"] * (c is not None and a["special"] != c)
        for ids, a, b, c, s in zip(expected["ids"], decoded, expected["decoded"], expected["skipped"], expected["streamed"], strict=True):
            wrong += [f"text of {ids}: {a['decoded']!r} not {b!r}"] * (b is not None and a["decoded"] != b)
            wrong += [f"text of {ids} without special tokens: {a['skipped']!r} not {c!r}"] * (c is not None and a["skipped"] != c)
            wrong += [f"stream of {ids}: {a['streamed']!r} not {s!r}"] * (s is not None and a["streamed"] != s)
        report.check(label, not wrong, f"{len(wrong)} differ: {'; '.join(w[:300] for w in wrong[:2])}" if wrong else f"{len(texts)} texts")
    print(f"{len(cases)} tokenizers, {refused} refused")


def misplaces(tokenizer: Tokenizer) -> bool:
    """Whether the reference's own offsets are beside the text: where a prefix or suffix becomes bytes, and where unknown characters
    leave nothing."""
    model = json.loads(tokenizer.to_str())["model"]
    around = model.get("continuing_subword_prefix") or model.get("end_of_word_suffix")
    dropped = model["type"] == "BPE" and model.get("unk_token") is None
    return dropped or bool(model.get("byte_fallback") and around)


def answers_of(tokenizer: Tokenizer, texts: list[str], r: random.Random) -> dict[str, list[Any]]:
    """What the reference says; None where it panics."""
    def attempt(call: Any) -> Any:
        try:
            return call()
        except BaseException as error:  # noqa: BLE001 - Rust's panics are no Exceptions
            if isinstance(error, KeyboardInterrupt):
                raise
            return None

    plain = [attempt(lambda t=t: tokenizer.encode(t, add_special_tokens=False).ids) for t in texts]
    special = [attempt(lambda t=t: tokenizer.encode(t, add_special_tokens=True).ids) for t in texts]
    placed = [None if misplaces(tokenizer) else attempt(lambda t=t: placed_ids(tokenizer.encode(t))) for t in texts]
    size = max(tokenizer.get_vocab().values()) + 1
    noise = [[r.randrange(size + 3) for _ in range(r.randint(1, 10))] for _ in range(30)]
    ids = [x for x in special[:40] if x is not None] + noise
    decoded = [attempt(lambda x=x: tokenizer.decode(x, skip_special_tokens=False)) for x in ids]
    skipped = [attempt(lambda x=x: tokenizer.decode(x, skip_special_tokens=True)) for x in ids]
    joined = [attempt(lambda x=x: streamed(tokenizer, x)) for x in ids]
    # The reference's stream keeps back what may be an unfinished character: only whole texts compare.
    whole = [s if s is not None and d is not None and "\ufffd" not in d and s == d else d if d is not None and "\ufffd" not in d else None for s, d in zip(joined, decoded, strict=True)]
    return {"plain": plain, "special": special, "ids": ids, "decoded": decoded, "skipped": skipped, "streamed": whole, "placed": placed}


if __name__ == "__main__":
    run(tests)
