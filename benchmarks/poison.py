"""How long the mail after a poisonous one waits, in milliseconds from 250 to its row in the database.

The peer, from the same run and in turns with it: the mail after an ordinary one.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from tests.faults.test_poison import POISON
from tests.house import House, mail, wait_for


def run() -> None:
    with tempfile.TemporaryDirectory() as folder, House(Path(folder)) as house:
        _after(house, mail(0), 1)  # warm: the parser child starts
        usual, late = [], {}
        for number, (name, poison) in enumerate(POISON.items(), start=10):
            usual.append(_after(house, mail(1000 + number), 2000 + number))
            late[name] = _after(house, poison, 3000 + number)
    middle = statistics.median(usual)
    print(f"after an ordinary mail: {1000 * middle:.0f} ms ({1000 * max(usual):.0f} at most)")
    for name, took in late.items():
        print(f"after {name}: {1000 * took:.0f} ms, {took / middle:.1f} times")


def _after(house: House, first: bytes, number: int) -> float:
    """Seconds from the acknowledgement of the second mail until it is a message."""
    house.deliver(first)
    house.deliver(mail(number))
    began = time.monotonic()
    find, subject = "SELECT count(*) FROM message WHERE subject LIKE :s", f"%token-{number}-x"
    wait_for(lambda: house.count(find, s=subject), 60, house.said)
    return time.monotonic() - began
