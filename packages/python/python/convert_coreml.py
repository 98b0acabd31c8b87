"""Converts a language model to a Core ML package with coremltools. pippin_engine/protocol.py says how it is driven."""

import os
import sys
import traceback

from pippin_engine.problems import Problem
from pippin_engine.protocol import Channel


def main() -> int:
    """Runs one request."""
    channel = Channel()
    try:
        channel.result(convert(channel))
    except Problem as problem:
        traceback.print_exc()
        channel.problem(problem)
        return 1
    return 0


def convert(channel: Channel) -> dict[str, object]:
    """Answers the request on stdin."""
    given = channel.request()
    # Imported here, after the channel has moved stdout away: coremltools prints while it is imported.
    import logging

    logging.captureWarnings(True)
    from pippin_engine.request import Request

    request = Request(**given)
    from pippin_engine import package

    if request.route == "transformers":
        from pippin_engine import transformers_route as route
    else:
        from pippin_engine import own_route as route
    manifest = route.convert(request, channel)
    package.finish(request.output, manifest, request.names, request.metadata)
    return {"manifest": manifest, "package": os.path.basename(request.output)}


if __name__ == "__main__":
    sys.exit(main())
