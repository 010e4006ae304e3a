"""One measurement from beginning to end: all sit down, mail comes, it gets quiet, and all is compared."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psutil
from playwright.sync_api import sync_playwright

from benchmarks.live import meters, truth
from benchmarks.live.cast import at_home, backlog, fill, settled
from benchmarks.live.chromium import Drawn
from benchmarks.live.mails import Accepted, Post, send
from benchmarks.live.plan import Plan, Seat
from benchmarks.live.truth import Seen
from tests.browser.chromium import launch
from tests.house import House

CALM, MOST = 4.0, 120.0
"""Seconds in which no screen wants to ask anything more, once all work is done; and how long to wait."""


class Crowd:
    """The process of those who are not in Chromium (``crowd.py``), asked as if it were here."""

    def __init__(self, url: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.live.crowd", url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, what: str, *values: Any) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps([what, *values]) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline() or '{"problem": "the crowd has gone"}')
        if "problem" in answer:
            raise RuntimeError(f"{what}: {answer['problem']}")
        return dict(answer)

    def close(self) -> None:
        with contextlib.suppress(OSError, RuntimeError):
            self.ask("leave")
        self.process.kill()
        self.process.wait()
        for end in (self.process.stdin, self.process.stdout):
            if end:
                with contextlib.suppress(OSError):
                    end.close()


@dataclass
class Stage:
    """A house with everybody in it."""

    house: House
    plan: Plan
    post: Post
    seats: list[Seat]
    crowd: Crowd
    drawn: list[Drawn]

    def quiet(self) -> list[Seat]:
        """Those who are not in Chromium, in the order of the crowd."""
        return [seat for seat in self.seats if not seat.in_chromium]

    def seen(self, accepted: Accepted) -> Seen:
        reports = self.crowd.ask("report")["browsers"] + [one.report() for one in self.drawn]
        return truth.seen(self.house, accepted.at, self.quiet() + [one.seat for one in self.drawn], reports)

    def wrong(self) -> list[str]:
        """Every difference between a screen and the database, once all is settled."""
        screens = self.crowd.ask("shown")["browsers"]
        found = []
        for seat, one in zip(self.quiet(), screens, strict=True):
            found += truth.differences(self.house, seat, one["agent"], one["shown"], one["anew"])
        for one in self.drawn:
            shown = one.shown()
            found += truth.differences(self.house, one.seat, one.agent, shown, one.anew())
            if shown["badge"] != shown["counts"].get(one.seat.view):
                found.append(
                    f"{one.seat.email}: {shown['badge']} above the list, {shown['counts']} beside it"
                )
        return found


@dataclass
class Result:
    """What was measured under load."""

    accepted: Accepted
    seen: Seen
    seconds: float
    waiting: dict[str, int]
    settled_after: float
    calm_after: float
    cpu: dict[str, float]
    crowd_cpu: float
    own_cpu: float
    pss: dict[str, float]
    took: dict[str, list[float]] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    heard: dict[str, int] = field(default_factory=dict)
    lost: int = 0
    drawn: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


@contextmanager
def stage(house: House, plan: Plan) -> Iterator[Stage]:
    """Everybody comes, signs in and opens their page; at the end they all go."""
    with contextlib.ExitStack() as kept:
        kept.enter_context(at_home(house))
        post = Post(house, plan.seed)
        made = Stage(house, plan, post, fill(house, plan, post), Crowd(house.url), [])
        kept.callback(made.crowd.close)
        made.crowd.ask("sit", [seat.as_json() for seat in made.quiet()])
        if plan.chromium:
            browser = launch(kept.enter_context(sync_playwright()).chromium)
            kept.callback(browser.close)
            made.drawn = [Drawn(browser, house.url, seat) for seat in made.seats if seat.in_chromium]
        yield made


def under_load(on: Stage) -> Result:
    """Mail at the rate of the plan while everybody looks and some act; then quiet, and the comparison."""
    before, own = meters.cpu(on.house), _own()
    crowd_before = on.crowd.ask("report")["cpu"]
    on.crowd.ask("begin", on.plan.seed)
    began = time.monotonic()
    accepted = _send_beside(on)
    seconds = time.monotonic() - began
    on.crowd.ask("stop")
    waiting, memory = backlog(on.house), meters.pss(on.house)
    cpu, own_cpu = meters.spent(before, meters.cpu(on.house)), _own() - own
    report = on.crowd.ask("report")
    asked_for = time.monotonic()
    settled(on.house)
    settled_after = time.monotonic() - asked_for
    calm_after = calm(on)
    result = Result(
        accepted, on.seen(accepted), seconds, waiting, settled_after, calm_after, cpu,
        report["cpu"] - crowd_before, own_cpu, memory,
    )  # fmt: skip
    _add_up(result, on, report["browsers"])
    result.wrong = on.wrong()
    return result


def _send_beside(on: Stage) -> Accepted:
    """From a thread of its own, while Chromium's events are heard here."""
    made: list[Accepted] = []
    count = round(on.plan.rate * on.plan.seconds)
    thread = threading.Thread(target=lambda: made.append(send(on.post, count, on.plan.rate)), daemon=True)
    thread.start()
    while thread.is_alive():
        wait(on, 0.5)
    return made[0]


def calm(on: Stage) -> float:
    """Wait until no screen wants to know anything more; seconds until then, without the quiet ones."""
    began = time.monotonic()
    after = float(on.crowd.ask("calm", CALM, MOST)["after"]) if on.quiet() else 0.0
    for one in on.drawn:
        after = max(after, time.monotonic() - began - CALM)
        one.page.wait_for_load_state("networkidle")
        wait(on, 1)
    return after


def wait(on: Stage, seconds: float) -> None:
    """Chromium's events are only heard while one waits with it."""
    if on.drawn:
        on.drawn[0].page.wait_for_timeout(1000 * seconds)
    else:
        time.sleep(seconds)


def _add_up(result: Result, on: Stage, reports: list[dict[str, Any]]) -> None:
    for report in reports:
        for route, took in report["took"].items():
            result.took.setdefault(route, []).extend(took)
        for name, into in (("failed", result.failed), ("heard", result.heard)):
            for what, n in report[name].items():
                into[what] = into.get(what, 0) + n
        result.lost += report["lost"]
    for one in on.drawn:
        for route, n in one.asked.items():
            result.drawn[route] = result.drawn.get(route, 0) + n
        for what, n in one.failed.items():
            result.failed[what] = result.failed.get(what, 0) + n


def _own() -> float:
    """Seconds of CPU of this process and of Chromium."""
    me = psutil.Process()
    chromium = [one for one in me.children(recursive=True) if "chrom" in _name(one)]
    return sum(_cpu(one) for one in (me, *chromium))


def _name(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.Error):
        return process.name()
    return ""


def _cpu(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.Error):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0
