"""I10: browsers are told of what is news, each time once, and one that is gone never again."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tests.fire.checks.timers import FAKED, moment

if TYPE_CHECKING:
    from tests.fire.checks import Evidence
    from tests.fire.ledger import Ledger, Mishap

TAKEN = 201
GONE = 410

BREAKS = {
    "kill-worker": 4.0, "kill-push": 4.0, "restart": 12.0, "disk": 15.0, "lock": 15.0, "clock": 15.0,
}  # fmt: skip
"""What may keep us from writing down what a push service has said, and for how many seconds after."""

NEWS = "SELECT kind, ticket_id, sum(count) AS n FROM notice GROUP BY kind, ticket_id"
UNREAD = """
    SELECT notice.kind, notice.ticket_id, notice.at, subscription.endpoint, subscription.created_at
    FROM notice JOIN subscription ON subscription.agent_id = notice.agent_id WHERE notice.read_at IS NULL
"""


def everybody(evidence: Evidence) -> list[str]:
    """What nobody has read yet was taken for every browser that wanted to be told by then, whatever the clock
    said."""
    taken = {(push.endpoint, push.tag) for push in evidence.ledger.pushes if push.status == TAKEN}
    return [
        f"{path_of(row.endpoint)} was never told {row.kind}-{row.ticket_id}"
        for row in evidence.ask(UNREAD)
        if max(_when(evidence, row.created_at)) < min(_when(evidence, row.at))
        and (path_of(row.endpoint), f"{row.kind}-{row.ticket_id}") not in taken
    ]


def _when(evidence: Evidence, stamp: object) -> list[float]:
    return evidence.ledger.true_times(moment(stamp).timestamp(), FAKED)


def path_of(endpoint: str) -> str:
    return "/" + endpoint.split("/", 3)[3]


def once_each(evidence: Evidence) -> list[str]:
    """No more often than there was news. Each mishap excuses one, for there is one who pushes."""
    news = {f"{row.kind}-{row.ticket_id}": row.n for row in evidence.ask(NEWS)}
    excuses = excusing(evidence.ledger)
    told: Counter[tuple[str, str]] = Counter()
    said = []
    for push in evidence.ledger.pushes:
        if push.status == TAKEN:
            told[push.endpoint, push.tag] += 1
            over = told[push.endpoint, push.tag] > news.get(push.tag, 0)
            if over and not excused(taken_at(evidence.ledger, push.endpoint, push.tag), excuses):
                said.append(f"{push.endpoint} was told {push.tag} {told[push.endpoint, push.tag]} times")
    return said


def taken_at(ledger: Ledger, endpoint: str, tag: str) -> list[float]:
    """When it was taken."""
    return [p.at for p in ledger.pushes if (p.endpoint, p.tag, p.status) == (endpoint, tag, TAKEN)]


def nobody_who_is_gone(evidence: Evidence) -> list[str]:
    """A push service said so once. It is told again only if nobody could write that down."""
    excuses = excusing(evidence.ledger)
    gone: dict[str, list[float]] = {}
    said = []
    for push in evidence.ledger.pushes:
        if push.endpoint in gone and not excused(gone[push.endpoint], excuses):
            said.append(f"{push.endpoint} was gone, and was told {push.tag}")
        if push.status == GONE:
            gone.setdefault(push.endpoint, []).append(push.at)
    return said


def excusing(ledger: Ledger) -> list[Mishap]:
    return [mishap for mishap in ledger.mishaps if mishap.kind in BREAKS]


def excused(moments: list[float], excuses: list[Mishap]) -> bool:
    """Takes the mishap that did it, if one was at any of these moments."""
    for mishap in excuses:
        until = (mishap.ended or mishap.began) + BREAKS[mishap.kind]
        if any(mishap.began - 2.0 <= at <= until for at in moments):
            excuses.remove(mishap)
            return True
    return False
