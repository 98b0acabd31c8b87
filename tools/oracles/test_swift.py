"""Judges the Swift package by Swift's own tools: no warnings, its tests, its format.

test_swift.py WORK_FOLDER
"""

import os
import re
import subprocess

from pippin import NODE, ROOT
from report import Report, run

PACKAGE = os.path.join(ROOT, "packages", "swift-codegen", "swift")


def swift(*arguments: str) -> tuple[int, str]:
    """Runs a tool of the toolchain in the package's folder."""
    command = [NODE, os.path.join(ROOT, "tools", "swift", "run.ts"), *arguments]
    done = subprocess.run(command, cwd=PACKAGE, capture_output=True, text=True, timeout=1200)
    return done.returncode, done.stdout + done.stderr


def tests(report: Report) -> None:
    """The package as it is in the repository."""
    check = [NODE, os.path.join(ROOT, "tools", "swift", "fixtures.ts"), "--check"]
    done = subprocess.run(check, cwd=ROOT, capture_output=True, text=True)
    report.check("fixtures are what the exporter writes", done.returncode == 0, done.stderr.strip()[-300:])
    status, printed = swift("swift", "test", "-Xswiftc", "-warnings-as-errors")
    for name in re.findall(r"✔ Test (\w+\(.*?\))", printed):
        report.check(f"swift test {name}", True)
    failures = [line for line in printed.split("\n") if ("✘" in line and "skipped" not in line) or "error:" in line]
    report.check("swift test, warnings as errors", status == 0, " ".join(failures)[:600])
    status, printed = swift("swift-format", "lint", "-r", "--strict", "Sources", "Tests", "Package.swift")
    report.check("swift-format", status == 0 and not printed.strip(), printed.strip()[-300:])


if __name__ == "__main__":
    run(tests)
