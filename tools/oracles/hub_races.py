"""`@pippin/hub` and Hugging Face's Python library at the same time, or after one of them was killed."""

import os
import random
import subprocess
import time
from typing import Any

from hub_check import COMMIT, WEIGHTS, Check, paths_of
from hub_judged import REPO, etag, read_folder, short
from hub_server import Home, Server, answer, content

TRICKLE = {"kind": "trickle", "bytesPerChunk": 65_536, "pauseMs": 15}
SLOW = {"fault": TRICKLE, "match": f"cdn GET {WEIGHTS}"}


def killed_in_cache(check: Check, server: Server, work: str) -> None:
    """One is killed in the middle, the other goes on."""
    killed(check, server, work, in_folder=False)


def killed_in_folder(check: Check, server: Server, work: str) -> None:
    """The same with `local_dir`."""
    killed(check, server, work, in_folder=True)


def killed(check: Check, server: Server, work: str, *, in_folder: bool) -> None:
    """All orders of who is killed and who goes on."""

    def begin(name: str) -> tuple[Home, dict[str, Any], dict[str, Any]]:
        server.plan(SLOW)
        server.requests()
        home, folder = Home(os.path.join(work, name), server.endpoint), os.path.join(work, name, "model")
        return (home, {"local_dir": folder}, {"localDir": folder}) if in_folder else (home, {}, {})

    home, python, ours = begin("python-first")
    kill_in_the_middle(home.start_python("snapshot", REPO, **python), server)
    done = check.fetch(home, **ours)
    exact(check, "Python was killed, ours goes on: exact bytes", done)
    check.exact("then Python completes it", home.python("snapshot", REPO, **python)["result"])

    home, python, ours = begin("ours-first")
    kill_in_the_middle(home.start_ours("fetch", REPO, **ours), server)
    check.exact("ours was killed, Python goes on: exact bytes", home.python("snapshot", REPO, **python)["result"])
    server.requests()
    done = check.fetch(home, **ours)
    check("then ours fetches no byte", done.get("fetchedBytes") == 0 and content(server.requests()) == 0, short(done))
    if not in_folder:
        check.cache(home)

    home, python, ours = begin("ours-alone")
    sent = kill_in_the_middle(home.start_ours("fetch", REPO, **ours), server)
    done = check.fetch(home, **ours)
    rest = content([request for request in server.requests() if request.get("file") == WEIGHTS])
    size = len(check.files[WEIGHTS])
    check("ours was killed, ours resumes", rest <= size - sent // 2, f"{sent} bytes were sent, then {rest}, of {size}")
    exact(check, "exact bytes after that", done)


def exact(check: Check, what: str, done: dict[str, Any]) -> None:
    """A snapshot of ours has its files; others may lie beside them."""
    found = read_folder(done["path"])
    check(what, all(found.get(path) == check.files[path] for path in paths_of(done)), f"{len(found)} files")


def kill_in_the_middle(process: subprocess.Popen[str], server: Server) -> int:
    """Kills a download when a part of the weights was sent, and says how much; the next one is quick."""
    server.wait_for(WEIGHTS, 1_000_000)
    process.kill()
    process.communicate()
    server.plan()
    return content([request for request in server.requests() if request.get("file") == WEIGHTS])


def random_kills(check: Check, server: Server, work: str) -> None:
    """Programs of both libraries, killed after a random time; then one of each to its end."""
    for seed in range(4):
        dice, home = random.Random(seed), Home(os.path.join(work, str(seed)), server.endpoint)
        server.plan({"fault": TRICKLE, "match": "cdn GET"})
        for _ in range(5):
            one, other = home.start_ours("fetch", REPO), home.start_python("snapshot", REPO)
            for process in (one, other):
                time.sleep(dice.uniform(0.2, 1.5))
                process.kill()
                process.communicate()
        server.plan()
        done = check.fetch(home)
        exact(check, f"seed {seed}: exact bytes of ours", done)
        check.exact(f"seed {seed}: exact bytes of Python", home.python("snapshot", REPO)["result"])
        scanned = home.python("scan")["result"]
        check(f"seed {seed}: Python's scan has no warnings", scanned["warnings"] == [], str(scanned["warnings"]))
        ours = [name for name in scanned["incomplete"] if "pippin" in name]
        check(f"seed {seed}: nothing of ours is left half done", ours == [], str(ours))


def locks(check: Check, server: Server, work: str) -> None:
    """A lock that Python holds, or has left, does not stop ours; what ours leaves does not stop Python."""
    home = Home(work, server.endpoint)
    name = f"{etag(WEIGHTS, check.files[WEIGHTS])}.lock"
    lock = os.path.join(home.cache, ".locks", f"models--{REPO.replace('/', '--')}", name)
    holder = home.start_python("hold", path=lock)
    assert holder.stdout is not None
    check("Python holds its lock of the weights", holder.stdout.readline().strip() == "held")
    done = check.fetch(home)
    check.exact("ours ends meanwhile", done["path"], paths_of(done))
    holder.communicate()
    check.exact("Python ends afterwards", home.python("snapshot", REPO)["result"])
    check.cache(home)


def at_once(check: Check, server: Server, work: str) -> None:
    """Two programs of each library on a cold cache and a slow network."""
    for turn in range(3):
        home = Home(os.path.join(work, str(turn)), server.endpoint)
        server.plan({"fault": TRICKLE, "match": "cdn GET"})
        server.requests()
        order = [home.start_ours, home.start_python] if turn % 2 == 0 else [home.start_python, home.start_ours]
        action = {home.start_ours: "fetch", home.start_python: "snapshot"}
        started = [start(action[start], REPO) for start in order * 2]
        results = [answer(process) for process in started]
        check(f"{turn}: all four end", all("error" not in result for result in results), " ".join(map(short, results)))
        check.exact(f"{turn}: exact bytes", home.repo(REPO, "snapshots", COMMIT))
        sent = content([request for request in server.requests() if request.get("file") == WEIGHTS])
        size = len(check.files[WEIGHTS])
        check(f"{turn}: the weights came", sent >= size, f"{sent / size:.1f} times")
        check.cache(home)


def wrong_bytes(check: Check, server: Server, work: str) -> None:
    """Wrong bytes never get into the cache that Python trusts."""
    home = Home(work, server.endpoint)
    server.plan({"fault": {"kind": "wrong-bytes"}, "match": f"cdn GET {WEIGHTS}"})
    done = home.ours("fetch", REPO)
    check("ours refuses them", done.get("error") == "HUB_FILE_CORRUPT", short(done))
    check("none of them is in the cache", home.python("cached", REPO, names=[WEIGHTS])["result"] == {WEIGHTS: None})
    server.plan()
    done = check.fetch(home)
    check.exact("the right ones come then", done["path"], paths_of(done))
