"""Texts on which tokenizers differ: many scripts, marks, emoji, controls, white space, code, digits, very long words."""

import random

SENTENCES = [
    "The quick brown fox jumps over the lazy dog, doesn't it?", "I'll say they've DONE it; we're LATE, you'D'VE known.",
    "Größe, Straße, Übermäßigkeit: „schön“!", "Les élèves déjeunent où ? « Là-bas », dit-elle.", "¿Qué pasó, señor? ¡Nada!",
    "Zażółć gęślą jaźń, Łódź.", "Příliš žluťoučký kůň úpěl ďábelské ódy.", "İstanbul'da ışık ılık, ŞİŞLİ.",
    "Съешь же ещё этих мягких французских булок, да выпей чаю.", "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία. ΟΔΟΣ ὈΔΥΣΣΕΎΣ",
    "שלום עולם, מה שלומך? בְּרֵאשִׁית", "مرحبا بالعالم، كيف الحالُ؟ ١٢٣٤", "नमस्ते दुनिया, क्या हाल है? क्षत्रिय १२३", "আমি বাংলায় গান গাই।",
    "தமிழ் மொழி மிகவும் பழமையானது.", "ಕನ್ನಡ ಭಾಷೆ ಸುಂದರ", "മലയാളം ഒരു ഭാഷയാണ്", "สวัสดีชาวโลก ภาษาไทยไม่มีช่องว่าง", "ສະບາຍດີ", "မင်္ဂလာပါ", "សួស្តី​ពិភពលោក",
    "中文没有空格。汉字，标点！《书名》", "日本語もカタカナとひらがなと漢字。ｶﾞｷﾞ", "한국어 문장입니다. 각각", "གངས་ཅན་བོད།", "ქართული ენა", "Հայերեն լեզու", "አማርኛ ቋንቋ", "ᏣᎳᎩ ꭰꭱ",
    "Tiếng Việt có dấu: ướt ưỡn, Đặng.", "Þetta er íslenska, ǽ.", "ʻŌlelo Hawaiʻi", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝕄𝕒𝕥𝕙 𝟙𝟚𝟛 ①②③ Ⅳ ½ ⅓", "ﬁﬂﬀ ǅ ŉ ẞ ſ K Å",
]
EMOJI = ["👩‍🚀", "🏳️‍🌈", "👍🏽", "🇫🇷", "🇩🇪🇪", "👨‍👩‍👧‍👦", "☺️", "☺", "1️⃣", "🫠", "❤️‍🔥", "🧑🏿‍🦱", "\U0001f600\ufe0e"]
CODE = [
    "def f(a: int) -> str:\n    return f\"{a!r}\"  # ok\n\n\n", "for (let i = 0; i < 10; i++) { x[i] += y?.z ?? 1; }\r\n", "\tif (!p) goto end;\n\t\t/* none */\n",
    "SELECT * FROM t WHERE a='b''c' AND d<>3;", "<div class=\"a b\">&nbsp;<br/></div>\n", "https://example.org/a?b=c&d=%20e#f", "{\"k\": [1, -2.5e10, null]}\n",
    "# T\n\n- **b** `c`\n| a | b |\n|---|---|\n", "a_b.c->d::e<f>(&g)…", "0xDEADBEEF 1_000_000 3.14159 1e-9 2024-01-31T12:00:00Z", "\\frac{a}{b} $x^2$ \\\\ {}", "////////// ======== -------- ########",
]
SPACES = [" ", "  ", "   ", "\t", "\n", "\r", "\r\n", "\n\n", "\n \n", " \n", "\x0b", "\x0c", "\x85", "\xa0", "\u1680", "\u2003", "\u2028", "\u2029", "\u202f", "\u205f", "\u3000", "\u200b", "\ufeff", "\u180e", "\u2060"]
MARKS = ["\u0301", "\u0300", "\u0323", "\u0345", "\u0334", "\u093c", "\u094d", "\u0e31", "\u064b", "\u3099", "\u20e3", "\ufe0f", "\u200d", "\u200c", "\u1abf", "\u07fd", "\u0898", "\U00011930", "\U0001d165", "\u1dfa"]
PIECES = ["the", " a", "Ab", "aB", "ABC", "ß", "é", "e", "o", "中", "文", "あ", "カ", "한", "ᄒ", "ᅡ", "ᆫ", "👍", "'s", "'S", "'ſ", "'LL", "’s", "'", "12", "3", "²", "½", "Ⅳ", "٣", "१", ".", ",", "!?", "_", "-", "▁", "Ġ",
          "ı", "ﬁ", "ǆ", "ה", "न", "x²", "{", "}}", "//", "/", "\\", "ing", "tion", " of", "<0x41>", "<0xE4>", "\x00", "\x01", "\x7f", "\x9f", "\ufffd", "\ufffe", "\U000e0041", "\U0010ffff", "\ue000", "͸"]


def code_points(r: random.Random) -> str:
    """A few characters of one block, assigned or not."""
    base = r.choice([0x80, 0x250, 0x370, 0x590, 0x600, 0x900, 0xE00, 0x1000, 0x1100, 0x1E00, 0x2000, 0x2460, 0x2E80, 0x3040, 0x4E00, 0xA640, 0xAC00, 0xF900, 0xFB00, 0xFE00, 0xFF00, 0x10000, 0x10A00, 0x11000, 0x16800, 0x1D400, 0x1E900, 0x1F300, 0x20000, 0x2F800, 0x30000, 0xE0000, r.randrange(0, 0x30000)])
    points = [min(0x10FFFF, base + r.randrange(0, 0x180)) for _ in range(r.randint(1, 8))]
    return "".join(chr(p) for p in points if not 0xD800 <= p <= 0xDFFF)


def mixture(r: random.Random, special: list[str]) -> str:
    """Awkward pieces, one after another."""
    pools = [PIECES, PIECES, SPACES, MARKS, EMOJI, SENTENCES, CODE, *([special] if special else [])]
    parts: list[str] = []
    for _ in range(r.randint(1, 12)):
        part = code_points(r) if r.random() < 0.12 else r.choice(r.choice(pools))
        if len(part) > 12 and r.random() < 0.7:
            at = r.randrange(len(part))
            part = part[at : at + r.randint(1, 12)]
        parts.append(part * (r.randint(2, 40) if r.random() < 0.04 else 1))
    return "".join(parts)


def corpus(seed: int, count: int, special: list[str]) -> list[str]:
    """`count` random mixtures behind the fixed texts; `special` are the spellings of added tokens."""
    r = random.Random(seed)
    fixed = ["", *SENTENCES, *EMOJI, *CODE, *SPACES, *MARKS, *PIECES, *special[:200]]
    fixed += [f"a{x}b" for x in SPACES + MARKS + EMOJI] + [f" {x} " for x in PIECES] + [x + x for x in SENTENCES]
    fixed += [f"x {s} y" for s in special[:100]] + [s + s for s in special[:50]] + [s[:-1] for s in special[:50]]
    words = ["a", "ab", "é", "中", " ", "\n", "1", "!", "▁", "\u0301", "👍"]
    long = ["".join(r.choices("abcdefghijklmnopqrstuvwxyz", k=100_000)), *[w * 3000 for w in words], "ab" * 2000 + " " * 2000 + "\n" * 500]
    return fixed + long + [mixture(r, special) for _ in range(count)]
