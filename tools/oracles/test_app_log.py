"""Judges the app log that the Swift runtime writes by the schema and the checks of `@pippin/bench`, and by counting.

test_app_log.py WORK_FOLDER
"""

import collections
import json
import os
import subprocess
import sys
from typing import Any

from pippin import NODE, ROOT, node
from report import Report, run

PACKAGE = os.path.join(ROOT, "packages", "swift-codegen", "swift")

# What the Swift test does, run by run: prompt, cached, output tokens; stop reason, cancelled, error. The last eight run at once.
EXPECTED = [
    (12, 0, 5, "stop", False, None),
    (30, 12, 130, "max_tokens", False, None),
    (8, 0, 56, "context", False, None),
    (12, 12, 2, None, True, None),
    (12, 0, 1, None, False, "notFinite"),
    (60, 0, 90, "stop", False, None),
    (None, None, 0, None, False, "promptTooLong"),
    (20, 0, 0, None, False, "predictionFailed"),
    (None, None, 0, None, True, None),
    (4, 0, 7, "stop", False, None),
] + [(5, 0, 40, "stop", False, None)] * 8


def written(folder: str) -> list[str]:
    """Has Swift write a log, and returns its files."""
    command = [NODE, os.path.join(ROOT, "tools", "swift", "run.ts"), "swift", "test", "--filter", "AppLogForBench"]
    environment = {**os.environ, "PIPPIN_APP_LOG": folder}
    done = subprocess.run(command, cwd=PACKAGE, env=environment, capture_output=True, text=True, timeout=1200)
    if done.returncode != 0:
        raise RuntimeError(f"swift test ended with {done.returncode}: {(done.stdout + done.stderr)[-500:]}")
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder))]


def bench(files: list[str]) -> dict[str, Any]:
    """What `@pippin/bench` says of a log."""
    return json.loads(node(os.path.join("tools", "oracles", "app-log.ts"), *files))


def facts(row: dict[str, Any]) -> tuple[Any, ...]:
    """A run as the table has it."""
    names = ("inputTokens", "cachedTokens", "outputTokens", "stopReason", "cancelled", "error")
    return tuple(row[name] for name in names)


def damaged(report: Report, lines: list[str], folder: str) -> None:
    """The check finds damage to this log: without it, its silence would say nothing."""
    middle = next(i for i, line in enumerate(lines) if '"i":20,' in line)
    count = next(i for i, line in enumerate(lines) if '"output_tokens":130' in line)
    damages = {
        "a token's line is missing": (lines[:middle] + lines[middle + 1 :], {"token_order", "token_count"}),
        "a count is another": (lines[:count] + [lines[count].replace(":130", ":131")] + lines[count + 1 :], {"token_count"}),
        "a run's line is missing": (lines[:count] + lines[count + 1 :], {"run_unfinished"}),
        "the first line is missing": (lines[1:], {"unknown_reference"}),
    }
    for name, (text, expected) in damages.items():
        path = os.path.join(folder, "damaged.jsonl")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(text)
        codes = {problem["code"] for problem in bench([path])["problems"]}
        report.check(f"it is found when {name}", codes == expected, " ".join(sorted(codes)))


def tests(report: Report) -> None:
    """One session, in several files."""
    folder = os.path.join(sys.argv[1], "app-log")
    os.makedirs(folder, exist_ok=True)
    files = written(folder)
    report.check("the log goes on in other files", len(files) > 1, f"{len(files)} files")
    found = bench(files)
    report.check("each line is of the schema", found["warnings"] == [], json.dumps(found["warnings"])[:300])
    report.check("the log adds up", found["problems"] == [], json.dumps(found["problems"])[:300])
    for index, file in enumerate(files):
        problems = bench([file])["problems"]
        report.check(f"file {index + 1} adds up by itself", problems == [], json.dumps(problems)[:300])
    runs = sorted(found["runs"], key=lambda row: int(row["run"].rsplit("r", 1)[1]))
    report.check("all runs are there", len(runs) == len(EXPECTED), str(len(runs)))
    for index, (row, expected) in enumerate(zip(runs, EXPECTED, strict=False)):
        report.check(f"run {index + 1} is {expected}", facts(row) == expected, str(facts(row)))
    timed = [row for row in runs if row["outputTokens"] > 1]
    report.check("runs have rates", all(row["decodeTokensPerSecond"] > 0 and row["timeToFirstTokenMs"] > 0 for row in timed))
    report.check("runs have a footprint", all(row["peakFootprintBytes"] > 1_000_000 for row in runs))
    report.check("only the first is cold", [row["start"] for row in runs] == ["cold"] + ["warm"] * (len(EXPECTED) - 1))

    lines = [line for file in files for line in open(file, encoding="utf-8")]
    records = [json.loads(line) for line in lines]
    report.check("bench saw each line", found["records"] == len(records))
    tokens: collections.Counter[str] = collections.Counter()
    for record in records:
        if record["kind"] == "token":
            tokens[record["run"]] += record["n"]
    counted = all(tokens[row["run"]] == row["outputTokens"] for row in runs)
    report.check("Python counts the same tokens", counted)
    down = [r["value"] for r in records if r.get("network.io.direction") == "receive"]
    report.check("network bytes are counted", down[-1] == 4_000_006, str(down))
    text = "".join(lines)
    report.check("no text and no path is in it", "someone" not in text and "the user wrote" not in text)
    damaged(report, lines, sys.argv[1])


if __name__ == "__main__":
    run(tests)
