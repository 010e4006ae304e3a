"""Those at the other end behave badly, each in its own way (``servers``)."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from tests.fire.faults import Fault

if TYPE_CHECKING:
    from tests.fire.run import Run


def misbehave(run: Run, dice: random.Random) -> str:
    did = (peer.misbehave(dice) for peer in run.peers)
    return "; ".join(filter(None, did))


FAULTS = [Fault("peers", misbehave, often=5)]
