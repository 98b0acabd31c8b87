"""Judges the Swift runtime by running it: the stand-in for Core ML asks the TypeScript runner, so that the Swift loop really
computes. Its words must be those of `pippin generate`.

test_swift_runtime.py WORK_FOLDER
"""

import json
import os
import shutil
import subprocess
import sys
from typing import Any

from pippin import NODE, ROOT, node, pippin
from report import Report, run
from smollm2 import hf_folder

WORK = sys.argv[1]
BUNDLED = os.path.join(ROOT, "models", "pip-chat")
CAPITAL = "What is the capital of France?"

Line = dict[str, Any]


def runtime(lines: list[Line]) -> tuple[list[Line], Line]:
    """Answers of the Swift runtime, and what the server was asked."""
    script = os.path.join(ROOT, "tools", "swift", "runtime.ts")
    text = "".join(json.dumps(line) + "\n" for line in lines)
    done = subprocess.run([NODE, script], input=text, capture_output=True, text=True, timeout=1500)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if len(answers) != len(lines) + 1:
        raise RuntimeError(f"{len(answers)} answers: {done.stderr[-400:]}")
    return answers[:-1], answers[-1]["counts"]


def package(name: str, model: str, *options: str) -> str:
    """A converted package with the compiled tokenizer beside it, as an app has them."""
    out = os.path.join(WORK, name)
    pippin("convert", model, "--out", out, "--force", *options)
    words = os.path.join(WORK, f"{name}-words")
    pippin("tokenizer", "export", model, "--out", words, "--force")
    shutil.copy(os.path.join(words, "tokenizer.pippin"), out)
    return out


def generated(folder: str, messages: list[Line], *options: str) -> Line:
    """What `pippin generate` says, rounding every operation as the server does."""
    file = os.path.join(WORK, "messages.json")
    with open(file, "w", encoding="utf8") as handle:
        json.dump(messages, handle)
    return pippin("generate", folder, "--messages", file, "--precision", "fp16", *options)


def user(text: str) -> Line:
    """A message of the user."""
    return {"role": "user", "content": text}


def assistant(text: str) -> Line:
    """A message of the model."""
    return {"role": "assistant", "content": text}


def opened(folder: str, **more: Any) -> Line:
    """The first line for a package."""
    return {"open": folder, "cache": os.path.join(WORK, "cache"), **more}


def same_words(report: Report, name: str, folder: str, talks: list[list[Line]], tokens: int) -> None:
    """Greedy answers of a package in the runtime and on the desk."""
    with report.guard(name):
        asked = [{"messages": talk, "maxTokens": tokens} for talk in talks]
        answers, counts = runtime([opened(folder), *asked])
        report.check(f"{name}: loads", "error" not in answers[0], json.dumps(answers[0]))
        for number, (talk, answer) in enumerate(zip(talks, answers[1:], strict=True)):
            wanted = generated(folder, talk, "--max-tokens", str(tokens))
            same = [answer.get("ids"), answer.get("text")] == [wanted["ids"], wanted["text"]]
            detail = f"{len(wanted['ids'])} tokens, {answer.get('usage', {}).get('cachedTokens')} from the cache"
            report.check(f"{name}: answer {number + 1} is that of pippin generate", same, detail if same else f"{answer} {wanted}"[:500])
            report.check(
                f"{name}: answer {number + 1} counts its tokens",
                answer["usage"]["outputTokens"] == len(wanted["ids"])
                and answer["usage"]["promptTokens"] == len(wanted["promptIds"]),
            )
        report.check(f"{name}: positions, masks, shapes and states are right", counts["errors"] == [], str(counts["errors"])[:300])


TALKS = [
    [user(CAPITAL)],
    [user(CAPITAL), assistant("The capital of France is Paris."), user("How many legs does a spider have?")],
    [user("How many legs does a spider have?")],
    [user("Who are you?"), assistant("I am Pip."), user("What can you do?"), assistant("I answer."), user(CAPITAL)],
]
"""The second goes on where the first ended; the third begins anew."""


def bundled(report: Report) -> None:
    """All forms in which a package can be driven that our converter writes."""
    forms = {
        "stateful": [],
        "stateful, prefill of 7": ["--prefill", "7", "--context", "160"],
        "stateless": ["--program", "stateless", "--target", "ios17", "--context", "128"],
        "stateless, fixed length": ["--program", "stateless", "--target", "ios16", "--length", "fixed", "--context", "96"],
        "int4": ["--quantize", "int4"],
        "names of swift-transformers": ["--names", "swift-transformers"],
    }
    for name, options in forms.items():
        folder = package(name.replace(" ", "-").replace(",", ""), BUNDLED, *options)
        same_words(report, name, folder, TALKS, 24)


def sampled(report: Report) -> None:
    """A seed means the same here and there."""
    folder = os.path.join(WORK, "stateful")
    settings = [
        ({"temperature": 0.9, "seed": 7}, ["--temperature", "0.9", "--seed", "7"]),
        (
            {"temperature": 1.3, "topK": 40, "topP": 0.9, "minP": 0.02, "seed": 11},
            ["--temperature", "1.3", "--top-k", "40", "--top-p", "0.9", "--min-p", "0.02", "--seed", "11"],
        ),
        (
            {"temperature": 1, "repetitionPenalty": 1.2, "frequencyPenalty": 0.3, "presencePenalty": 0.2, "seed": 5},
            ["--temperature", "1", "--repetition-penalty", "1.2", "--frequency-penalty", "0.3"]
            + ["--presence-penalty", "0.2", "--seed", "5"],
        ),
    ]
    neutral = {"temperature": 0, "topK": 0, "topP": 1, "minP": 0, "repetitionPenalty": 1}
    neutral |= {"frequencyPenalty": 0, "presencePenalty": 0, "seed": 0}
    asked = [{"messages": TALKS[0], "maxTokens": 40, "sampling": neutral | one} for one, _ in settings]
    with report.guard("sampled"):
        answers, _ = runtime([opened(folder), *asked])
        for (one, flags), answer in zip(settings, answers[1:], strict=True):
            wanted = generated(folder, TALKS[0], "--max-tokens", "40", *flags)
            report.check(f"sampled words are those of pippin generate: {one}", answer.get("ids") == wanted["ids"], str(answer)[:200])


def driven(report: Report) -> None:
    """Leaving, unloading, the prefix on disk, the end of the context."""
    folder = os.path.join(WORK, "stateful")
    system = {"role": "system", "content": "You are Pip, a small model that answers short questions about the world."}
    talk = [system, user(CAPITAL)]
    with report.guard("driven"):
        lines = [
            opened(folder, prefixTokens=8),
            {"messages": talk, "maxTokens": 8, "leaveAfter": 2},
            {"messages": talk, "maxTokens": 24},
            {"unload": True},
            {"messages": [system, user("How many legs does a spider have?")], "maxTokens": 24},
            {"messages": TALKS[0], "maxTokens": 400, "maxContext": 40},
            {"messages": [user("word " * 600)], "maxTokens": 4},
            {"messages": [user("word " * 520), assistant("Yes."), user(CAPITAL)], "maxTokens": 24, "policy": "dropOldestTurns"},
        ]
        answers, counts = runtime(lines)
        wanted = generated(folder, talk, "--max-tokens", "24")
        left, whole, _, other, short, long, dropped = answers[1:]
        report.check("an answer that is left early holds its first tokens", left["ids"] == wanted["ids"][: len(left["ids"])] and len(left["ids"]) < 8)
        report.check("the next answer is whole and right", whole["ids"] == wanted["ids"])
        again = generated(folder, lines[4]["messages"], "--max-tokens", "24")
        report.check("the system prompt comes from the disk after unloading", other["usage"]["cachedTokens"] >= 8, str(other["usage"]["cachedTokens"]))
        report.check("and the answer is right", other["ids"] == again["ids"])
        report.check("maxContext ends an answer or its stop token does", short["reason"] in ("context", "stop"))
        report.check("a prompt that is too long is an error", "promptTooLong" in long.get("error", ""), str(long)[:200])
        plain = generated(folder, TALKS[0], "--max-tokens", "24")
        report.check("dropping turns leaves the last question", dropped["ids"] == plain["ids"] and dropped["usage"]["droppedMessages"] == 2)
        report.check("the server found nothing wrong", counts["errors"] == [], str(counts["errors"])[:300])


def logged(report: Report) -> None:
    """The log of real answers is of bench's schema and adds up, also of one that was left."""
    folder, log = os.path.join(WORK, "stateful"), os.path.join(WORK, "log")
    with report.guard("logged"):
        lines = [
            opened(folder, log=log),
            *({"messages": talk, "maxTokens": 24} for talk in TALKS),
            {"messages": TALKS[2], "maxTokens": 24, "leaveAfter": 2},
            {"messages": [user("word " * 600)]},
            {"unload": True},
            {"messages": TALKS[0], "maxTokens": 24},
            {"flush": True},
        ]
        answers, _ = runtime(lines)
        found = json.loads(node(os.path.join("tools", "oracles", "app-log.ts"), *answers[-1]["files"]))
        report.check("the log is of bench's schema", found["warnings"] == [] and found["records"] > 40, str(found["warnings"])[:300])
        report.check("the log adds up", found["problems"] == [], str(found["problems"])[:300])
        runs = found["runs"]
        ended = [answer["usage"] for answer in answers if "usage" in answer]
        wanted = [(usage["promptTokens"], usage["cachedTokens"], usage["outputTokens"]) for usage in ended]
        logs = [(run["inputTokens"], run["cachedTokens"], run["outputTokens"]) for run in runs if run["stopReason"]]
        report.check("the log counts what the app was told", logs == wanted, f"{logs} {wanted}")
        report.check("the answer that was left is cancelled", [run["cancelled"] for run in runs] == [False] * 4 + [True, False, False])
        report.check("the prompt that was too long has its error", runs[5]["error"] == "promptTooLong", str(runs[5]["error"]))
        starts = [run["start"] for run in runs]
        report.check("answers after a load are cold", starts == ["cold"] + ["warm"] * 5 + ["cold"], str(starts))


def smollm2(report: Report) -> None:
    """A published model."""
    folder = package("smollm2", hf_folder())
    same_words(report, "SmolLM2-135M", folder, [[user(CAPITAL)], [user(CAPITAL), assistant("Paris."), user("And of Italy?")]], 20)


def tests(report: Report) -> None:
    """All of them."""
    bundled(report)
    sampled(report)
    driven(report)
    logged(report)
    smollm2(report)


if __name__ == "__main__":
    run(tests)
