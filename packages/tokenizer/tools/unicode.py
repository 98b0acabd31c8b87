"""Writes src/generated/unicode.ts: what the reference library takes characters for, asked of the library itself.

    python tools/unicode.py > src/generated/unicode.ts

Needs tokenizers==0.23.3. Sets are runs of code points, "gap length" in base 36, one after another; maps are given by the sets of
code points that share a difference, or one by one.
"""
import json
import struct
import unicodedata
from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

ALL = [cp for cp in range(0x110000) if not 0xD800 <= cp <= 0xDFFF]
TEXT = "".join(map(chr, ALL))
CATEGORIES = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co".split()
SCRIPTS = (
    "Arabic Armenian Bengali Bopomofo Common Cyrillic Devanagari Ethiopic Georgian Greek Gujarati Gurmukhi Han Hangul "
    "Hebrew Hiragana Inherited Kannada Katakana Khmer Lao Latin Malayalam Mongolian Myanmar Oriya Sinhala Tamil Telugu Thai Tibetan"
).split()


def base36(n):
    digits = ""
    while True:
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[n % 36] + digits
        n //= 36
        if n == 0:
            return digits


def packed(code_points):
    """Runs of sorted code points as gaps and lengths."""
    runs, last = [], 0
    points = sorted(code_points)
    i = 0
    while i < len(points):
        j = i
        while j + 1 < len(points) and points[j + 1] == points[j] + 1:
            j += 1
        runs += [base36(points[i] - last), base36(j - i + 1)]
        last = points[j] + 1
        i = j + 1
    return " ".join(runs)


def matching(pattern):
    """The code points that a class of Oniguruma contains."""
    split = pre_tokenizers.Split(Regex(f"(?:{pattern})+"), "removed", invert=True)
    found = set()
    for piece, _ in split.pre_tokenize_str(TEXT):
        found.update(map(ord, piece))
    return found


def cut_out(pre_tokenizer):
    """The code points that a pre-tokenizer cuts off from letters."""
    found = set()
    for cp in ALL:
        pieces = pre_tokenizer.pre_tokenize_str(f"a{chr(cp)}a")
        if len(pieces) == 3:
            found.add(cp)
    return found


def changed(normalizer):
    """What single code points become."""
    result = {}
    for cp in ALL:
        text = normalizer.normalize_str(chr(cp))
        if text != chr(cp):
            result[cp] = text
    return result


def packed_map(entries):
    """Runs with the same distance to one other code point, and the rest as texts."""
    by_distance, rest = {}, {}
    for cp, text in entries.items():
        if len(text) == 1:
            by_distance.setdefault(ord(text) - cp, []).append(cp)
        else:
            rest[cp] = text
    few = {d: cps for d, cps in by_distance.items() if len(cps) < 3}
    for cps in few.values():
        for cp in cps:
            rest[cp] = entries[cp]
    return {
        "shifts": {str(d): packed(cps) for d, cps in sorted(by_distance.items()) if d not in few},
        "texts": " ".join(f"{base36(cp)}:{'.'.join(base36(ord(c)) for c in text)}" for cp, text in sorted(rest.items())),
    }


def words():
    """What `single_word` takes for a word's character."""
    tokenizer = Tokenizer(models.WordLevel({"<u>": 0, "x": 1}, unk_token="<u>"))
    tokenizer.add_tokens([AddedToken("x", single_word=True, normalized=False)])
    tokenizer.pre_tokenizer = pre_tokenizers.CharDelimiterSplit("x")
    return {cp for cp in ALL if tokenizer.encode("x" + chr(cp)).ids[:1] != [1] and cp != ord("x")} | {ord("x")}


def scripts():
    """The sets of characters that `UnicodeScripts` does not cut between; characters of no script are in none."""
    cut = pre_tokenizers.UnicodeScripts()
    runs = [piece for piece, _ in cut.pre_tokenize_str(TEXT)]
    found = {}
    for run in runs:
        # Characters of no script go with those before them.
        own = [c for c in run if cut.pre_tokenize_str(c)]
        first = next((rep for rep in found if len(cut.pre_tokenize_str(rep + own[0])) == 1), own[0])
        found.setdefault(first, set()).update(map(ord, own))
    return [found[first] for first in sorted(found)]


def clusters():
    """Counts the grapheme clusters of a text, if none is longer than 5 bytes; longer ones count as their characters.

    By a `Precompiled` that turns every byte into X: what is shorter than 6 bytes is replaced whole.
    """
    units, first = [0] * 2048, 256
    units[0] = first << 10
    for byte in range(1, 256):
        node, leaf = first ^ byte, 1024 + byte
        units[node] = (node ^ leaf) << 10 | 1 << 8 | byte
        units[leaf] = 1 << 31
    normalizer = normalizers.Precompiled(struct.pack("<2049I", 4 * 2048, *units) + b"X\0")
    return lambda text: len(normalizer.normalize_str(text))


def grapheme_sets():
    """The classes of characters that decide where grapheme clusters end."""
    count = clusters()
    mark, zwj, sign = "\u0300", "\u200d", "\u00a9"
    prepend = {cp for cp in ALL[1:] if cp != 13 and count(chr(cp) + "a") == 1}
    behind = {cp for cp in ALL[1:] if cp != 10 and count("a" + chr(cp)) == 1 and chr(cp) != zwj}
    extend = {cp for cp in behind if count(sign + chr(cp) + zwj + sign + mark) == 5}
    # A cluster of more than 5 bytes shows that the character joined what is before it.
    pictures = {cp for cp in ALL[1:] if cp not in behind and count(sign + zwj + chr(cp) + mark) == 4 and count(sign + zwj + chr(cp)) == 3 and len(chr(cp).encode()) < 4}
    # Of characters of 4 bytes clusters are always longer: their own joining shows at a mark behind a second one.
    wide = {cp for cp in ALL if cp > 0xFFFF and cp not in behind and count(chr(cp) + zwj + sign + mark) == 4}
    control = {cp for cp in ALL[1:] if cp not in behind and cp < 0x10000 and count(chr(cp) + mark) == 2}
    control |= {cp for cp in ALL if cp > 0xFFFF and cp not in behind and count(chr(cp) + mark * 2) == 2}
    consonants = {cp for cp in ALL if 0x900 <= cp < 0x10000 and count(chr(cp) + "\u094d" + "\u0915" + mark) == 4}
    linkers = {cp for cp in extend if 0x900 <= cp < 0x10000 and count("\u0915" + chr(cp) + "\u0915" + mark) == 4}
    return {"prepend": prepend, "extend": extend, "spacing": behind - extend, "pictures": pictures | wide, "control": control, "consonants": consonants, "linkers": linkers}


def main():
    nfd, nfkd, nfc, nfkc = (n() for n in (normalizers.NFD, normalizers.NFKD, normalizers.NFC, normalizers.NFKC))
    hangul = range(0xAC00, 0xAC00 + 11172)
    canonical = {cp: t for cp, t in changed(nfd).items() if cp not in hangul}
    compatible = {cp: t for cp, t in changed(nfkd).items() if cp not in hangul and canonical.get(cp) != t}
    combining = {}
    for cp in ALL:
        after = nfd.normalize_str(f"a{chr(cp)}\u0334") == f"a\u0334{chr(cp)}" and cp != 0x334
        before = nfd.normalize_str(f"a\u0345{chr(cp)}") == f"a{chr(cp)}\u0345" and cp != 0x345
        if after or before or cp in (0x334, 0x345):
            combining.setdefault(unicodedata.combining(chr(cp)), []).append(cp)
    compositions = []
    for cp in canonical:
        parts = unicodedata.decomposition(chr(cp)).split()
        if len(parts) != 2 or parts[0].startswith("<"):
            continue
        first, second = (int(p, 16) for p in parts)
        if nfc.normalize_str(chr(first) + chr(second)) == chr(cp):
            compositions.append((first, second, cp))
    bert = lambda **on: normalizers.BertNormalizer(**{**dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False), **on})
    clean = changed(bert(clean_text=True))
    chinese = {cp for cp, t in changed(bert(handle_chinese_chars=True)).items() if t == f" {chr(cp)} "}
    accents = {cp for cp, t in changed(bert(strip_accents=True)).items() if t == ""}
    data = {
        "categories": {name: packed(matching(rf"\p{{{name}}}")) for name in CATEGORIES},
        "scripts": {name: packed(matching(rf"\p{{{name}}}")) for name in SCRIPTS},
        "pieceScripts": [packed(one) for one in scripts()],
        "graphemes": {name: packed(one) for name, one in grapheme_sets().items()},
        "sets": {
            "alphabetic": packed(matching(r"\p{Alphabetic}") - matching(r"\p{L}") - matching(r"\p{Nl}")),
            "uppercase": packed(matching(r"\p{Uppercase}") - matching(r"\p{Lu}")),
            "lowercase": packed(matching(r"\p{Lowercase}") - matching(r"\p{Ll}")),
            "posixPunctuation": packed(matching(r"[[:punct:]]") - matching(r"\p{P}")),
            "word": packed(matching(r"\w") ^ (matching(r"\p{Alphabetic}") | matching(r"\p{M}") | matching(r"\p{Nd}") | matching(r"\p{Pc}"))),
            "tokenWord": packed(words() ^ matching(r"\w")),
            "numeric": packed(cut_out(pre_tokenizers.Digits(individual_digits=True)) ^ matching(r"\p{N}")),
            "punctuation": packed(cut_out(pre_tokenizers.Punctuation()) ^ matching(r"\p{P}")),
            "bertPunctuation": packed(cut_out(pre_tokenizers.BertPreTokenizer()) ^ matching(r"\p{P}")),
            "stripAccents": packed({cp for cp, t in changed(normalizers.StripAccents()).items() if t == ""} ^ matching(r"\p{M}")),
            "bertAccents": packed(accents ^ matching(r"\p{Mn}")),
            "bertChinese": packed(chinese),
            "bertRemoved": packed({cp for cp, t in clean.items() if t == ""} ^ matching(r"\p{Cc}")),
            "bertSpaces": packed({cp for cp, t in clean.items() if t == " "}),
            "nmtRemoved": packed({cp for cp, t in changed(normalizers.Nmt()).items() if t == ""}),
            "nmtSpaces": packed({cp for cp, t in changed(normalizers.Nmt()).items() if t == " "}),
        },
        "lowercase": packed_map(changed(normalizers.Lowercase())),
        "canonical": packed_map(canonical),
        "compatible": packed_map(compatible),
        "combining": {str(k): packed(v) for k, v in sorted(combining.items())},
        "compositions": " ".join(f"{base36(a)}.{base36(b)}.{base36(c)}" for a, b, c in sorted(compositions)),
    }
    print("// Written by `python tools/unicode.py > src/generated/unicode.ts`; not edited.")
    print("/** See tools/unicode.py. Sets are gaps and lengths of runs in base 36. */")
    print(f"export const UNICODE = {json.dumps(data, indent=1)} as const;")


main()
