"""Judges tools/hub-server by Python's huggingface_hub, then `@pippin/hub` and that library in one cache.

test_hub.py WORK_FOLDER
"""

import os
import random
import sys

from hub_check import SERVED, Check
from hub_interop import (
    folders,
    ours_then_python,
    python_then_ours,
    removal,
    revisions,
    shared_store,
    updates,
    without_links,
)
from hub_judged import REPO, Files, judge_server
from hub_races import at_once, killed_in_cache, killed_in_folder, locks, random_kills, wrong_bytes
from hub_server import serving
from report import Report, run

PARTS = (
    *(ours_then_python, python_then_ours, revisions, updates, removal, shared_store, without_links, folders),
    *(killed_in_cache, killed_in_folder, random_kills, locks, at_once, wrong_bytes),
)

README = b"---\nlicense: apache-2.0\n---\n# Tiny\n"


def make_model(folder: str, seed: int) -> Files:
    """A repository with what real ones have: a pickle, a folder, a dot file, two files of the same content."""
    source = random.Random(seed)
    files = {
        ".gitattributes": b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n",
        "README.md": README,
        "config.json": b'{"architectures":["LlamaForCausalLM"],"model_type":"llama"}',
        "generation_config.json": b'{"eos_token_id":2}',
        "model.safetensors": safetensors(source.randbytes(4_000_003)),
        "original/params.json": b'{"dim":8}',
        "pytorch_model.bin": source.randbytes(50_001),
        "tokenizer.json": b'{"version":"1.0"}' + b" " * source.randrange(1000),
        "tokenizer_config.json": b"{}",
        "special_tokens_map.json": b"{}",
    }
    for path, data in files.items():
        os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
        with open(os.path.join(folder, path), "wb") as file:
            file.write(data)
    return files


def safetensors(data: bytes) -> bytes:
    """A file of one tensor."""
    header = b'{"model.embed_tokens.weight":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]}}' % (len(data), len(data))
    return len(header).to_bytes(8, "little") + header + data


def tests(report: Report) -> None:
    """The server first: the rest believes it. Then each part in a cache of its own."""
    work = os.path.join(sys.argv[1], "hub")
    source = os.path.join(work, "source")
    files = make_model(source, 1)
    judge_server(report, work, source, files)
    with serving([{"id": REPO, "folder": source, **SERVED}], resolveCache=True) as server:
        for part in PARTS:
            name = part.__name__.replace("_", " ")
            with report.guard(name):
                server.plan()
                server.requests()
                part(Check(report, name, files), server, os.path.join(work, part.__name__))


if __name__ == "__main__":
    run(tests)
