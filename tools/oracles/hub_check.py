"""Checks of a cache or folder that `@pippin/hub` and Hugging Face's Python library share."""

import os
from typing import Any

from hub_judged import REPO, Files, etag, read_folder, short
from hub_server import Home, Request
from report import Report

COMMIT = "5" * 40
# How the repository is served beside its id and folder.
SERVED = {"commit": COMMIT, "refs": {"main": COMMIT, "v1.0": COMMIT, "refs/pr/1": COMMIT}}
WEIGHTS = "model.safetensors"
# Nobody listens there: what works with it needs no Hub.
NOWHERE = "http://127.0.0.1:9"


class Check:
    """Checks of one part, and the files of the repository."""

    def __init__(self, report: Report, name: str, files: Files) -> None:
        self.report, self.name, self.files = report, name, files

    def __call__(self, what: str, holds: bool, detail: str = "") -> None:
        self.report.check(f"{self.name}: {what}", holds, detail[:200])

    def exact(self, what: str, folder: str, paths: list[str] | None = None) -> None:
        """A folder has these files, of the whole repository without `paths`, and no others."""
        found = read_folder(folder)
        wanted = {path: self.files[path] for path in paths or self.files}
        differ = sorted(path for path in wanted.keys() | found.keys() if found.get(path) != wanted.get(path))
        self(what, not differ, f"{len(found)} files" if not differ else f"these differ: {differ}")

    def cache(self, home: Home, paths: list[str] | None = None, refs: tuple[str, ...] = ("main",)) -> None:
        """Python's view of the whole cache: no complaint, right sizes, refs and blobs, nothing half done."""
        scanned = home.python("scan")["result"]
        wanted = {path: [len(self.files[path]), etag(path, self.files[path])] for path in paths or self.files}
        found = scanned["repos"].get(REPO, {"revisions": {}})
        revision = found["revisions"].get(COMMIT, {})
        size = sum({blob: byte_length for byte_length, blob in wanted.values()}.values())
        is_right = revision.get("files") == wanted and found.get("size") == size
        self("Python's scan has no warnings", scanned["warnings"] == [], str(scanned["warnings"]))
        self("Python's scan: sizes and blobs", is_right, f"{found.get('size')} of {size} bytes")
        known = list(found["revisions"]) == [COMMIT] and revision.get("refs") == list(refs)
        self("Python's scan: refs", known, f"{list(found['revisions'])} {revision.get('refs')}")
        self("nothing is left half done", scanned["incomplete"] == [], str(scanned["incomplete"]))

    def fetch(self, home: Home, **options: Any) -> dict[str, Any]:
        """A snapshot of ours, which must not fail."""
        done = home.ours("fetch", REPO, **options)
        self("ours fetches it", "error" not in done, short(done))
        return done


def asked_files(requests: list[Request]) -> list[str]:
    """Files whose content was asked for."""
    return sorted({request["file"] for request in requests if request["method"] == "GET" and "file" in request})


def paths_of(snapshot: dict[str, Any]) -> list[str]:
    """The files of a snapshot of ours."""
    return [file["path"] for file in snapshot["files"]]
