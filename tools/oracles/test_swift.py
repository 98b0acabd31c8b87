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


def swift_test(report: Report, name: str, *flags: str) -> None:
    """All tests of the package, a check for each. Code behind `canImport` of Apple's modules needs the stand-ins."""
    status, printed = swift("swift", "test", "-Xswiftc", "-warnings-as-errors", *flags)
    for test in re.findall(r"✔ Test (\w+\(.*?\)) passed", printed):
        report.check(f"{name}: {test}", True)
    failures = [line for line in printed.split("\n") if ("✘" in line and "skipped" not in line) or "error:" in line]
    report.check(f"{name}, warnings as errors", status == 0, " ".join(failures)[:600])


def tests(report: Report) -> None:
    """The package as it is in the repository."""
    check = [NODE, os.path.join(ROOT, "tools", "swift", "fixtures.ts"), "--check"]
    done = subprocess.run(check, cwd=ROOT, capture_output=True, text=True)
    report.check("fixtures are what the exporter writes", done.returncode == 0, done.stderr.strip()[-300:])
    swift_test(report, "swift test")
    stubs = subprocess.run([NODE, os.path.join(ROOT, "tools", "swift", "stubs.ts")], capture_output=True, text=True)
    report.check("stand-ins for Apple's modules build", stubs.returncode == 0, stubs.stderr.strip()[-300:])
    swift_test(report, "swift test, with stand-ins", "--scratch-path", ".build/with-stubs", *stubs.stdout.split())
    app = subprocess.run([NODE, os.path.join(ROOT, "tools", "swift", "check-app.ts")], capture_output=True, text=True)
    failures = [line for line in (app.stdout + app.stderr).split("\n") if "✘" in line or "error:" in line]
    report.check("the demo compiles, and its view model's tests pass", app.returncode == 0, " ".join(failures)[:600])
    folders = ["Sources", "Tests", "App", "AppTests", "Package.swift"]
    status, printed = swift("swift-format", "lint", "-r", "--strict", *folders)
    report.check("swift-format", status == 0 and not printed.strip(), printed.strip()[-300:])


if __name__ == "__main__":
    run(tests)
