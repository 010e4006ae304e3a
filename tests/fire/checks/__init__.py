"""What must be true when all is quiet: one file an invariant, each returning its offences in words.

They look at the ledger and at the database, never at what the product says of itself, except where its own
proof is what is to be tried (the seals over the trail).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.fire.checks import arrived, counted, left, order, permitted, screens, sealed, secret, timers, told
from tests.fire.ledger import Ledger

if TYPE_CHECKING:
    from tests.fire.run import Run
    from tests.fire.screen import Screen

Ask = Callable[..., Sequence[Any]]


@dataclass
class Evidence:
    ledger: Ledger
    ask: Ask
    """SQL and its values in, rows out."""
    left: Mapping[str, int] = field(default_factory=dict)
    trouble: Sequence[BaseException] = ()
    missed: Sequence[str] = ()
    """Faults that had their turn and struck nothing."""
    screens: Sequence[Screen] = ()
    zone: str = "America/Recife"


def quiet(evidence: Evidence) -> list[str]:
    """I0: nothing waits for ever, and none of us stumbled."""
    stuck = [f"{n} {what} were still waiting" for what, n in evidence.left.items() if n]
    return stuck + [f"the run itself failed: {type(e).__name__}: {e}" for e in evidence.trouble]


def struck(evidence: Evidence) -> list[str]:
    """A mishap that never happened has proved nothing."""
    return [f"{fault} had its turn and found nothing to strike" for fault in evidence.missed]


Check = Callable[[Evidence], list[str]]

CHECKS: tuple[Check, ...] = (
    quiet,
    struck,
    arrived.to_the_last,
    arrived.once,
    arrived.with_their_bytes,
    arrived.poison_is_kept,
    left.acknowledged,
    left.intended,
    left.undone,
    left.resolved,
    order.events,
    order.replies,
    timers.not_early,
    timers.once,
    timers.surveys,
    sealed.whole,
    counted.tallies,
    counted.messages,
    counted.facts,
    counted.words,
    secret.notes,
    secret.notices,
    told.everybody,
    told.once_each,
    told.nobody_who_is_gone,
    permitted.still,
    permitted.one_after_another,
    permitted.not_once_withdrawn,
    screens.as_the_database,
)


def every(run: Run) -> list[str]:
    from tests.fire.run import ask

    return offences(Evidence(run.ledger, ask, run.left, run.trouble, run.missed, run.screens))


def offences(evidence: Evidence) -> list[str]:
    return [f"{check.__name__}: {said}" for check in CHECKS for said in _of(check, evidence)]


def _of(check: Check, evidence: Evidence) -> list[str]:
    """A check that cannot make sense of what it finds has found something."""
    try:
        return check(evidence)
    except Exception as problem:
        return [f"{type(problem).__name__}: {problem}"]
