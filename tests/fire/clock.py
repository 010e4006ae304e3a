"""A clock for the house that can be put forward and back, for all its processes together.

libfaketime (Debian: ``faketime``) reads the offset from one file. Time that only passes (CLOCK_MONOTONIC)
stays true, as when somebody sets the clock of a machine. Valkey is left out, as on a machine of its own.
"""

from __future__ import annotations

import os
from pathlib import Path

from tests.fire.ledger import Ledger

LIBRARIES = (
    *Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"),
    *Path("/usr/lib").glob("faketime/libfaketimeMT.so.1"),
)
MISSING = "no libfaketime (Debian: apt install faketime): the clock stays as it is"


class Clock:
    def __init__(self, folder: Path, ledger: Ledger) -> None:
        self.file, self.ledger = folder / "clock", ledger
        self.file.write_text("+0\n")

    @property
    def variables(self) -> dict[str, str]:
        if not LIBRARIES:
            return {}
        return {
            "PYTHONPATH": str(Path(__file__).parent / "beneath"),
            "LD_PRELOAD": str(LIBRARIES[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # else every wait with an end, such as Python's own for its interpreter, ends at once and spins:
            # threads take fifty times as long
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
            "FAKETIME_SKIP_CMDS": "valkey-server",
        }

    def put(self, offset: float) -> None:
        """So many seconds beside the true time; processes notice within a second."""
        beside = self.file.with_suffix(".new")
        beside.write_text(f"{offset:+.0f}\n")
        self.ledger.put_clock(offset)  # first: a sender that looks at once may deliver before we are back
        os.replace(beside, self.file)
