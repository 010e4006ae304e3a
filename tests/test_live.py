"""A nudge is only a hint, and one that was lost is made good when somebody hears again."""

from __future__ import annotations

import json
import threading

import pytest
import redis

from inbox import live


class Bus:
    """Hears nothing for a while, then everything."""

    def __init__(self) -> None:
        self.gone, self.heard, self.back = True, [], threading.Event()

    def publish(self, _channel: str, said: str) -> None:
        if self.gone:
            raise redis.ConnectionError
        self.heard.append(json.loads(said)["event"])
        self.back.set()


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def bell(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> live.Bell:
    monkeypatch.setattr(live, "PATIENCE", 0.01)
    bell = live.Bell("redis://nowhere.example", channel="prosa", write_only=True)
    monkeypatch.setattr(bell, "_redis_connect", lambda: setattr(bell, "connected", True))
    bell.redis, bell.connected = bus, True
    return bell


def test_what_was_lost_is_looked_at_anew(bell: live.Bell, bus: Bus) -> None:
    bell.emit("changed", {"ticket": 1}, room=["ticket:1"])
    bell.emit("changed", {"ticket": 2}, room=["ticket:2"])  # nobody waits for a bus that is gone
    bus.gone = False
    assert bus.back.wait(10)
    bell.emit("changed", {"ticket": 3}, room=["ticket:3"])
    assert bus.heard == ["rewatch", "changed"]


def test_while_all_is_well_nobody_looks_anew(bell: live.Bell, bus: Bus) -> None:
    bus.gone = False
    bell.emit("changed", {"ticket": 1}, room=["ticket:1"])
    assert bus.heard == ["changed"] and bell.making_good is None
