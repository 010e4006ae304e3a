"""Somebody sets the clock, an hour forward or back, and later right again."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from tests.fire import clock
from tests.fire.faults import Fault

if TYPE_CHECKING:
    from tests.fire.run import Run

HOUR = 3600.0


def jump(run: Run, dice: random.Random) -> str:
    offset, seconds = dice.choice((HOUR, -HOUR)), dice.uniform(2, 6) * run.plan.scale
    run.clock.put(offset)
    time.sleep(seconds)
    run.clock.put(0)
    return f"{offset:+.0f} s for {seconds:.1f} s"


def no_faketime(run: Run) -> str:
    return "" if run.clock.variables else clock.MISSING


FAULTS = [Fault("clock", jump, no_faketime)]
