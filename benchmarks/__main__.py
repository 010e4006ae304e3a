"""``make bench``: measure what the documentation says about speed and memory, and print it.

Absolute times are this machine's; every measurement stands beside a floor or a peer taken in the same run.
``ARGS="ingest"`` runs one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from benchmarks import (
    composer,
    drain,
    figures,
    ingest,
    live,
    mailbox,
    memory,
    pages,
    parse,
    poison,
    profile,
    start,
    weight,
)

ALL: dict[str, Callable[[], None]] = {
    "parse": parse.run,
    "ingest": ingest.run,
    "profile": profile.run,
    "drain": drain.run,
    "live": live.run,
    "pages": pages.run,
    "weight": weight.run,
    "composer": composer.run,
    "memory": memory.run,
    "figures": figures.run,
    "mailbox": mailbox.run,
    "poison": poison.run,
    "start": start.run,
}


def main(names: list[str]) -> None:
    unknown = [name for name in names if name not in ALL]
    if unknown:
        sys.exit(f"no benchmark is called {unknown[0]}: there are {', '.join(ALL)}")
    for name in names or ALL:
        print(
            f"\n== {name}: {(sys.modules[f'benchmarks.{name}'].__doc__ or '').strip().splitlines()[0]}",
            flush=True,
        )
        ALL[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
