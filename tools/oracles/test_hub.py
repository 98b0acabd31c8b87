"""Judges tools/hub-server by Python's huggingface_hub, then `@pippin/hub` and that library in one cache.

test_hub.py WORK_FOLDER
"""

import os
import random
import sys

from hub_judged import Files, judge_server
from report import Report, run

README = b"---\nlicense: apache-2.0\n---\n# Tiny\n"


def make_model(folder: str, seed: int) -> Files:
    """A repository with what real ones have: weights twice, a pickle, an export in a folder, dot files."""
    source = random.Random(seed)
    files = {
        ".gitattributes": b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n",
        "README.md": README,
        "config.json": b'{"architectures":["LlamaForCausalLM"],"model_type":"llama"}',
        "generation_config.json": b'{"eos_token_id":2}',
        "model.safetensors": safetensors(source.randbytes(4_000_003)),
        "original/params.json": b"{}",
        "pytorch_model.bin": source.randbytes(50_001),
        "tokenizer.json": b'{"version":"1.0"}' + b" " * source.randrange(1000),
        "tokenizer_config.json": b"{}",
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
    """The server first: the rest believes it."""
    work = os.path.join(sys.argv[1], "hub")
    source = os.path.join(work, "source")
    files = make_model(source, 1)
    judge_server(report, work, source, files)


if __name__ == "__main__":
    run(tests)
