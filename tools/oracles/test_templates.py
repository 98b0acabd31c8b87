"""Judges chat templates against transformers: real ones, and each construct by itself.

test_templates.py WORK_FOLDER
"""

import datetime
import hashlib
import itertools
import json
import os
import sys
from typing import Any

from llama_cpp import files
from pippin import node
from report import Report, run
from test_tokenizers import NAMES, published
from transformers.utils import chat_template_utils

NOW = datetime.datetime(2025, 2, 3, 4, 5, 6)
TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}


class Clock(datetime.datetime):
    """Always the same time."""

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> "Clock":
        """The time that templates are given."""
        return cls(NOW.year, NOW.month, NOW.day, NOW.hour, NOW.minute, NOW.second, tzinfo=tz)


chat_template_utils.datetime = Clock  # type: ignore[attr-defined]

WEATHER = {
    "type": "function",
    "function": {
        "name": "weather", "description": "Looks up the weather.\nFor \"one\" city & <day>.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string", "description": "Where é"}, "days": {"type": "integer", "minimum": 1, "default": 1.5}, "unit": {"type": "string", "enum": ["C", "F"]}, "tags": {"type": "array", "items": {"type": "string"}}}, "required": ["city"]},
        "return": {"type": "object", "description": "What it is like"},
    },
}  # fmt: skip
CLOCK = {"type": "function", "function": {"name": "clock", "description": "The time.", "parameters": {"type": "object", "properties": {}}}}


def say(role: str, content: Any, **more: Any) -> dict[str, Any]:
    """A message."""
    return {"role": role, "content": content, **more}


def call(arguments: Any, identifier: str | None = "abc123xyz") -> dict[str, Any]:
    """A call of a tool."""
    one = {"type": "function", "function": {"name": "weather", "arguments": arguments}}
    return one if identifier is None else {"id": identifier, **one}


def conversations() -> list[dict[str, Any]]:
    """Variables of templates."""
    hello, bye = say("user", "Hello"), say("user", " Bye\n")
    turns = [say("system", "Be kind."), hello, say("assistant", "Hi, \"you\" <b>."), bye]
    dictionary, text = {"city": "Oslo", "days": 2}, '{"city": "Oslo"}'
    chats: list[list[dict[str, Any]]] = [
        [hello], turns, turns[1:], [say("system", " S "), hello], [hello, say("assistant", "A"), hello, say("assistant", "B")],
        [say("user", "你好 👩‍🚀"), say("assistant", "")], [say("user", "")], [hello, hello], [say("assistant", "first"), hello], [say("system", "only")],
        [hello, say("assistant", "<think>\nhm\n</think>\n\nyes"), bye], [hello, say("assistant", "yes", reasoning_content="hm"), bye],
        [hello, say("assistant", "", tool_calls=[call(dictionary)]), say("tool", "{\"t\": 5}", tool_call_id="abc123xyz", name="weather"), say("assistant", "5 degrees"), bye],
        [hello, say("assistant", None, tool_calls=[call(text)]), say("tool", "5", tool_call_id="abc123xyz", name="weather")],
        [hello, say("assistant", "Let me look.", tool_calls=[call(dictionary, "abcdefgh1"), call({}, "abcdefgh2")]), say("tool", "5", tool_call_id="abcdefgh1", name="weather"), say("tool", "6", tool_call_id="abcdefgh2", name="weather"), say("assistant", "done")],
        [say("user", [{"type": "text", "text": "One"}, {"type": "text", "text": "Two"}])], [say("user", [{"type": "image"}, {"type": "text", "text": "What?"}]), say("assistant", [{"type": "text", "text": "That."}])],
        [say("system", [{"type": "text", "text": "Sys"}]), say("user", [{"type": "text", "text": "Hi"}])],
        [say("developer", "Dev"), hello], [hello, say("assistant", "x", thinking="t")], [say("user", "a", name="Bob")], [], [say("user", None)], [say("critic", "?")],
        [say("system", "a"), say("system", "b"), hello], [hello, say("assistant", "a" * 300, tool_calls=[])], [say("user", "{{ 1 }} {% if %} \\n 'q' \"r\"")],
    ]  # fmt: skip
    cases = [{"messages": chat, "add_generation_prompt": add} for chat, add in itertools.product(chats, (False, True))]
    more: list[dict[str, Any]] = [
        {"tools": [WEATHER]}, {"tools": [WEATHER, CLOCK]}, {"tools": []}, {"enable_thinking": False}, {"enable_thinking": True}, {"thinking": True}, {"date_string": "26 Jul 2024"},
        {"documents": [{"title": "T", "text": "Body"}, {"title": "U", "text": "More"}]}, {"tools": [WEATHER], "enable_thinking": False, "reasoning_effort": "high"}, {"builtin_tools": ["browser", "python"]},
        {"tools_in_user_message": False, "tools": [WEATHER]}, {"custom_tools": [CLOCK]}, {"xml_tools": [CLOCK]}, {"thinking_budget": 512}, {"preserve_thinking": True}, {"keep_past_thinking": True},
    ]  # fmt: skip
    for extra, chat in itertools.product(more, (chats[0], chats[1], chats[12], chats[14])):
        cases.append({"messages": chat, "add_generation_prompt": True, **extra})
    return [{**TOKENS, "tools": None, "documents": None, **case} for case in cases]


def expected(template: str, variables: dict[str, Any]) -> dict[str, str]:
    """What transformers renders, or that it fails."""
    try:
        return {"text": chat_template_utils._compile_jinja_template(template).render(**variables)}
    except Exception as error:  # noqa: BLE001 - templates raise whatever Python raises
        return {"error": f"{type(error).__name__}: {error}"}


def templates() -> dict[str, str]:
    """Real templates by name."""
    found: dict[str, str] = {}
    for file in files("*.jinja"):
        with open(file, encoding="utf-8", newline="") as text:
            found[os.path.basename(file).removesuffix(".jinja")] = text.read()
    for name in NAMES:
        with open(os.path.join(published(name), "tokenizer_config.json"), encoding="utf-8") as text:
            template = json.load(text).get("chat_template")
        several = {t["name"]: t["template"] for t in template} if isinstance(template, list) else {"default": template}
        found.update({f"{name} {kind}": source for kind, source in several.items() if source})
    return found


def equal(theirs: dict[str, str], ours: dict[str, str]) -> bool:
    """The same text, or both fail; `raise_exception` is told apart."""
    if "text" in theirs:
        return ours.get("text") == theirs["text"]
    return "error" in ours and theirs["error"].startswith("TemplateError") == (ours["error"] == "TOKENIZER_TEMPLATE_REFUSED")


def ask_swift(questions: list[dict[str, Any]], ours: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the Swift runtime makes of the compiled programs; what did not compile is left as it is."""
    asked = [q for q in questions if os.path.exists(q["file"])]
    lines = "".join(json.dumps({"program": q["file"], "variables": q["variables"], "now": q["now"]}) + "\n" for q in asked)
    answers = iter(node(os.path.join("tools", "swift", "run.ts"), os.environ["PIPPIN_SWIFT_DRIVER"], "answer", stdin=lines).split("\n")[:-1])
    return [json.loads(next(answers)) if os.path.exists(q["file"]) else {"error": a["error"]} for q, a in zip(questions, ours, strict=True)]


def tests(report: Report) -> None:
    """All templates over all conversations."""
    with open(os.path.join(os.path.dirname(__file__), "expressions.txt"), encoding="utf-8") as file:
        lines = file.read().split("\n")
    simple = [line for line in lines if line] + ["\n".join(lines)[: "\n".join(lines).index("{{ strftime_now")].split("[1,2,3,4,5]|slice")[0]]
    groups = {"expressions": simple} | {name: [source] for name, source in templates().items()}
    chats = conversations()
    questions: list[dict[str, Any]] = []
    for name, sources in groups.items():
        cases = chats[1:3] if name == "expressions" else chats
        for source in sources:
            file = os.path.join(sys.argv[1], f"{hashlib.sha256(source.encode()).hexdigest()[:16]}.program")
            questions += [{"name": name, "template": source, "file": file, "variables": v, "now": NOW.isoformat()} for v in cases]
    lines_in = "".join(json.dumps(q) + "\n" for q in questions)
    answers = node(os.path.join("tools", "oracles", "templates.ts"), stdin=lines_in).split("\n")[:-1]
    wrong: dict[str, list[str]] = {}
    texts = failures = 0
    decoded = [json.loads(answer) for answer in answers]
    for question, answer, swift in zip(questions, decoded, ask_swift(questions, decoded), strict=True):
        wanted = expected(question["template"], question["variables"])
        texts += "text" in wanted
        failures += "error" in wanted
        if swift != {k: v for k, v in answer.items() if k != "message"}:
            wrong.setdefault(question["name"], []).append(f"Swift: {question['template'][:200]} -> {str(swift)[-300:]} not {str(answer)[-300:]}")
        if not equal(wanted, answer):
            said = question["template"][:200] if question["name"] == "expressions" else json.dumps(question["variables"])[:150]
            wrong.setdefault(question["name"], []).append(f"{said} -> {str(answer)[-300:]} not {str(wanted)[-300:]}")
    for name in groups:
        bad = wrong.get(name, [])
        report.check(name, not bad, f"{len(bad)} differ: {bad[0]}" if bad else "")
    print(f"{texts} texts, {failures} failures, {len(groups)} templates")
    if os.environ.get("PIPPIN_ALL"):
        print("\n".join(w for ws in wrong.values() for w in ws))


if __name__ == "__main__":
    run(tests)
