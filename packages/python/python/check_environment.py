"""Says which of the given `name==version` are installed as asked; a local version such as `+cpu` is fine.

Prints one line of JSON: the version of Python, and the pins that are missing or have another version.
"""

import json
import platform
import sys
from importlib.metadata import PackageNotFoundError, version


def installed(name: str) -> str | None:
    """The version of a package, without its local part."""
    try:
        return version(name).split("+")[0]
    except PackageNotFoundError:
        return None


def main() -> None:
    """Compares."""
    pins = (pin.split("==") for pin in sys.argv[1:])
    found = [(name, wanted, installed(name)) for name, wanted in pins]
    wrong = [{"name": n, "wanted": w, "found": f} for n, w, f in found if f != w]
    print(json.dumps({"pippin": "result", "value": {"python": platform.python_version(), "wrong": wrong}}))


main()
