"""Loaded by every Python process whose clock is put forward and back.

libfaketime 0.9.10 takes the moment at which ``time.sleep`` is to end, one of CLOCK_MONOTONIC, for one
of the clock that it fakes, and answers that there is no such time. ``select`` is told for how long.
"""

import time
from select import select


def _sleep(seconds: float) -> None:
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    select([], [], [], seconds)


time.sleep = _sleep
