"""How an engine talks to the process that started it.

The request is one line of JSON on stdin. Answers are lines of JSON on stdout, each an object with the key `pippin`:
`progress`, `warning`, `problem` or `result`. Whatever else prints goes to stderr, which is the log. When stdin ends,
the process that started us is gone, and nobody waits for the result.
"""

import json
import os
import signal
import sys
import threading
from typing import Any, TextIO

from .problems import Problem


class Channel:
    """The lines to the process that started us."""

    def __init__(self) -> None:
        # Libraries print to descriptor 1, some of them from C: they get stderr in its place.
        self._out: TextIO = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
        os.dup2(2, 1)

    def request(self) -> dict[str, Any]:
        """What is asked for."""
        request: dict[str, Any] = json.loads(sys.stdin.readline())
        threading.Thread(target=end_with_parent, daemon=True).start()
        return request

    def send(self, kind: str, **fields: Any) -> None:
        """Sends one line."""
        self._out.write(json.dumps({"pippin": kind, **fields}) + "\n")
        self._out.flush()

    def progress(self, done: int, total: int, item: str) -> None:
        """Says which of the steps begins."""
        self.send("progress", done=done, total=total, item=item)

    def warning(self, code: str, message: str, hint: str) -> None:
        """Something that does not stop the work."""
        self.send("warning", code=code, message=message, hint=hint)

    def problem(self, problem: Problem) -> None:
        """Why there is no result."""
        self.send("problem", code=problem.code, message=problem.message, hint=problem.hint)

    def result(self, value: dict[str, Any]) -> None:
        """The last line."""
        self.send("result", value=value)


def end_with_parent() -> None:
    """Waits for the end of stdin, then ends this process and its children: its parent was killed."""
    # Not through sys.stdin, whose lock a thread would still hold when the interpreter ends.
    while os.read(0, 4096):
        pass
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)
