"""Everything around open screens breaks, and each shows in the end what the database says (row F20)."""

from __future__ import annotations

import threading
from pathlib import Path

from benchmarks.live.cast import settled
from benchmarks.live.mails import send
from benchmarks.live.plan import Plan
from benchmarks.live.stage import calm, stage
from tests.house import House, wait_for

PLAN = Plan(agents=6, chromium=0, rate=6.0, past=20, pace=3.0, idle=0, seed=20)
MAILS = 30


def test_no_screen_misses_anything_while_web_worker_and_bus_die(tmp_path: Path) -> None:
    """Rows with their versions and in order, counts, and the open ticket, while mail comes and agents act."""
    with House(tmp_path, PROSA__WEB__TRUSTED_PROXIES="1") as house, stage(house, PLAN) as on:
        on.crowd.ask("begin", PLAN.seed)
        sending = threading.Thread(target=lambda: send(on.post, MAILS, PLAN.rate))
        sending.start()
        for victim in ("worker.py", "app.py", "valkey"):
            before = _received(house)
            wait_for(lambda before=before: _received(house) > before, 20, house.said)
            assert house.kill(victim)
        sending.join()
        on.crowd.ask("stop")
        settled(house)
        wait_for(house.is_ready, 30, house.said)
        wait_for(lambda: on.crowd.ask("there")["all"], 30, house.said)
        calm(on)
        assert _received(house) == PLAN.past + MAILS
        assert any(one["lost"] for one in on.crowd.ask("report")["browsers"])
        assert not on.wrong()


def _received(house: House) -> int:
    return house.count("SELECT count(*) FROM message WHERE kind = 'customer'")
