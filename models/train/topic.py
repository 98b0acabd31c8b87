"""What a topic is: facts joined with the many ways to ask for them.

A question or answer template is an ordinary format string over the keys of a fact.
"""

from dataclasses import dataclass

Fact = dict[str, str]
Phrasings = list[tuple[list[str], str]]


@dataclass(frozen=True)
class Topic:
    """One kind of question.

    `phrasings` pairs question templates with the answer template they share. `unseen` holds question
    templates that are never trained, only tested. `expect` holds regexes that a right answer matches.
    Topics with a `group` hold out whole facts, by their "key", from every topic of that group; the others
    hold out single combinations of template and fact.
    """

    name: str
    weight: float
    held_out: int
    facts: list[Fact]
    phrasings: Phrasings
    expect: list[str]
    unseen: tuple[str, ...] = ()
    follow_ups: tuple[tuple[str, str], ...] = ()
    group: str = ""


def rows(keys: str, table: list[list[str]]) -> list[Fact]:
    """Turn table rows into facts with the given space-separated keys."""
    return [dict(zip(keys.split(), row, strict=True)) for row in table]
