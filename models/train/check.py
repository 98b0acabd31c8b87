"""Ask an exported model the held-out questions, by greedy decoding through its chat template.

Exits with an error if fewer than the wanted share is right, if an answer does not stop by itself, or if a
held-out question occurs in the training text.
"""

import argparse
import json
import re
import sys
from collections import defaultdict
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from corpus import CHATS, HELD_OUT_FILE, HERE, SEED, chats, normalize, text_of

MOST_TOKENS = 40


def read_questions(path: Path = HELD_OUT_FILE) -> list[dict]:
    """The held-out questions."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def accepts(expect: list[str], answer: str) -> bool:
    """Whether the answer, in lower case, matches every pattern."""
    return all(re.search(pattern, answer.lower()) for pattern in expect)


@torch.no_grad()
def ask(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, question: str) -> tuple[str, bool]:
    """The model's answer, and whether it stopped by itself in time."""
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": question}], add_generation_prompt=True, return_tensors="pt",
        return_dict=True)
    output = model.generate(**prompt, max_new_tokens=MOST_TOKENS, do_sample=False)
    new = output[0, prompt["input_ids"].shape[1]:]
    stopped = new[-1].item() == tokenizer.eos_token_id
    return tokenizer.decode(new, skip_special_tokens=True), stopped


def check(folder: Path, dtype: str) -> dict[str, int]:
    """Ask every held-out question, print the failures and the topics they belong to, return the counts."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, dtype)).eval()
    right: dict[str, list[bool]] = defaultdict(list)
    stops = 0
    for entry in read_questions():
        answer, stopped = ask(model, tokenizer, entry["question"])
        good = accepts(entry["expect"], answer)
        right[entry["topic"]].append(good)
        stops += stopped
        if not (good and stopped):
            print(f"{entry['topic']} ({entry['kind']}): {entry['question']} -> {answer}")
    for topic, results in right.items():
        if not all(results):
            print(f"  {topic}: {sum(results)} of {len(results)}")
    counts = {"questions": sum(map(len, right.values())), "right": sum(map(sum, right.values())),
              "stopped": stops}
    print(dtype, counts)
    return counts


def count_leaks(seed: int, count: int) -> int:
    """How many held-out questions occur anywhere in the training text, in any case, or are part of a message
    of a user there, whatever the punctuation."""
    questions = [entry["question"] for entry in read_questions()]
    corpus = list(chats(seed, count))
    text = "".join(map(text_of, corpus)).lower()
    asked = "|".join(normalize(message["content"]) for chat in corpus for message in chat
                     if message["role"] == "user")
    leaks = [question for question in questions if question.lower() in text or normalize(question) in asked]
    print(len(leaks), "of", len(questions), "held-out questions occur in the training text", *leaks)
    return len(leaks)


def main() -> None:
    """Check a folder from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=HERE.parent / "pip-chat")
    parser.add_argument("--dtype", default="float16", choices=["float16", "bfloat16", "float32"])
    parser.add_argument("--least", type=float, default=0.95, help="share of right answers to reach")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--chats", type=int, default=CHATS)
    arguments = parser.parse_args()
    leaks = count_leaks(arguments.seed, arguments.chats)
    counts = check(arguments.folder, arguments.dtype)
    enough = counts["right"] >= arguments.least * counts["questions"]
    sys.exit(0 if enough and counts["stopped"] == counts["questions"] and not leaks else 1)


if __name__ == "__main__":
    main()
