"""All topics, in a fixed order."""

from topic import Topic
from topics_numbers import comparisons, order, sums
from topics_talk import small_talk, unknown
from topics_world import animals, geography, things, words


def all_topics() -> list[Topic]:
    """Every topic; the training text depends on their order."""
    return [*geography(), *things(), *animals(), *words(), *order(), *sums(), *comparisons(), *small_talk(),
            *unknown()]
