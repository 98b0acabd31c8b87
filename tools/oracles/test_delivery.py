"""Judges downloads of models against a server that fails: the exact bytes, or a typed error with nothing in place.

test_delivery.py WORK_FOLDER

What lies on the disk and what the server was asked for is looked at here, with hashlib, not by the Swift code under test.
"""

import contextlib
import hashlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

from pippin import NODE, ROOT
from report import Report, run

PACKAGE = os.path.join(ROOT, "packages", "swift-codegen", "swift")
TOOLS = os.path.join(ROOT, "tools", "swift")
SUITE = os.path.join(PACKAGE, "Tests", "PippinRuntimeTests", "Delivery", "DownloadTests.swift")
DRIVER = [NODE, os.path.join(TOOLS, "run.ts"), os.path.join(PACKAGE, ".build", "debug", "DownloadDriver")]
CHUNK = 65_536
#: Two chunks, so that a piece can be right in one half.
PIECE = 2 * CHUNK
PASSING = ["drop", "refuse", "truncate", "flip", "429", "500", "503", "no-range", "wrong-range", "short-range"]
PASSING += ["redirect", "redirect-here"]
FINAL = ["401", "403", "404", "redirect-loop", "endless"]
DOWNLOADS = 60


class Server:
    """tools/swift/faulty-server.ts, serving a folder."""

    def __init__(self, folder: str) -> None:
        command = [NODE, os.path.join(TOOLS, "faulty-server.ts"), folder]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = json.loads(self.process.stdout.readline())["url"]

    def plan(self, name: str, **plan: Any) -> None:
        urllib.request.urlopen(f"{self.url}/plan/{name}", json.dumps(plan).encode()).close()

    def log(self, name: str) -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{self.url}/log/{name}") as answer:
            return json.load(answer)

    def base(self, name: str, model: "Model") -> str:
        return f"{self.url}/run/{name}/{os.path.basename(model.folder)}"

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=10)


@contextlib.contextmanager
def serving(folder: str) -> Iterator[Server]:
    server = Server(folder)
    try:
        yield server
    finally:
        server.close()


class Model:
    """Files of random bytes in a folder, and a folder with their manifest."""

    def __init__(self, served: str, name: str, seed: int, chunk_hashes: bool) -> None:
        self.folder = os.path.join(served, name)
        self.bundle = os.path.join(served, f"{name}-bundle")
        self.has_chunk_hashes = chunk_hashes
        source = random.Random(seed)
        sizes = {"m.mlpackage/Manifest.json": 600, "m.mlpackage/Data/model.mlmodel": 70_000, "empty.bin": 0}
        sizes["m.mlpackage/Data/weights/weight.bin"] = 12 * CHUNK + source.randrange(CHUNK)
        self.files = {path: source.randbytes(size) for path, size in sizes.items()}
        for path, data in self.files.items():
            os.makedirs(os.path.dirname(os.path.join(self.folder, path)), exist_ok=True)
            with open(os.path.join(self.folder, path), "wb") as file:
                file.write(data)
        os.makedirs(self.bundle, exist_ok=True)
        with open(os.path.join(self.bundle, "pippin-manifest.json"), "w") as file:
            json.dump(self.manifest(), file)

    def manifest(self) -> dict[str, Any]:
        """As `pippin convert` writes it, but for smaller chunks; what delivery does not read is empty."""
        files = [
            {"path": path, "size": len(data)}
            | ({"chunkSha256": hashes_of(data)} if self.has_chunk_hashes else {"sha256": sha256(data)})
            for path, data in self.files.items()
        ]
        model = {"source": "m", "family": "llama", "vocabSize": 8}
        rest = {"contextLength": 8, "packages": ["m.mlpackage"], "functions": [], "defaultFunction": "decode", "states": []}
        last = {"mask": "internal", "stopTokens": [], "normForm": "rms", "quantization": "none", "files": files}
        return {"version": 1, "backend": "coreml", "program": "stateful", "model": model} | rest | last

    def in_place(self, store: str) -> str | None:
        """The folder of a complete model in a store."""
        found = [name for name in os.listdir(store) if name.startswith("model-")] if os.path.isdir(store) else []
        return os.path.join(store, found[0]) if found else None

    def is_exact(self, folder: str) -> bool:
        found = {}
        for base, _, names in os.walk(folder):
            for name in names:
                with open(os.path.join(base, name), "rb") as file:
                    found[os.path.relpath(os.path.join(base, name), folder)] = file.read()
        return found == self.files

    def staged_chunks(self, store: str) -> set[tuple[str, int]]:
        """Chunks of a stage that are right, and that the runtime can know to be right."""
        staging = os.path.join(store, ".staging")
        stages = os.listdir(staging) if os.path.isdir(staging) else []
        found = set()
        for stage in stages:
            known = self.journal(os.path.join(staging, stage, "journal.jsonl"))
            for index, (path, data) in enumerate(self.files.items()):
                file = os.path.join(staging, stage, "files", path)
                staged = open(file, "rb").read() if os.path.exists(file) else b""
                for chunk, wanted in enumerate(hashes_of(data)):
                    is_right = sha256(staged[chunk * CHUNK : (chunk + 1) * CHUNK]) == wanted
                    is_known = self.has_chunk_hashes or len(data) <= CHUNK or (index, chunk, wanted) in known
                    if is_right and is_known:
                        found.add((path, chunk))
        return found

    @staticmethod
    def journal(path: str) -> set[tuple[int, int, str]]:
        known = set()
        for line in open(path).read().split("\n") if os.path.exists(path) else []:
            with contextlib.suppress(ValueError, KeyError, TypeError):
                entry = json.loads(line)
                known.add((entry["file"], entry["chunk"], entry["sha256"]))
        return known

    def fetched_chunks(self, log: list[dict[str, Any]]) -> set[tuple[str, int]]:
        """Chunks that requests asked for. A probe of one byte asks for none."""
        found = set()
        for entry in log:
            path = entry["path"].split("/", 1)[1]
            size = len(self.files[path])
            first, last = map(int, re.findall(r"\d+", entry.get("range") or f"0-{size - 1}"))
            if (first, last) != (0, 0):
                found |= {(path, chunk) for chunk in range(first // CHUNK, last // CHUNK + 1)}
        return found


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def hashes_of(data: bytes) -> list[str]:
    return [sha256(data[at : at + CHUNK]) for at in range(0, len(data), CHUNK)]


class Driver:
    """A process that downloads."""

    def __init__(self, temporary: str, *before: str) -> None:
        environment = {**os.environ, "TMPDIR": temporary}
        os.makedirs(temporary, exist_ok=True)
        self.process = subprocess.Popen(
            [*before, *DRIVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True
        )

    def start(self, model: Model, store: str, base: str, **more: Any) -> None:
        job = {"manifest": model.bundle, "store": store, "base": base, "chunkBytes": CHUNK, "pieceBytes": PIECE} | more
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()

    def line(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        text = self.process.stdout.readline()
        return json.loads(text) if text else {"error": "ended", "message": f"status {self.process.wait()}"}

    def answer(self) -> dict[str, Any]:
        """The end of a download."""
        while "progress" in (line := self.line()):
            pass
        return line

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=30)


def swift_suite(report: Report, server: Server) -> None:
    """The package's own tests that need the server."""
    command = [NODE, os.path.join(TOOLS, "run.ts"), "swift", "test", "--filter", "DownloadTests", "-Xswiftc", "-warnings-as-errors"]
    environment = {**os.environ, "PIPPIN_FAULTY_SERVER": server.url}
    done = subprocess.run(command, cwd=PACKAGE, capture_output=True, text=True, timeout=1200, env=environment)
    printed = done.stdout + done.stderr
    failures = [line for line in printed.split("\n") if "✘" in line or "error:" in line]
    report.check("the tests that need a server", done.returncode == 0, " ".join(failures)[:600])
    wanted = set(re.findall(r"func (\w+)\([^)]*\) async throws \{", re.sub(r"private func.*", "", open(SUITE).read())))
    passed = set(re.findall(r"✔ Test (\w+)\(", printed))
    report.check("each of them ran", len(wanted) >= 15 and wanted <= passed, f"{len(passed)} ran, without {wanted - passed}")


def random_faults(report: Report, server: Server, work: str, served: str) -> None:
    """Downloads that meet faults at random, then once more without."""
    driver, counts, seeds = Driver(os.path.join(work, "tmp")), {"done": 0, "error": 0}, range(DOWNLOADS)
    for seed in seeds:
        name, store = f"random-{seed}", os.path.join(work, "stores", f"random-{seed}")
        model = Model(served, name, seed, chunk_hashes=seed % 3 != 0)
        faults = PASSING if seed % 2 == 0 else PASSING + FINAL
        server.plan(name, faults=faults, seed=seed, rate=[0.05, 0.2, 0.4, 0.7][seed // 2 % 4])
        driver.start(model, store, server.base(name, model), attempts=5)
        answer = driver.answer()
        counts["done" if "done" in answer else "error"] += 1
        judge(report, f"seed {seed}", model, store, answer)
        if "done" in answer:
            continue
        kept, before = model.staged_chunks(store), len(server.log(name))
        server.plan(name, faults=[], times=0)
        driver.start(model, store, server.base(name, model))
        answer = driver.answer()
        judge(report, f"seed {seed}, again without faults", model, store, answer, must_end="done")
        again = model.fetched_chunks(server.log(name)[before:]) & kept
        report.check(f"seed {seed}: what was there is not fetched again", not again, f"{len(kept)} kept, {len(again)} again")
    driver.close()
    report.check("both ends occurred often", min(counts.values()) >= DOWNLOADS // 6, str(counts))


def judge(report: Report, name: str, model: Model, store: str, answer: dict[str, Any], must_end: str = "") -> None:
    """The exact bytes in place, or a typed error with nothing in place."""
    place = model.in_place(store)
    if "done" in answer:
        holds = place is not None and place == answer["done"] and model.is_exact(place) and not model.staged_chunks(store)
    else:
        holds = answer["error"] == "downloadFailed" and place is None and bool(answer["message"])
    report.check(f"{name}: {answer.get('error', 'done')}", holds and must_end in ("", *answer), answer.get("message", ""))


def killed(report: Report, server: Server, work: str, served: str, seed: int) -> None:
    """A process that is killed at random moments and started again."""
    name, store = f"killed-{seed}", os.path.join(work, "stores", f"killed-{seed}")
    model, dice = Model(served, name, 1000 + seed, chunk_hashes=seed % 2 == 0), random.Random(seed)
    server.plan(name, faults=["trickle"])
    most = 0
    for kills in range(30):
        kept, before = model.staged_chunks(store), len(server.log(name))
        most = max(most, len(kept))
        driver = Driver(os.path.join(work, "tmp"))
        driver.start(model, store, server.base(name, model), tells=True, pieceBytes=CHUNK)
        answer = end_or_kill(driver, dice.uniform(0.1, 1) if kills < 6 else None)
        again = model.fetched_chunks(server.log(name)[before:]) & kept
        report.check(f"kill {seed}.{kills}: what was there is not fetched again", not again, f"{len(kept)} kept")
        if answer is not None:
            judge(report, f"kill {seed}, after {kills}", model, store, answer, must_end="done")
            report.check(f"kill {seed}: runs went on from one another", kills >= 2 and most > 2, f"{most} chunks kept")
            return
        place = model.in_place(store)
        report.check(f"kill {seed}.{kills}: nothing or all is in place", place is None or model.is_exact(place))


def end_or_kill(driver: Driver, seconds: float | None) -> dict[str, Any] | None:
    """The end of a download; None where the process was killed so long after its first sign of life."""
    line = driver.line()
    if seconds is not None and "progress" in line:
        time.sleep(seconds)
        driver.kill()
        return None
    answer = line if "progress" not in line else driver.answer()
    driver.close()
    return answer


def full_disk(report: Report, server: Server, work: str, served: str) -> None:
    """A disk of 8 MB that another writer fills in the middle, and empties."""
    name, disk = "full", os.path.join(work, "disk")
    os.makedirs(disk, exist_ok=True)
    model = Model(served, name, 2000, chunk_hashes=True)
    mount = f'mount -t tmpfs -o size=8m none "{disk}" && exec "$@"'
    rights = ["-m"] if os.geteuid() == 0 else ["-r", "-m"]
    driver = Driver(os.path.join(work, "tmp"), "unshare", *rights, "--propagation", "private", "sh", "-c", mount, "sh")
    # The same disk, as the process sees it.
    seen = f"/proc/{driver.process.pid}/root{disk}"
    store = os.path.join(disk, "store")
    server.plan(name, faults=["trickle"])
    driver.start(model, store, server.base(name, model), tells=True, pieceBytes=CHUNK)
    # Three pieces are on their way at most; the others are in their file.
    while driver.line().get("progress", 6 * CHUNK) < 6 * CHUNK:
        pass
    with contextlib.suppress(OSError), open(os.path.join(seen, "filler"), "wb", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))
    answer = driver.answer()
    report.check("a disk that gets full is a typed error", answer.get("error") == "diskFull", str(answer))
    seen_store = os.path.join(seen, "store")
    report.check("nothing is in place then", model.in_place(seen_store) is None)
    kept, before = model.staged_chunks(seen_store), len(server.log(name))
    report.check("what arrived is kept", len(kept) > 0, f"{len(kept)} chunks")
    os.remove(os.path.join(seen, "filler"))
    driver.start(model, store, server.base(name, model))
    answer, place = driver.answer(), model.in_place(seen_store)
    report.check("with room it goes on", "done" in answer and place is not None and model.is_exact(place), str(answer))
    report.check("and fetches the rest", not model.fetched_chunks(server.log(name)[before:]) & kept)
    driver.close()


def tests(report: Report) -> None:
    """Downloads of models, see above."""
    work = os.path.join(sys.argv[1], "delivery")
    served = os.path.join(work, "served")
    os.makedirs(served, exist_ok=True)
    build = [NODE, os.path.join(TOOLS, "run.ts"), "swift", "build", "--product", "DownloadDriver", "-Xswiftc", "-warnings-as-errors"]
    subprocess.run(build, cwd=PACKAGE, check=True, capture_output=True, timeout=1200)
    with serving(served) as server:
        with report.guard("the Swift suite"):
            swift_suite(report, server)
        with report.guard("random faults"):
            random_faults(report, server, work, served)
        for seed in range(4):
            with report.guard(f"kill {seed}"):
                killed(report, server, work, served, seed)
        with report.guard("full disk"):
            full_disk(report, server, work, served)


if __name__ == "__main__":
    run(tests)
