"""The figures page, with 100,000 tickets of the last year in the house, on both databases.

The floor, from the same run: counting the tickets of the period. The peer: ``/views/open``, a list of fifty.
Tickets and facts are made up in batches (``BENCH_TICKETS`` says how many tickets); what a sweep works out is
measured on conversations that really arrived.
"""

from __future__ import annotations

import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, cast

import psutil
from sqlalchemy import Table, create_engine, func, insert, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from benchmarks.ingest import POSTGRES
from benchmarks.mails import varied
from inbox import db, figures
from inbox.figures.history import Asked, History, Said, Step, facts
from inbox.figures.keeping import _as_columns
from inbox.models import Account, Agent, Fact, Identity, Installation, Team, Ticket
from inbox.web.i18n import _zone
from tests.house import House, wait_for

TICKETS = int(os.environ.get("BENCH_TICKETS", "100000"))
BATCH = 2000
DAYS = 365
RUNS = 20
PERIODS = (7, 30, 90, 365)


def run() -> None:
    for kind in ("sqlite", "postgresql"):
        try:
            with tempfile.TemporaryDirectory() as folder, database(kind, Path(folder)) as url:
                _measure(kind, Path(folder), url)
        except Exception as problem:
            if kind == "sqlite":
                raise
            print(f"{kind}: skipped ({type(problem).__name__}: no server at {make_url(POSTGRES).host})")


def _measure(kind: str, folder: Path, url: str) -> None:
    with House(folder, database=url) as house:
        print(f"\n{kind}")
        engine = db.connect(house.database)
        _catching_up(house)
        began = time.perf_counter()
        rows = _make_up()
        _settle(engine)
        print(f"{TICKETS} tickets and {rows} facts made up in {time.perf_counter() - began:.0f} s")
        peer = _timed(partial(house.page, "/views/open"))
        print(f"{'/views/open':42} {_said(peer)}")
        for days in PERIODS:
            _questions(days)
        web = _web(house)
        before = web.memory_info().rss
        for days in PERIODS:
            first = (datetime.now(UTC) - timedelta(days=days - 1)).date()
            path = f"/figures?from={first}&to={datetime.now(UTC).date()}"
            took = _timed(partial(house.page, path))
            size = len(house.page(path).encode()) / 1000
            ratio = statistics.median(took) / statistics.median(peer)
            print(f"{f'page, {days} days ({size:.0f} kB)':42} {_said(took)}   {ratio:5.1f} of the peer")
        grown = (web.memory_info().rss - before) / 1e6
        print(f"{'the web process grew by':42} {grown:7.1f} MB, to {web.memory_info().rss / 1e6:.0f} MB")
        db.session.remove()
        engine.dispose()


def _questions(days: int) -> None:
    """Each statement's share: the report, a breakdown, and the tickets of a number, beside the floor."""
    with db.reading():
        viewer = db.session.scalars(select(Agent).where(Agent.role == "admin")).first()
        assert viewer is not None
        zone = _zone(Installation.current().zone)
        period = figures.last(days, datetime.now(zone).date(), zone)
        question = figures.Question(viewer, period)
        since = datetime.fromtimestamp(period.begins, UTC)
        floor = select(func.count()).select_from(Ticket).where(Ticket.created_at >= since)
        least = statistics.median(_timed(lambda: db.session.scalar(floor)))
        print(f"{f'floor: count the tickets of {days} days':42} {1000 * least:7.1f} ms")
        asked: dict[str, Callable[[], Any]] = {
            f"report, {days} days and those before": lambda: figures.report(question),
            f"by person, {days} days": lambda: figures.broken_down(question, "agent"),
            f"tickets behind a median, {days} days": lambda: figures.tickets(
                question, figures.METRICS["first_response"], 0, 50
            ),
        }
        for name, ask in asked.items():
            took = _timed(ask)
            print(f"{name:42} {_said(took)}   {statistics.median(took) / least:5.1f} of the floor")


def _catching_up(house: House) -> None:
    """How long a sweep takes to work out what arrived; it costs the arrival nothing."""
    house.deliver(*varied(500))
    wait_for(lambda: house.count("SELECT count(*) FROM payload WHERE state = 'new'") == 0, 300, house.said)
    with db.writing() as own:
        own.execute(text("DELETE FROM fact"))
        own.execute(text("UPDATE ticket SET figured = 0"))
    began, done = time.perf_counter(), 0
    while True:
        with db.writing():
            found = figures.catch_up()
        done += found
        if not found:
            break
    took = time.perf_counter() - began
    print(f"{done} tickets worked out, {1000 * took / max(done, 1):.2f} ms each")


# -------------------------------------------------------------------------------------- what is made up


def _make_up() -> int:
    dice, now, rows = random.Random(4), datetime.now(UTC).replace(microsecond=0), 0
    with db.writing() as own:
        teams = [Team(name=f"Team {n}") for n in range(6)]
        people = [Agent(name=f"Person {n}", email=f"p{n}@barro.example", zone="UTC") for n in range(25)]
        own.add_all([*teams, *people])
        own.flush()
        account = own.scalars(select(Account.id)).first()
        identity = own.scalars(select(Identity.id)).first()
        first = (own.scalar(select(func.max(Ticket.id))) or 0) + 1
        who = [team.id for team in teams], [person.id for person in people]
    for begin in range(0, TICKETS, BATCH):
        numbers = range(first + begin, first + min(begin + BATCH, TICKETS))
        histories = {number: _history(dice, now, account or 1, *who) for number in numbers}
        made = [
            {"ticket_id": number, **_as_columns(row)}
            for number, history in histories.items()
            for row in facts(history)
        ]
        with db.writing() as own:
            own.execute(insert(_table(Ticket)), [_ticket(n, h, identity or 1) for n, h in histories.items()])
            own.execute(insert(_table(Fact)), made)
        rows += len(made)
    return rows


def _table(of: type[db.Base]) -> Table:
    return cast(Table, of.__table__)


def _history(
    dice: random.Random, now: datetime, account: int, teams: list[int], people: list[int]
) -> History:
    came = now - timedelta(seconds=dice.randint(60, DAYS * 86400))
    team, agent = dice.choice(teams), dice.choice(people)
    history = History("open", team, agent, account, came)
    history.steps.append(Step(came, "opened", None, None, None))
    history.steps.append(Step(came + timedelta(seconds=40), "assigned", None, None, agent))
    moment = came
    for _ in range(dice.randint(1, 3)):
        history.said.append(Said("customer", moment, None, True, False))
        moment += timedelta(seconds=int(dice.lognormvariate(8.5, 1.4)))
        if moment < now:
            history.said.append(Said("reply", moment, agent, True, False))
        moment += timedelta(seconds=int(dice.lognormvariate(9.0, 1.2)))
    if moment < now and dice.random() < 0.97:
        history.status = "resolved"
        history.steps.append(Step(moment, "resolved", agent, "open", "resolved"))
        if dice.random() < 0.6 and moment + timedelta(hours=1) < now:
            score = dice.choice([1, 2, 3, 4, 5, 5, 5]) if dice.random() < 0.35 else None
            history.asked.append(Asked(moment + timedelta(hours=1), agent, score))
    return history


def _ticket(number: int, of: History, identity: int) -> dict[str, Any]:
    return {
        "id": number,
        "subject": f"Made up {number}",
        "status": of.status,
        "identity_id": identity,
        "account_id": of.account,
        "team_id": of.team,
        "assignee_id": of.assignee,
        "version": 1,
        "figured": 1,
        "active_at": of.created_at,
        "created_at": of.created_at,
    }


# -------------------------------------------------------------------------------------------- measuring


def _settle(engine: Any) -> None:
    """As autovacuum would have done by the time anybody looks."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


def _timed(ask: Callable[[], Any]) -> list[float]:
    times = []
    for _ in range(RUNS + 2):
        began = time.perf_counter()
        ask()
        times.append(time.perf_counter() - began)
    return times[2:]


def _said(times: list[float]) -> str:
    ordered = sorted(times)
    return (
        f"{1000 * statistics.median(ordered):7.1f} ms, p95 {1000 * ordered[int(0.95 * len(ordered))]:7.1f} ms"
    )


def _web(house: House) -> psutil.Process:
    return next(one for one in house.family() if any("app.py" in part for part in one.cmdline()))


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """Where the house keeps everything."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'prosa.db'}"
        return
    name = f"prosa_bench_{os.getpid()}"
    url = make_url(POSTGRES).set(drivername="postgresql+psycopg")
    server = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with server.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    try:
        yield url.set(database=name).render_as_string(False)
    finally:
        db.session.remove()
        with server.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
