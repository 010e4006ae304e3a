"""``make bench-live``: fifty agents, ten mails a second, and then two thousand idle sockets.

``python -m benchmarks.live --help`` says what can be changed; ``--check`` fails if a screen missed anything.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields

from benchmarks.live import measure
from benchmarks.live.plan import Plan

SAID = {
    "agents": "how many agents look on",
    "chromium": "how many of them in Chromium",
    "rate": "mails a second",
    "seconds": "how long",
    "idle": "sockets that only listen, afterwards",
    "idle_seconds": "how long those are held",
    "seed": "another morning",
    "pace": "seconds between two things that one of those who act does",
    "past": "conversations that are there before",
    "database": "a URL of an empty PostgreSQL database; else SQLite",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live", description=__doc__.splitlines()[0])
    for one in fields(Plan):
        name = f"--{one.name.replace('_', '-')}"
        parser.add_argument(name, type=type(one.default), default=one.default, help=SAID[one.name])
    parser.add_argument("--check", action="store_true", help="fail if anything was missed")
    asked = vars(parser.parse_args())
    check = asked.pop("check")
    whole = measure(Plan(**asked))
    if check and not whole:
        sys.exit("something was missed, or refused: see above")


if __name__ == "__main__":
    main()
