"""Collects the checks of one test file and prints one line for each."""

import contextlib
import sys
import time
import traceback
from collections.abc import Callable, Iterator


class Report:
    """Counts checks. A check that raises is a failed one, and the next goes on."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0

    def check(self, name: str, holds: bool, detail: str = "") -> None:
        """Counts and prints one check."""
        if holds:
            self.passed += 1
        else:
            self.failed += 1
        print(f"{'ok ' if holds else 'BAD'} {name}{'  ' if detail else ''}{detail}", flush=True)

    @contextlib.contextmanager
    def guard(self, name: str) -> Iterator[None]:
        """Turns an exception of the block into a failed check of this name."""
        try:
            yield
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            self.check(name, False, f"{type(error).__name__}: {error} ({place.name}:{place.lineno})"[:600])


def run(tests: Callable[[Report], None]) -> None:
    """Runs a test file's checks, prints the count last, and exits with a status that says whether all hold."""
    report, began = Report(), time.monotonic()
    with report.guard("the test itself"):
        tests(report)
    if report.passed + report.failed == 0:
        report.check("at least one check ran", False)
    print(f"{time.monotonic() - began:.0f} s")
    print(f"{report.passed} passed, {report.failed} failed")
    sys.exit(1 if report.failed else 0)
