"""How many statements and milliseconds each page takes, with 2,000 tickets in the house.

The peer, from the same run: ``/healthz``, a page that asks the database nothing.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.mails import varied
from tests.house import House, wait_for

PAGES = (
    "/views/mine",
    "/views/open",
    "/views/resolved",
    "/views/open/tickets/{id}",
    "/views/open/_rows?ids={id}",
    "/views/_counts",
    "/tickets/{id}/_pane?view=open",
    "/tickets/{id}/_turns?since=0",
    "/search?q=cracked",
    "/search?q=xicara trincada",
    "/attention",
    "/settings/me",
)
TICKETS = 2000


def run() -> None:
    with tempfile.TemporaryDirectory() as folder, House(Path(folder)) as house:
        house.deliver(*varied(TICKETS))
        wait_for(
            lambda: house.count("SELECT count(*) FROM payload WHERE state = 'new'") == 0, 300, house.said
        )
        ticket = house.count("SELECT max(id) FROM ticket")
        print(f"{house.count('SELECT count(*) FROM ticket')} tickets")
        peer = _median(house, "/healthz")
        print(f"{'/healthz':38} {1000 * peer:7.1f} ms")
        for path in PAGES:
            took = _median(house, path.format(id=ticket))
            print(f"{path:38} {1000 * took:7.1f} ms   {took / peer:5.1f} of the peer")


def _median(house: House, path: str) -> float:
    times = []
    for _ in range(15):
        began = time.perf_counter()
        house.page(path)
        times.append(time.perf_counter() - began)
    return statistics.median(times[3:])
