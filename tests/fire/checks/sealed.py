"""I6: the trail is whole, and what is sealed covers it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from unittest import mock

from inbox import db
from inbox.audit import seal

if TYPE_CHECKING:
    from tests.fire.checks import Evidence

ALL = timedelta(days=-2)
"""Also what a clock that was ahead has dated."""


def whole(evidence: Evidence) -> list[str]:
    with mock.patch.object(seal, "WAIT", ALL):
        while seal.sweep():
            pass
    report = seal.verify()
    db.session.commit()
    said = [str(wrong) for wrong in report.wrong]
    events = evidence.ask("SELECT count(*) FROM event")[0][0]
    if report.events != events:
        said.append(f"{events} events, and {report.events} of them sealed")
    return said
