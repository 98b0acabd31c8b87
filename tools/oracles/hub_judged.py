"""Judges tools/hub-server: Hugging Face's Python library must take it for the Hub."""

import hashlib
import os
from collections.abc import Callable
from typing import Any

from hub_server import Home, Server, content, serving
from report import Report

REPO = "org/tiny"
TOKEN = "hf_member"
Files = dict[str, bytes]


def git_blob(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def is_large(path: str) -> bool:
    return path.endswith((".safetensors", ".bin", "tokenizer.json"))


def etag(path: str, data: bytes) -> str:
    """The name of a blob in the cache."""
    return sha256(data) if is_large(path) else git_blob(data)


def short(done: dict[str, Any]) -> str:
    """How a program of `hub_client.py` ended, in a line."""
    return " ".join(done.get("message", "").split())[:160]


def read_folder(folder: str) -> Files:
    """What the files of a folder hold, through symbolic links; without the records of `local_dir`."""
    found = {}
    for base, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != ".cache"]
        for name in names:
            path = os.path.join(base, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder).replace(os.sep, "/")] = file.read()
    return found


def judge_server(report: Report, work: str, source: str, files: Files) -> None:
    """All that Python's library reads from the Hub, from ours."""
    repos = [
        {"id": REPO, "folder": source},
        {"id": "org/xet", "folder": source, "storage": "xet"},
        {"id": "org/private", "folder": source, "private": True},
        {"id": "org/gated", "folder": source, "gated": "manual"},
        {"id": "org/gone", "folder": source, "disabled": True},
    ]
    options = {"tokens": [TOKEN], "strangers": ["hf_stranger"], "renamed": {"old/name": REPO}, "pageSize": 3}
    with serving(repos, resolveCache=True, **options) as server:
        home = Home(os.path.join(work, "judge"), server.endpoint, TOKEN)
        with report.guard("server: the API"):
            api(report, server, home, files)
        for repo in (REPO, "org/xet", "org/private", "org/gated"):
            with report.guard(f"server: snapshot of {repo}"):
                snapshot(report, server, home, repo, files)
        with report.guard("server: errors"):
            errors(report, server, work)
        with report.guard("server: faults"):
            faults(report, server, work, files)


def api(report: Report, server: Server, home: Home, files: Files) -> None:
    """Information, a listing in pages, paths, a renamed repository."""
    wanted = {path: [len(data), None, sha256(data) if is_large(path) else None] for path, data in files.items()}
    info = home.python("info", REPO)["result"]
    facts = [info["id"], info["sha"], info["gated"], info["private"], info["card"].get("license")]
    report.check("server: information", facts == [REPO, server.commits[REPO], False, False, "apache-2.0"], str(facts))
    listing = home.python("tree", REPO)["result"]
    for name, found in (("siblings", info["files"]), ("listing in pages", listing)):
        hashes = {path: [size, None, lfs] for path, (size, _, lfs) in found.items()}
        plain = all(found[path][1] == git_blob(data) for path, data in files.items() if not is_large(path))
        report.check(f"server: {name}: sizes, blob ids, sha256", hashes == wanted and plain, f"{len(found)} files")
    asked = home.python("paths", REPO, paths=["config.json", "missing", "original"], expand=True)["result"]
    report.check("server: paths", sorted(asked) == ["config.json", "original"], str(asked))
    renamed = home.python("info", "old/name")["result"]
    report.check("server: a renamed repository is found by its old name", renamed["id"] == REPO)
    pages = [request for request in server.requests() if "/tree/" in request["path"]]
    report.check("server: the listing came in pages", len(pages) > 2, f"{len(pages)}")


def snapshot(report: Report, server: Server, home: Home, repo: str, files: Files) -> None:
    """A download into the cache: bytes, layout, and where the token went."""
    server.requests()
    done = home.python("snapshot", repo)
    requests = server.requests()
    report.check(f"server: {repo}: Python downloads it", done.get("result") is not None, short(done))
    report.check(f"server: {repo}: exact bytes", read_folder(done["result"]) == files, f"{content(requests)} bytes sent")
    report.check(f"server: {repo}: no warnings", done["warnings"] == [], str(done["warnings"]))
    commit = server.commits[repo]
    with open(home.repo(repo, "refs", "main")) as file:
        report.check(f"server: {repo}: its ref", file.read() == commit and done["result"].endswith(commit))
    blobs = sorted(os.listdir(home.repo(repo, "blobs")))
    report.check(f"server: {repo}: blobs by etag", blobs == sorted({etag(*file) for file in files.items()}))
    hosts = {request["host"] for request in requests if "authorization" in request}
    asked = {request["host"] for request in requests}
    report.check(f"server: {repo}: the token went to the Hub alone", hosts == {"hub"} and asked == {"hub", "cdn"})


def errors(report: Report, server: Server, work: str) -> None:
    """Each refusal is the exception that the Hub's would be."""
    config, info = {"names": ["config.json"]}, dict[str, Any]()
    cases: list[tuple[str, str, str | None, dict[str, Any], str]] = [
        ("a missing repository", "org/none", None, info, "RepositoryNotFoundError"),
        ("a private repository", "org/private", None, config, "RepositoryNotFoundError"),
        ("a private repository for a stranger", "org/private", "hf_stranger", config, "RepositoryNotFoundError"),
        # The listing of a gated repository is open; its files are not.
        ("a gated repository", "org/gated", None, config, "GatedRepoError"),
        ("a gated repository for a stranger", "org/gated", "hf_stranger", config, "GatedRepoError"),
        ("a repository that was taken down", "org/gone", TOKEN, info, "DisabledRepoError"),
        ("a missing revision", REPO, None, config | {"revision": "v9"}, "RevisionNotFoundError"),
        ("a missing file", REPO, None, {"names": ["none.json"]}, "RemoteEntryNotFoundError"),
    ]
    for number, (name, repo, token, options, wanted) in enumerate(cases):
        home = Home(os.path.join(work, f"errors-{number}"), server.endpoint, token)
        done = home.python("files" if options else "info", repo, **options)
        report.check(f"server: {name} is a {wanted}", done.get("error") == wanted, short(done))
    home = Home(os.path.join(work, "errors-token"), server.endpoint, "hf_wrong")
    done = home.python("info", REPO)
    report.check("server: a wrong token is told", "Invalid credentials" in done.get("message", ""), done.get("error", ""))


def faults(report: Report, server: Server, work: str, files: Files) -> None:
    """What Python's library survives on the Hub, it survives here."""
    weights, size = "cdn GET model.safetensors", len(files["model.safetensors"])
    once = {"match": weights, "times": 1}
    cut = {"fault": {"kind": "cut", "afterBytes": size // 2}} | once
    limited = {"kind": "status", "status": 429, "retryAfter": "0"}
    limit_of_hub = {"kind": "status", "status": 429, "resetSeconds": 0}
    trickle = {"kind": "trickle", "bytesPerChunk": size // 9, "pauseMs": 5}
    plans: dict[str, tuple[list[dict[str, Any]], Callable[[list[str]], bool]]] = {
        "cut": ([cut], bool),
        "ignored range": ([cut, {"fault": {"kind": "ignore-range"}} | once], bool),
        "429": ([{"fault": limited} | once], bool),
        "429 of the Hub": (
            [{"fault": limit_of_hub, "match": "hub GET .*/tree/", "times": 1}],
            lambda told: any("Rate limited" in line for line in told),
        ),
        "trickle": ([{"fault": trickle, "match": weights}], lambda told: not told),
    }
    for name, (plan, told) in plans.items():
        with report.guard(f"server: fault {name}"):
            home = Home(os.path.join(work, f"fault-{name}"), server.endpoint)
            server.plan(*plan)
            server.requests()
            done = home.python("snapshot", REPO)
            met = [request["fault"] for request in server.requests() if "fault" in request]
            exact = "result" in done and read_folder(done["result"]) == files
            report.check(f"server: fault {name}: Python ends with exact bytes", exact, short(done))
            report.check(f"server: fault {name}: it was met", bool(met) and told(done["warnings"]), f"{met}")
    home = Home(os.path.join(work, "fault-short"), server.endpoint)
    server.plan({"fault": {"kind": "short"}, "match": weights})
    done = home.python("files", REPO, names=["model.safetensors"])
    report.check("server: fault short: Python sees the wrong size", "Consistency check failed" in done.get("message", ""))
    server.plan()
