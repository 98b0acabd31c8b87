"""What `@pippin/hub` fetched, Hugging Face's Python library finds, and the other way round."""

import os
import shutil

from hub_check import COMMIT, NOWHERE, SERVED, WEIGHTS, Check, asked_files, paths_of
from hub_judged import REPO, etag, short
from hub_server import Home, Server, content


def ours_then_python(check: Check, server: Server, work: str) -> None:
    """Without the Hub, Python finds what we fetched; with it, Python fetches the rest only."""
    home, away = Home(work, server.endpoint), Home(work, NOWHERE)
    done = check.fetch(home)
    paths = paths_of(done)
    check("it chose what a conversion needs", WEIGHTS in paths and "pytorch_model.bin" not in paths, str(paths))
    size = sum(len(check.files[path]) for path in paths)
    once = sum(map(len, {check.files[path] for path in paths}))
    check("it tells how many bytes came", once <= done["fetchedBytes"] <= size, f"{done['fetchedBytes']} of {size}")
    check.exact("exact bytes", done["path"], paths)
    links = [os.path.join(done["path"], path) for path in paths]
    relative = all(os.path.islink(link) and not os.path.isabs(os.readlink(link)) for link in links)
    check("files are relative links to blobs", relative)
    check.cache(home, paths)

    server.requests()
    found = away.python("snapshot", REPO, local_files_only=True)
    check("snapshot_download finds the folder", found.get("result") == done["path"] and found["warnings"] == [], str(found))
    each = dict(zip(paths, links, strict=True))
    got = away.python("files", REPO, names=paths)
    check("hf_hub_download finds each file", got.get("result") == each and got["warnings"] == [], str(got))
    check("try_to_load_from_cache too", away.python("cached", REPO, names=paths)["result"] == each)
    check("none of it asked the Hub", server.requests() == [])

    rest = home.python("snapshot", REPO)
    asked = asked_files(server.requests())
    check("Python fetches only the rest", asked == sorted(check.files.keys() - set(paths)), str(asked))
    check.exact("and has the whole repository", rest["result"])
    check.cache(home)


def python_then_ours(check: Check, server: Server, work: str) -> None:
    """Without the Hub, we find what Python fetched; with it, we fetch not a byte."""
    home, away = Home(work, server.endpoint), Home(work, NOWHERE)
    home.python("files", REPO, names=["config.json", "README.md"])
    check("a part is not taken for the whole", away.ours("find", REPO) is None)
    check("and is told offline", away.ours("fetch", REPO, offline=True).get("error") == "HUB_OFFLINE")
    path = home.python("snapshot", REPO)["result"]
    for action, options in (("find", {}), ("fetch", {"offline": True})):
        done = away.ours(action, REPO, **options)
        check(f"ours finds it without the Hub: {action}", done is not None and done.get("path") == path, str(done))
    server.requests()
    done = check.fetch(home)
    requests = server.requests()
    is_free = done.get("fetchedBytes") == 0 and content(requests) == 0
    check("ours fetches no byte again", is_free, f"{done.get('fetchedBytes')} {asked_files(requests)}")
    planned = home.ours("plan", REPO)
    check("the plan says so too", planned["missingBytes"] == 0 and all(file["present"] for file in planned["files"]))
    [listed] = home.ours("list")
    size = home.python("scan")["result"]["repos"][REPO]["size"]
    facts = [listed["repo"], listed["bytes"], listed["partialBytes"], listed["revisions"][0]["refs"]]
    check("ours lists what Python's scan does", facts == [REPO, size, 0, ["main"]], str(facts))
    check.cache(home)


def revisions(check: Check, server: Server, work: str) -> None:
    """Tags and pull requests are refs that both read."""
    home, away = Home(work, server.endpoint), Home(work, NOWHERE)
    for revision in ("v1.0", "refs/pr/1"):
        done = check.fetch(home, revision=revision)
        found = away.python("snapshot", REPO, revision=revision, local_files_only=True)
        check(f"Python finds {revision}", found.get("result") == done["path"], short(found))
    check.cache(home, paths_of(done), ("refs/pr/1", "v1.0"))
    home.python("files", REPO, names=["config.json"], revision="main")
    found = away.ours("find", REPO, revision="main")
    check("ours finds main by Python's ref", found is not None and found["revision"] == COMMIT)


def shared_store(check: Check, server: Server, work: str) -> None:
    """What Python fetched by Xet is a link into a store beside the repositories."""
    home, away = Home(work, server.endpoint), Home(work, NOWHERE)
    path = home.python("snapshot", REPO)["result"]
    blob = home.repo(REPO, "blobs", etag(WEIGHTS, check.files[WEIGHTS]))
    shared = home.python("share", blob=blob, xet_hash="7" * 64)
    check("Python shares the weights", shared.get("result") is True and os.path.islink(blob), str(shared))
    done = away.ours("find", REPO)
    check("ours finds the snapshot", done is not None and done.get("path") == path, str(done))
    server.requests()
    done = check.fetch(home)
    check("ours fetches no byte again", done.get("fetchedBytes") == 0 and content(server.requests()) == 0, short(done))
    check("the link is still there", os.path.islink(blob) and os.path.exists(blob))
    check.cache(home)
    home.ours("remove", REPO)
    scanned = home.python("scan")["result"]
    check("when ours removed it, Python's scan has no warnings", scanned["repos"] == {} and scanned["warnings"] == [])


def without_links(check: Check, server: Server, work: str) -> None:
    """Where links are impossible, Python moves blobs into the snapshot."""
    home, away = Home(work, server.endpoint), Home(work, NOWHERE)
    home.environment["HF_HUB_DISABLE_SYMLINKS"] = "1"
    path = home.python("snapshot", REPO)["result"]
    check("Python has copies", not os.path.islink(os.path.join(path, WEIGHTS)))
    done = away.ours("find", REPO)
    check("ours finds the snapshot", done is not None and done.get("path") == path, str(done))
    server.requests()
    done = check.fetch(home)
    check("ours fetches no byte again", done.get("fetchedBytes") == 0 and content(server.requests()) == 0, short(done))
    check.exact("exact bytes after it", path)
    scanned = home.python("scan")["result"]
    check("Python's scan has no warnings", scanned["warnings"] == [], str(scanned["warnings"]))
    [listed] = home.ours("list")
    size = scanned["repos"][REPO]["size"]
    check("ours lists what Python's scan does", listed["bytes"] == size, f"{listed['bytes']} of {size}")


def updates(check: Check, server: Server, work: str) -> None:
    """A new commit that changes one file: one fetches it, and the other needs nothing more."""
    first, source = os.path.join(os.path.dirname(work), "source"), os.path.join(work, "source")
    for name in ("ours", "python"):
        home, away = Home(os.path.join(work, name), server.endpoint), Home(os.path.join(work, name), NOWHERE)
        server.serve(id=REPO, folder=first, **SERVED)
        old = check.fetch(home)
        shutil.copytree(first, source, dirs_exist_ok=True)
        with open(os.path.join(source, "config.json"), "wb") as file:
            file.write(b'{"architectures":["LlamaForCausalLM"],"model_type":"llama","new":true}')
        commit = server.serve(id=REPO, folder=source)
        server.requests()
        if name == "ours":
            check.fetch(home)
        else:
            home.python("snapshot", REPO, allow_patterns=paths_of(old))
        asked = asked_files(server.requests())
        check(f"{name}: only what changed is fetched", asked == ["config.json"], str(asked))
        theirs = away.python("snapshot", REPO, local_files_only=True, allow_patterns=paths_of(old))
        ours = away.ours("find", REPO) or {}
        is_new = theirs.get("result") == ours.get("path") == home.repo(REPO, "snapshots", commit)
        check(f"{name}: both find the new commit", is_new, short(theirs))
        check.exact(f"{name}: the old one is whole", old["path"], paths_of(old))
        scanned = home.python("scan")["result"]
        refs = {commit: found["refs"] for commit, found in scanned["repos"][REPO]["revisions"].items()}
        check(f"{name}: Python's scan: refs", refs == {COMMIT: [], commit: ["main"]} and scanned["warnings"] == [], str(refs))
        size = scanned["repos"][REPO]["size"]
        removed = home.ours("remove", REPO, revision=COMMIT)
        scanned = home.python("scan")["result"]
        freed = size - scanned["repos"][REPO]["size"]
        is_right = removed.get("freedBytes") == freed == len(check.files["config.json"]) and scanned["warnings"] == []
        check(f"{name}: ours removes the old one alone", is_right, str(removed))
    server.serve(id=REPO, folder=first, **SERVED)


def removal(check: Check, server: Server, work: str) -> None:
    """What we remove is gone for Python, and can be fetched again."""
    home = Home(work, server.endpoint)
    home.python("snapshot", REPO)
    size = home.python("scan")["result"]["repos"][REPO]["size"]
    removed = home.ours("remove", REPO)
    told = removed.get("freedBytes") == size and removed.get("revisions") == [COMMIT]
    check("ours tells what it freed", told, str(removed))
    scanned = home.python("scan")["result"]
    check("Python's scan is empty", scanned == {"repos": {}, "warnings": [], "incomplete": []}, str(scanned))
    home.python("snapshot", REPO)
    check.cache(home)


def folders(check: Check, server: Server, work: str) -> None:
    """A folder of `local_dir`: what one put there, the other does not fetch again."""
    home, away = Home(work, server.endpoint), Home(work, NOWHERE)
    for name in ("ours", "python"):
        folder = os.path.join(work, f"model-{name}")
        if name == "ours":
            paths = paths_of(check.fetch(home, localDir=folder))
        else:
            paths = list(check.files)
            home.python("snapshot", REPO, local_dir=folder)
        check.exact(f"{name}: exact bytes", folder, paths)
        check(f"{name}: plain files", not any(os.path.islink(os.path.join(folder, path)) for path in paths))
        recorded = home.python("metadata", folder=folder, names=paths)["result"]
        wanted = {path: [COMMIT, etag(path, check.files[path])] for path in paths}
        check(f"{name}: Python reads the records", recorded == wanted, str(recorded))

        server.requests()
        again = home.python("snapshot", REPO, local_dir=folder, allow_patterns=paths)
        asked = asked_files(server.requests())
        check(f"{name}: Python fetches none of it again", "result" in again and asked == [], str(asked))
        done = home.ours("fetch", REPO, localDir=folder)
        check(f"{name}: nor does ours", done.get("fetchedBytes") == 0 and content(server.requests()) == 0, short(done))
        found = away.python("snapshot", REPO, local_dir=folder, local_files_only=True, allow_patterns=paths)
        check(f"{name}: Python finds it without the Hub", found.get("result") == os.path.realpath(folder), short(found))
        found = away.ours("fetch", REPO, localDir=folder, offline=True)
        check(f"{name}: ours too", found.get("fetchedBytes") == 0, short(found))

        with open(os.path.join(folder, "config.json"), "ab") as file:
            file.write(b" ")
        # Later than the record of it.
        os.utime(os.path.join(folder, "config.json"), (4e9, 4e9))
        home.ours("fetch", REPO, localDir=folder)
        check.exact(f"{name}: ours replaces a file that was changed", folder, paths)
    check("no blob went into the cache", not os.path.exists(home.repo(REPO, "blobs")))
