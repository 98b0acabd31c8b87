"""Topics about order and numbers."""

from itertools import product

import facts as f
from topic import Topic


def ordered(noun: str, items: list[str], held_out: int, weight: float, cyclic: bool) -> list[Topic]:
    """Questions about what comes after and before an item of an ordered list."""
    steps = list(zip(items, items[1:] + items[:1])) if cyclic else list(zip(items, items[1:]))
    pairs = [{"noun": noun, "first": first, "next": following} for first, following in steps]
    follow_ups = (("And after {first}?", "{next} comes after {first}."),
                  ("And before {next}?", "{first} comes before {next}."))
    return [
        Topic(f"{noun}-after", weight, held_out, pairs, [
            (["Which {noun} comes after {first}?", "What {noun} comes after {first}?",
              "What comes after {first}?",
              "What is the {noun} after {first}?", "Which {noun} follows {first}?",
              "What {noun} follows {first}?",
              "What is the next {noun} after {first}?", "Tell me the {noun} after {first}.",
              "Name the {noun} that comes after {first}."], "{next} comes after {first}."),
        ], [r"^{next} comes after {first}\b"], follow_ups=follow_ups),
        Topic(f"{noun}-before", weight, held_out, pairs, [
            (["Which {noun} comes before {next}?", "What {noun} comes before {next}?",
              "What comes before {next}?",
              "What is the {noun} before {next}?", "Which {noun} is right before {next}?",
              "Tell me the {noun} before {next}.", "Name the {noun} that comes before {next}."],
             "{first} comes before {next}."),
        ], [r"^{first} comes before {next}\b"], follow_ups=follow_ups),
    ]


def order() -> list[Topic]:
    """Days, months, seasons, planets, letters and numbers in their order."""
    months = [{"month": month, "days": days, "ordinal": ordinal}
              for month, days, ordinal in zip(f.MONTHS, f.MONTH_DAYS, f.ORDINALS)]
    letters = [{"letter": letter, "ordinal": ordinal} for letter, ordinal in zip(f.LETTERS, f.ORDINALS)]
    return [
        *ordered("day", f.DAYS, 2, 1.2, cyclic=True),
        *ordered("month", f.MONTHS, 2, 1.5, cyclic=True),
        *ordered("season", f.SEASONS, 1, 0.6, cyclic=True),
        *ordered("planet", f.PLANETS, 1, 1, cyclic=False),
        *ordered("letter", f.LETTERS, 2, 1.8, cyclic=False),
        *ordered("number", [str(number) for number in range(101)], 2, 2.5, cyclic=False),
        Topic("month-days", 1.2, 2, months, [
            (["How many days does {month} have?", "How many days are in {month}?", "How long is {month}?",
              "How many days has {month}?", "What number of days does {month} have?"],
             "{month} has {days} days."),
        ], [r"^{month} has {days} days\b"]),
        Topic("month-number", 1.2, 1, months, [
            (["What is the {ordinal} month of the year?", "Which month is the {ordinal} month?",
              "Name the {ordinal} month.", "Tell me the {ordinal} month of the year.",
              "What is the {ordinal} month?"], "The {ordinal} month is {month}."),
        ], [r"\b{ordinal} month is {month}\b"]),
        Topic("letter-number", 0.8, 1, letters, [
            (["What is the {ordinal} letter of the alphabet?", "Which letter is the {ordinal} letter?",
              "Name the {ordinal} letter.", "What is the {ordinal} letter?"],
             "The {ordinal} letter is {letter}."),
        ], [r"\b{ordinal} letter is {letter}\."]),
    ]


def sums() -> list[Topic]:
    """Addition, subtraction, times tables, doubles and halves."""
    added = [{"a": str(a), "b": str(b), "c": str(a + b), "key": f"{min(a, b)}+{max(a, b)}"}
             for a, b in product(range(41), repeat=2) if min(a, b) <= 20]
    taken = [{"a": str(a), "b": str(b), "c": str(a - b), "key": f"{a}-{b}"}
             for a, b in product(range(41), range(21)) if b <= a]
    story = [{**fact, "things": f.COUNTED[(int(fact["a"]) * 3 + int(fact["b"])) % len(f.COUNTED)]}
             for fact in added if 2 <= min(int(fact["a"]), int(fact["b"])) and int(fact["c"]) <= 30]
    times = [{"a": str(a), "b": str(b), "c": str(a * b)} for a, b in product(range(1, 11), repeat=2)]
    doubles = [{"a": str(a), "double": str(2 * a)} for a in range(1, 31)]
    return [
        Topic("addition", 16, 15, added, [
            (["What is {a} + {b}?", "What is {a} plus {b}?", "{a} + {b}", "{a}+{b}", "{a} + {b} = ?",
              "{a} plus {b}?", "How much is {a} plus {b}?", "How much is {a} + {b}?", "Add {a} and {b}.",
              "Can you add {a} and {b}?", "What is the sum of {a} and {b}?", "What's {a} plus {b}?",
              "Calculate {a} + {b}.", "What do you get if you add {a} and {b}?", "What is {a}+{b}?",
              "How much is {a} and {b} together?", "Compute {a} plus {b}."], "{a} plus {b} is {c}."),
        ], [r"\b{a} plus {b} is {c}\.?$"],
            unseen=("Tell me the sum of {a} and {b}.", "How much do you get if you add {a} and {b}?"),
            follow_ups=(("And {a} plus {b}?", "{a} plus {b} is {c}."),
                        ("And {a} + {b}?", "{a} plus {b} is {c}.")),
            group="sum"),
        Topic("story", 4, 2, story, [
            (["I have {a} {things} and get {b} more. How many {things} do I have now?",
              "I have {a} {things} and buy {b} more. How many {things} do I have?",
              "There are {a} {things} on the table. I add {b} more. How many {things} are there?",
              "Tom has {a} {things} and Anna has {b} {things}. How many {things} do they have together?"],
             "{a} plus {b} is {c}, so it is {c} {things}."),
        ], [r"\b{a} plus {b} is {c}, so it is {c} {things}\b"], group="sum"),
        Topic("subtraction", 15, 11, taken, [
            (["What is {a} - {b}?", "What is {a} minus {b}?", "{a} - {b}", "{a}-{b}", "{a} - {b} = ?",
              "{a} minus {b}?", "How much is {a} minus {b}?", "How much is {a} - {b}?", "Take {b} from {a}.",
              "Subtract {b} from {a}.", "What do you get if you take {b} from {a}?", "What's {a} minus {b}?",
              "Calculate {a} - {b}.", "How much is left if you take {b} from {a}?"], "{a} minus {b} is {c}."),
        ], [r"\b{a} minus {b} is {c}\.?$"], unseen=("Compute {a} minus {b}.",),
            follow_ups=(("And {a} minus {b}?", "{a} minus {b} is {c}."),), group="difference"),
        Topic("times", 5, 5, times, [
            (["What is {a} times {b}?", "What is {a} x {b}?", "What is {a} * {b}?",
              "How much is {a} times {b}?",
              "{a} times {b}?", "{a} x {b}", "{a} * {b}", "Multiply {a} by {b}.", "Calculate {a} times {b}.",
              "What's {a} times {b}?"], "{a} times {b} is {c}."),
        ], [r"\b{a} times {b} is {c}\.?$"],
            follow_ups=(("And {a} times {b}?", "{a} times {b} is {c}."),)),
        Topic("double", 1.5, 2, doubles, [
            (["What is double {a}?", "What is twice {a}?", "Double {a}.", "What is the double of {a}?",
              "How much is double {a}?", "How much is twice {a}?"], "Double {a} is {double}."),
        ], [r"\bdouble {a} is {double}\.?$"]),
        Topic("half", 1.5, 2, doubles, [
            (["What is half of {double}?", "How much is half of {double}?", "Halve {double}.",
              "What do you get if you halve {double}?", "Tell me half of {double}."],
             "Half of {double} is {a}."),
        ], [r"\bhalf of {double} is {a}\.?$"]),
    ]


def comparisons() -> list[Topic]:
    """The bigger and smaller of two numbers, and even and odd."""
    pairs = [(a, b) for a, b in product(range(101), repeat=2)
             if a != b and (a * 7 + b * 3) % 4 == 0 or 0 < abs(a - b) < 4]
    compared = [{"a": str(a), "b": str(b), "hi": str(max(a, b)), "lo": str(min(a, b)),
                 "relation": "bigger" if a > b else "smaller", "key": f"{min(a, b)}<{max(a, b)}",
                 "is_bigger": "Yes" if a > b else "No", "is_smaller": "No" if a > b else "Yes"}
                for a, b in pairs]
    parity = [{"a": str(a), "kind": "odd" if a % 2 else "even", "is_even": "No" if a % 2 else "Yes",
               "is_odd": "Yes" if a % 2 else "No"} for a in range(101)]
    return [
        Topic("bigger", 6, 4, compared, [
            (["Which is bigger, {a} or {b}?", "Which number is bigger, {a} or {b}?",
              "Which is larger, {a} or {b}?",
              "What is bigger, {a} or {b}?", "Which number is larger, {a} or {b}?",
              "What is more, {a} or {b}?",
              "Which is the bigger number, {a} or {b}?", "Name the bigger number: {a} or {b}."],
             "{hi} is bigger than {lo}."),
        ], [r"^{hi} is bigger than {lo}\b"], unseen=("Which is the larger number, {a} or {b}?",),
            group="compare"),
        Topic("smaller", 5, 3, compared, [
            (["Which is smaller, {a} or {b}?", "Which number is smaller, {a} or {b}?",
              "What is smaller, {a} or {b}?",
              "What is less, {a} or {b}?", "Which is the smaller number, {a} or {b}?",
              "Name the smaller number: {a} or {b}."], "{lo} is smaller than {hi}."),
        ], [r"^{lo} is smaller than {hi}\b"], group="compare"),
        Topic("is-bigger", 4, 2, compared, [
            (["Is {a} bigger than {b}?", "Is {a} larger than {b}?", "Is {a} more than {b}?"],
             "{is_bigger}. {a} is {relation} than {b}."),
        ], [r"^{is_bigger}\b", r"\b{a} is {relation} than {b}\b"], group="compare"),
        Topic("is-smaller", 3, 2, compared, [
            (["Is {a} smaller than {b}?", "Is {a} less than {b}?"],
             "{is_smaller}. {a} is {relation} than {b}."),
        ], [r"^{is_smaller}\b", r"\b{a} is {relation} than {b}\b"], group="compare"),
        Topic("parity", 2, 2, parity, [
            (["Is {a} even or odd?", "Is {a} odd or even?", "Is the number {a} even or odd?",
              "Tell me if {a} is even or odd.", "Is {a} an even or an odd number?"], "{a} is {kind}."),
        ], [r"^{a} is {kind}\b"]),
        Topic("is-even", 1, 1, parity, [
            (["Is {a} even?", "Is {a} an even number?"], "{is_even}. {a} is {kind}."),
        ], [r"^{is_even}\b", r"\b{a} is {kind}\b"]),
        Topic("is-odd", 1, 0, parity, [
            (["Is {a} odd?", "Is {a} an odd number?"], "{is_odd}. {a} is {kind}."),
        ], [r"^{is_odd}\b", r"\b{a} is {kind}\b"]),
    ]
