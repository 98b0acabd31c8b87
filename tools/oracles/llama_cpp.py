"""Files of llama.cpp that a Python package of its sources carries: chat templates and vocabularies with test vectors."""

import glob
import os
import subprocess
import sys
import tarfile

CACHE = os.path.join(os.environ.get("PIPPIN_CACHE", os.path.expanduser("~/.cache/pippin")), "llama.cpp")
PACKAGE = "llama-cpp-python==0.3.36"


def files(pattern: str) -> list[str]:
    """The files below models/ whose names match, fetched once."""
    found = sorted(glob.glob(os.path.join(CACHE, pattern)))
    if not found:
        os.makedirs(CACHE, exist_ok=True)
        arguments = ["download", "-q", "--no-deps", "--no-binary", ":all:", "--no-build-isolation", PACKAGE, "-d", CACHE]
        subprocess.run([sys.executable, "-m", "pip", *arguments], check=True)
        [archive] = glob.glob(os.path.join(CACHE, "*.tar.gz"))
        with tarfile.open(archive) as tar:
            for member in tar.getmembers():
                if member.name.endswith(".jinja") or "/models/ggml-vocab-" in member.name:
                    source = tar.extractfile(member)
                    assert source is not None
                    with open(os.path.join(CACHE, os.path.basename(member.name)), "wb") as out:
                        out.write(source.read())
        os.remove(archive)
        found = sorted(glob.glob(os.path.join(CACHE, pattern)))
    return found
