"""The server that stands for the Hugging Face Hub, and the two libraries that ask it."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from pippin import NODE, ROOT

TIMEOUT_SECONDS = 120
HERE = os.path.dirname(os.path.abspath(__file__))
Request = dict[str, Any]


class Server:
    """tools/hub-server, serving folders."""

    def __init__(self, repos: list[dict[str, Any]], **options: Any) -> None:
        command = [NODE, os.path.join(ROOT, "tools", "hub-server", "serve.ts")]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started = self.ask(start={"repos": repos} | options)
        self.endpoint, self.cdn, self.commits = started["endpoint"], started["cdn"], started["commits"]

    def ask(self, **command: Any) -> Any:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def serve(self, **repo: Any) -> str:
        """Puts a repository in place and returns its commit."""
        self.commits = self.ask(serve=repo)["commits"]
        return self.commits[repo["id"]]

    def plan(self, *faults: dict[str, Any]) -> None:
        self.ask(faults=faults)

    def requests(self) -> list[Request]:
        """What came since the last call."""
        return self.ask(requests="forget")

    def wait_for(self, file: str, sent: int) -> None:
        """Waits until so many bytes of a file were sent."""
        end = time.monotonic() + TIMEOUT_SECONDS
        while sum(r["bytesSent"] for r in self.ask(requests="keep") if r["host"] == "cdn" and r.get("file") == file) < sent:
            if time.monotonic() > end:
                raise TimeoutError(f"{sent} bytes of {file} were never sent")
            time.sleep(0.01)

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=10)


@contextlib.contextmanager
def serving(repos: list[dict[str, Any]], **options: Any) -> Iterator[Server]:
    server = Server(repos, **options)
    try:
        yield server
    finally:
        server.close()


def content(requests: list[Request]) -> int:
    """Bytes of files in answers; of a redirect and an error, none."""
    return sum(r["bytesSent"] for r in requests if "file" in r and r["status"] in (200, 206))


class Home:
    """A home of the Hugging Face libraries, with programs that work in it."""

    def __init__(self, folder: str, endpoint: str, token: str | None = None) -> None:
        self.cache, self.endpoint, self.token = os.path.join(folder, "hub"), endpoint, token
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
        self.environment = kept | {
            "HF_HOME": folder,
            "HF_ENDPOINT": endpoint,
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "NO_PROXY": "127.0.0.1,localhost",
            **({"HF_TOKEN": token} if token else {}),
        }

    def start_python(self, action: str, repo: str = "", **options: Any) -> subprocess.Popen[str]:
        return self._start([sys.executable, os.path.join(HERE, "hub_client.py"), action, repo, json.dumps(options)])

    def start_ours(self, action: str, repo: str = "", **options: Any) -> subprocess.Popen[str]:
        settings = {"endpoint": self.endpoint, "cacheDir": self.cache} | ({"token": self.token} if self.token else {})
        return self._start([NODE, os.path.join(HERE, "hub.ts"), action, repo, json.dumps(settings | options)])

    def python(self, action: str, repo: str = "", **options: Any) -> Any:
        """`{"result"}` or `{"error", "message"}`, and `warnings`."""
        return answer(self.start_python(action, repo, **options))

    def ours(self, action: str, repo: str = "", **options: Any) -> Any:
        """The result, or `{"error", "message"}`."""
        return answer(self.start_ours(action, repo, **options))

    def repo(self, repo: str, *parts: str) -> str:
        """A path in the cache's folder of a repository."""
        return os.path.join(self.cache, "models--" + repo.replace("/", "--"), *parts)

    def _start(self, command: list[str]) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=ROOT, env=self.environment)


def answer(process: subprocess.Popen[str]) -> Any:
    """The JSON that a program printed."""
    out, err = process.communicate(timeout=TIMEOUT_SECONDS)
    if process.returncode != 0:
        raise RuntimeError(f"status {process.returncode}: {err.strip()[-400:]}")
    return json.loads(out)
