"""What is printed."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

import requests

from benchmarks.live.idle import Listened
from benchmarks.live.plan import Plan
from benchmarks.live.stage import Result, Stage

PEER_RUNS = 30
LINES = 14


def begin(plan: Plan, on: Stage) -> None:
    kind = "PostgreSQL" if plan.database else "SQLite"
    acting = sum(1 for seat in on.seats if seat.pace and seat.ticket)
    print(
        f"seed {plan.seed}, {kind}: {plan.agents} agents, {plan.chromium} of them in Chromium, {acting} act; "
        f"{plan.rate:g} mails a second for {plan.seconds} s; {plan.past} conversations before",
        flush=True,
    )


def load(on: Stage, result: Result) -> None:
    mails = len(result.accepted.at)
    _times("from the 250 to the row", result.seen.rows)
    _times("from the 250 to the turn in the open ticket", result.seen.turns)
    row, health = _peers(on)
    if result.seen.rows:
        print(
            f"beside it, now that it is quiet: a GET of a row {1000 * row:.1f} ms, "
            f"of /healthz {1000 * health:.1f} ms; "
            f"p50 to the row is {statistics.median(result.seen.rows) / row:.0f} of the former"
        )
    print(
        f"{mails} mails accepted in {result.seconds:.1f} s ({mails / result.seconds:.1f} a second), at worst "
        f"{1000 * result.accepted.late:.0f} ms late; the listener answered in {_said(result.accepted.took)}; "
        f"{result.accepted.refused} had to be offered again"
    )
    _requests(result, mails)
    _costs(result, mails)
    print(
        f"backlog at the end: {result.waiting}; all done {result.settled_after:.1f} s "
        f"later, and on every screen {result.calm_after:.1f} s after that"
    )
    _findings(result)


def _times(name: str, seconds: Sequence[float]) -> None:
    print(f"{name}: {_said(seconds)} ({len(seconds)} of them)")


def _said(seconds: Sequence[float]) -> str:
    if not seconds:
        return "none"
    ordered = sorted(seconds)
    at = {name: 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] for name, share in
          (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))}  # fmt: skip
    return ", ".join(f"{name} {ms:.0f} ms" for name, ms in at.items()) + f", max {1000 * ordered[-1]:.0f} ms"


def _peers(on: Stage) -> tuple[float, float]:
    """Seconds of one plain GET of a row, and of one that does nothing."""
    with requests.Session() as plain:
        plain.cookies.update(on.house.http.cookies)
        return tuple(_once(plain, on.house.url + path) for path in ("/views/open/_rows?ids=1", "/healthz"))  # type: ignore[return-value]


def _once(plain: requests.Session, url: str) -> float:
    took = []
    for _ in range(PEER_RUNS):
        began = time.perf_counter()
        assert plain.get(url, timeout=20).ok
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def _requests(result: Result, mails: int) -> None:
    total = sum(map(len, result.took.values()))
    drawn = sum(result.drawn.values())
    print(
        f"{total} requests of the sockets' agents, {total / result.seconds:.0f} a second, "
        f"{total / mails:.1f} a mail"
    )
    for route, took in sorted(result.took.items(), key=lambda item: -len(item[1]))[:LINES]:
        print(f"  {len(took):6} {len(took) / result.seconds:6.1f}/s  {route:46} {_said(took)}")
    print(f"{drawn} requests of Chromium, {drawn / result.seconds:.1f} a second")
    for route, n in sorted(result.drawn.items(), key=lambda item: -item[1])[:LINES]:
        print(f"  {n:6} {n / result.seconds:6.1f}/s  {route}")
    print(f"heard over the sockets: {result.heard}; {result.lost} lines lost")


def _costs(result: Result, mails: int) -> None:
    for name, seconds in sorted(result.cpu.items(), key=lambda item: -item[1]):
        share, memory = 100 * seconds / result.seconds, result.pss.get(name, 0.0)
        print(
            f"  {name:11} {share:5.1f} % of a core, {1000 * seconds / mails:6.1f} ms a mail, {memory:6.1f} MB"
        )
    total = sum(result.cpu.values())
    print(
        f"together {100 * total / result.seconds:.0f} % of a core, {sum(result.pss.values()):.0f} MB; "
        f"the load itself: sockets' agents {100 * result.crowd_cpu / result.seconds:.0f} %, "
        f"mail and Chromium {100 * result.own_cpu / result.seconds:.0f} %"
    )


def _findings(result: Result) -> None:
    print(f"failed requests: {result.failed or 'none'}")
    print(f"never on a screen, or lost: {len(result.seen.never)} {result.seen.never[:3]}")
    print(f"screens that differ from the database: {len(result.wrong)}")
    for line in result.wrong[:LINES]:
        print(f"  {line}")


def idle(one: Listened) -> None:
    grown = one.pss.get("web", 0.0) - one.pss_before.get("web", 0.0)
    print(
        f"{one.there} of {one.wanted} idle sockets, connected in {one.connected_in:.1f} s: "
        f"web {one.pss.get('web', 0):.0f} MB, {1000 * grown / max(1, one.there):.0f} KB each; "
        f"{100 * one.cpu.get('web', 0) / one.held:.1f} % of a core while held for {one.held:.0f} s"
    )
    print(
        f"a mail with all of them there: {1000 * one.mail_cpu:.0f} ms of the web's CPU, "
        f"to the row {_said(one.to_screen)}; heard {one.heard} times"
    )
