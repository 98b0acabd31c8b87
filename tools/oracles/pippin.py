"""Runs the command line of this repository, as a user would."""

import hashlib
import json
import os
import subprocess
from typing import Any

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NODE = os.environ.get("PIPPIN_NODE", "node")
TIMEOUT_SECONDS = 900


class CommandError(Exception):
    """A command ended with a status other than 0."""


def node(*arguments: str, stdin: str | None = None) -> str:
    """What a Node program printed on stdout."""
    done = subprocess.run(
        [NODE, *arguments], cwd=ROOT, input=stdin, capture_output=True, text=True, timeout=TIMEOUT_SECONDS
    )
    if done.returncode != 0:
        raise CommandError(f"status {done.returncode}: {done.stderr.strip()[-500:]}")
    return done.stdout


def pippin(*arguments: str) -> Any:
    """The JSON that a command of `pippin` printed."""
    return json.loads(node(os.path.join("apps", "cli", "bin", "pippin.js"), *arguments, "--json"))


def convert(model: str, out: str, *options: str) -> str:
    """Converts a model and returns the folder that was written."""
    result = pippin("convert", os.path.abspath(model), "--backend", "coreml", "--out", out, "--force", *options)
    [artifact] = result["artifacts"]
    if os.path.dirname(os.path.abspath(artifact["path"])) != os.path.abspath(out):
        raise CommandError(f"the package lies at {artifact['path']}, not in {out}")
    return out


def hashes(folder: str) -> dict[str, str]:
    """The sha256 of each file below a folder."""
    found = {}
    for base, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(base, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = hashlib.file_digest(file, "sha256").hexdigest()
    return found
