"""Does what test_hub.py asks for with Hugging Face's Python library, in a process whose environment says where the Hub is.

hub_client.py ACTION REPO OPTIONS

prints one JSON document: `{"result": …, "warnings": […]}`, or `{"error": CLASS, "message": …, "warnings": […]}`.
"""

import json
import logging
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import huggingface_hub
from huggingface_hub import HfApi, hf_hub_download, scan_cache_dir, snapshot_download, try_to_load_from_cache
from huggingface_hub._local_folder import read_download_metadata
from huggingface_hub.constants import HF_HUB_CACHE
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import WeakFileLock
from huggingface_hub.utils._cache_manager import CachedRevisionInfo
from huggingface_hub.utils._shared_blobs import publish_blob_to_shared_store


class Collector(logging.Handler):
    """Keeps what the library logs from warnings up."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def info(repo: str, **options: Any) -> Any:
    """What the API says of a repository."""
    found = HfApi().model_info(repo, files_metadata=True, **options)
    files = {file.rfilename: [file.size, file.blob_id, file.lfs and file.lfs.sha256] for file in found.siblings or []}
    card = found.card_data.to_dict() if found.card_data else {}
    return {"id": found.id, "sha": found.sha, "gated": found.gated, "private": found.private, "card": card, "files": files}


def tree(repo: str, **options: Any) -> Any:
    """Files of a listing, with their hashes."""
    found = [entry for entry in HfApi().list_repo_tree(repo, recursive=True, **options) if isinstance(entry, RepoFile)]
    return {entry.path: [entry.size, entry.blob_id, entry.lfs and entry.lfs.sha256] for entry in found}


def paths(repo: str, **options: Any) -> Any:
    """Which of some paths exist."""
    return [entry.path for entry in HfApi().get_paths_info(repo, **options)]


def files(repo: str, names: list[str], **options: Any) -> Any:
    """The path of each file, downloaded when it is not there."""
    return {name: hf_hub_download(repo, name, **options) for name in names}


def cached(repo: str, names: list[str], **options: Any) -> Any:
    """The path of each file that is in the cache."""
    found = {name: try_to_load_from_cache(repo, name, **options) for name in names}
    return {name: path if isinstance(path, str) else None for name, path in found.items()}


def scan(_: str) -> Any:
    """The whole cache."""
    found = scan_cache_dir()
    repos = {
        repo.repo_id: {"size": repo.size_on_disk, "revisions": {each.commit_hash: revision(each) for each in repo.revisions}}
        for repo in found.repos
    }
    incomplete = sorted(file.file_path.name for file in found.incomplete_files)
    return {"repos": repos, "warnings": [str(warning) for warning in found.warnings], "incomplete": incomplete}


def revision(found: CachedRevisionInfo) -> Any:
    """Refs of a cached commit, and size and blob of each file."""
    files = {
        file.file_path.relative_to(found.snapshot_path).as_posix(): [file.size_on_disk, file.blob_path.name]
        for file in found.files
    }
    return {"refs": sorted(found.refs), "size": found.size_on_disk, "files": files}


def metadata(_: str, folder: str, names: list[str]) -> Any:
    """What is recorded of files in a folder of `local_dir`."""
    found = {name: read_download_metadata(Path(folder), name) for name in names}
    return {name: entry and [entry.commit_hash, entry.etag] for name, entry in found.items()}


def share(_: str, blob: str, xet_hash: str) -> Any:
    """Moves a blob into the store that repositories share, as a download by Xet does."""
    size = os.path.getsize(blob)
    return publish_blob_to_shared_store(
        blob_path=blob, xet_hash=xet_hash, cache_dir=HF_HUB_CACHE, expected_size=size
    )


def hold(_: str, path: str) -> Any:
    """Holds a lock until the standard input ends."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with WeakFileLock(path):
        print("held", flush=True)
        sys.stdin.read()


ACTIONS: dict[str, Callable[..., Any]] = {
    "snapshot": snapshot_download,
    **{action.__name__: action for action in (info, tree, paths, files, cached, scan, metadata, share, hold)},
}


def main() -> None:
    """One action."""
    action, repo, options = sys.argv[1:]
    collector = Collector()
    huggingface_hub.logging.get_logger().addHandler(collector)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            answer = {"result": ACTIONS[action](repo, **json.loads(options))}
        except Exception as error:
            answer = {"error": type(error).__name__, "message": str(error)}
    told = collector.lines + [str(warning.message) for warning in caught if "huggingface" in str(warning.filename)]
    print(json.dumps(answer | {"warnings": told}))


if __name__ == "__main__":
    main()
