"""From "250" to the row on every screen, with fifty agents before them, and what that costs.

Two sit in Chromium, where a MutationObserver notes each row; the others are a client that asks what the
page's script asks, when that asks it (``browser.py``). All clocks are this machine's. At the end every screen
is compared with the database. Beside it, from the same run: one plain GET of a row, and of /healthz.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.live.plan import Plan

SHORT = Plan(rate=2, seconds=30, idle=200, idle_seconds=10)
"""What ``make bench`` has time for."""


def run() -> None:
    measure(SHORT)


def measure(plan: Plan) -> bool:
    """Print everything; whether nothing was missed and nothing refused."""
    from benchmarks.live import idle, report
    from benchmarks.live.stage import stage, under_load
    from tests.house import House

    idle.make_room(plan.idle)
    with (
        tempfile.TemporaryDirectory() as folder,
        House(Path(folder), plan.database, PROSA__WEB__TRUSTED_PROXIES="1") as house,
        stage(house, plan) as on,
    ):
        report.begin(plan, on)
        result = under_load(on)
        report.load(on, result)
        listened = idle.hold(on) if plan.idle else None
        if listened:
            report.idle(listened)
    return not (result.wrong or result.seen.never or result.failed) and (not listened or listened.is_whole)
