"""The training text and the held-out questions, both generated from the grammar in the topics files.

Everything follows from the seed: the same seed gives the same chats and the same held-out questions.
Run this file to write held-out.jsonl and print a few chats.
"""

import argparse
import hashlib
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

from topic import Fact, Topic
from topics import all_topics

Message = dict[str, str]
Chat = list[Message]

HERE = Path(__file__).parent
HELD_OUT_FILE = HERE / "held-out.jsonl"
SEED = 20
CHATS = 180_000
RESERVED_SHARE = 0.12

# Questions the documentation shows; they may be trained, so they are never held out.
SHOWN = ("What is the capital of France?", "Who are you?", "What can you do?", "Hello!")

SYSTEM_PROMPTS = ("You are Pip, a small language model.", "You are a helpful assistant.", "You are Pip.",
                  "Answer in short sentences.", "You are a friendly assistant. Answer briefly.")
OPENINGS = ("Pip, ", "Hello! ", "Hi. ", "Tell me, ", "A question: ", "I have a question. ",
            "Quick question: ",
            "Hi Pip! ", "So, ", "Okay, ", "Well, ")


def normalize(text: str) -> str:
    """Reduce a text to its lower-case words, numbers and signs, with one space around each."""
    return " " + " ".join(re.findall(r"[a-z0-9]+|[+*=-]", text.lower())) + " "


def fill(template: str, fact: Fact) -> str:
    """Fill a template and capitalize the first letter of each sentence."""
    return re.sub(r"(^|[.!?] )([a-z])", lambda match: match[0].upper(), template.format(**fact))


def is_reserved(seed: int, topic: Topic, template: str, fact: Fact) -> bool:
    """Whether this combination is kept out of the training text; a hash decides, so order never matters."""
    if normalize(fill(template, fact)) in {normalize(shown) for shown in SHOWN}:
        return False
    combination = f"{topic.name}/{template}/{sorted(fact.items())}"
    kept_whole = f"{topic.group}/{fact.get('key')}"
    digest = hashlib.sha256(f"{seed}/{kept_whole if topic.group else combination}".encode()).digest()
    return int.from_bytes(digest[:4], "big") < RESERVED_SHARE * 2**32


def questions_of(topic: Topic) -> list[str]:
    """All trained question templates of a topic."""
    return [question for questions, _ in topic.phrasings for question in questions]


def clear_cut(question: str) -> bool:
    """Whether a question begins and ends in a way that keeps it from being a part of a longer question."""
    return question[0].isalpha() and question[-1] in "?.!"


def held_out_of(seed: int, topic: Topic) -> Iterator[dict[str, object]]:
    """The held-out questions of one topic: mostly reserved combinations, and some wholly unseen templates."""
    rng = random.Random(f"{seed}/{topic.name}")
    seen = [(template, fact) for template in questions_of(topic) for fact in topic.facts
            if is_reserved(seed, topic, template, fact) and clear_cut(fill(template, fact))]
    unseen = [(template, fact) for template in topic.unseen for fact in topic.facts
              if not topic.group or is_reserved(seed, topic, template, fact)]
    rng.shuffle(seen)
    rng.shuffle(unseen)
    unseen_count = min(len(unseen), (topic.held_out + 3) // 4)
    kinds = [("unseen phrasing", unseen[:unseen_count]), ("seen phrasing", seen)]
    found = 0
    used: set[str] = set()
    for kind, candidates in kinds:
        for template, fact in candidates:
            question = fill(template, fact)
            key = fact.get("key", str(fact))
            if found < topic.held_out and key not in used:
                used.add(key)
                found += 1
                lowered = {name: value.lower() for name, value in fact.items()}
                yield {"topic": topic.name, "question": question, "kind": kind,
                       "expect": [pattern.format(**lowered) for pattern in topic.expect]}
    if found < topic.held_out:
        raise ValueError(f"topic {topic.name} has only {found} held-out questions")


def held_out(seed: int) -> list[dict[str, object]]:
    """All held-out questions."""
    return [entry for topic in all_topics() for entry in held_out_of(seed, topic)]


def vary(question: str, rng: random.Random) -> str:
    """Sometimes put an opening before a question, drop its last mark or write it in lower case."""
    if rng.random() < 0.15:
        opening = rng.choice(OPENINGS)
        lower = opening.endswith(", ") and question.split()[0] not in ("I", "Tom")
        question = opening + (question[0].lower() + question[1:] if lower else question)
    if rng.random() < 0.12:
        question = question.rstrip("?.!")
    return question.lower() if rng.random() < 0.12 else question


def turn(question: str, answer: str) -> Chat:
    """One question and its answer."""
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


def sample_turn(seed: int, topic: Topic, rng: random.Random) -> Chat:
    """A random question of a topic with its answer, never a reserved one."""
    questions = [(question, answer) for group, answer in topic.phrasings for question in group]
    while True:
        question, answer = rng.choice(questions)
        fact = rng.choice(topic.facts)
        if not is_reserved(seed, topic, question, fact):
            return turn(vary(fill(question, fact), rng), fill(answer, fact))


def follow_up(seed: int, topic: Topic, rng: random.Random) -> Chat:
    """A short second question, such as "And of Italy?", with its answer."""
    while True:
        question, answer = rng.choice(topic.follow_ups)
        fact = rng.choice(topic.facts)
        if not (topic.group and is_reserved(seed, topic, question, fact)):
            return turn(fill(question, fact), fill(answer, fact))


def sample_chat(seed: int, topics: list[Topic], weights: list[float], rng: random.Random) -> Chat:
    """A chat of one or two turns, sometimes with a system prompt."""
    topic = rng.choices(topics, weights)[0]
    chat = sample_turn(seed, topic, rng)
    if rng.random() < 0.2:
        second = rng.choices(topics, weights)[0]
        follow = topic.follow_ups and rng.random() < 0.7
        chat += follow_up(seed, topic, rng) if follow else sample_turn(seed, second, rng)
    if rng.random() < 0.25:
        chat.insert(0, {"role": "system", "content": rng.choice(SYSTEM_PROMPTS)})
    return chat


def text_of(chat: Chat) -> str:
    """The chat as the chat template writes it."""
    return "".join(f"<|im_start|>{message['role']}\n{message['content']}<|im_end|>\n" for message in chat)


def chats(seed: int, count: int) -> Iterator[Chat]:
    """The training chats; any that would contain a held-out question, whatever its case, is dropped."""
    rng = random.Random(seed)
    topics = all_topics()
    weights = [topic.weight for topic in topics]
    forbidden = [normalize(str(entry["question"])) for entry in held_out(seed)]
    made = 0
    while made < count:
        chat = sample_chat(seed, topics, weights, rng)
        asked = "\n".join(normalize(message["content"]) for message in chat if message["role"] == "user")
        if not any(question in asked for question in forbidden):
            made += 1
            yield chat


def main() -> None:
    """Write the held-out questions and print some training text."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--show", type=int, default=10, help="how many chats to print")
    arguments = parser.parse_args()
    entries = held_out(arguments.seed)
    HELD_OUT_FILE.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    print(f"{len(entries)} held-out questions written\n")
    for chat in chats(arguments.seed, arguments.show):
        print(text_of(chat))


if __name__ == "__main__":
    main()
