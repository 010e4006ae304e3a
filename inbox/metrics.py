"""What Prometheus reads: what waits, for how long, and whether everything answers.

Everything is a gauge that is read when it is asked for, from the rows themselves; nothing is counted along.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

import redis
from sqlalchemy import func, or_, select

from inbox import quarantine, queue
from inbox.config import settings
from inbox.db import now, session
from inbox.models import Account, Connection, Message, Payload
from inbox.models.message import PENDING

WORKERS = ("intake", "outbox", "reactions", "push", "timetable", "collector", "listener")
SOCKETS = "prosa:sockets:"
SOCKETS_SECONDS = 90
"""How long a web process is believed about its sockets; it says them three times as often."""

Labels = Mapping[str, str]


@dataclass(slots=True)
class Gauge:
    """One figure, with one value for each set of labels."""

    name: str
    help: str
    values: list[tuple[Labels, float]] = field(default_factory=list)

    def add(self, value: float, **labels: str) -> None:
        self.values.append((labels, value))

    def lines(self) -> Iterator[str]:
        yield f"# HELP {self.name} {self.help}"
        yield f"# TYPE {self.name} gauge"
        for labels, value in self.values:
            shown = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
            yield f"{self.name}{{{shown}}} {value:.12g}" if shown else f"{self.name} {value:.12g}"


def exposition() -> str:
    """All of it in Prometheus' text format. Without Redis its figures are left out, and it is said so."""
    return "\n".join(line for part in PARTS for gauge in part() for line in gauge.lines()) + "\n"


def tell_sockets(n: int) -> None:
    """Of this web process; all of them are summed up."""
    _valkey().set(f"{SOCKETS}{os.getpid()}", n, ex=SOCKETS_SECONDS)


# ------------------------------------------------------------------------------------------- figures


def database() -> Iterator[Gauge]:
    began = time.perf_counter()
    session.scalar(select(1))
    seconds = Gauge("prosa_database_seconds", "How long the database took to answer the smallest question.")
    seconds.add(time.perf_counter() - began)
    yield seconds


def incoming() -> Iterator[Gauge]:
    states = Gauge("prosa_payloads", "Received and not taken in, by state.")
    found = _counts(Payload.state, Payload.state.in_(("new", "failed", "held")))
    for state in ("new", "failed", "held"):
        states.add(found.get(state, 0), state=state)
    oldest = Gauge("prosa_payload_oldest_seconds", "How long the oldest received mail waits to be read.")
    oldest.add(_age(session.scalar(select(func.min(Payload.created_at)).where(Payload.state == "new"))))
    yield from (states, oldest)


def outgoing() -> Iterator[Gauge]:
    states = Gauge("prosa_messages", "Answers that have not left, by state.")
    waiting = (*PENDING, "failed")
    found = _counts(Message.state, Message.state.in_(waiting), Message.put_aside.is_(False))
    for state in waiting:
        states.add(found.get(state, 0), state=state)
    moment = now()
    due = func.min(func.coalesce(Message.not_before, Message.created_at))
    late = or_(Message.not_before.is_(None), Message.not_before <= moment)
    oldest = Gauge(
        "prosa_message_oldest_seconds", "How long the oldest answer that may leave waits to do so."
    )
    oldest.add(_age(session.scalar(select(due).where(Message.state.in_(PENDING), late))))
    held = Gauge("prosa_held", "1 while this restored copy neither fetches nor sends.")
    held.add(quarantine.is_held())
    yield from (states, oldest, held)


def mailboxes() -> Iterator[Gauge]:
    last = Gauge("prosa_mailbox_last_seconds", "How long ago the last message came in or went out.")
    failing = Gauge("prosa_mailbox_failing", "1 while it cannot be read or sent through.")
    sent = Gauge("prosa_mailbox_sent_last_hour", "Mails that left in the last hour.")
    active = select(Account.id, Account.address).where(Account.active)
    accounts = {number: address for number, address in session.execute(active)}  # noqa: C416
    rows = session.scalars(select(Connection).where(Connection.account_id.in_(accounts)))
    for row in rows.all():
        labels = {"mailbox": accounts[row.account_id], "direction": row.direction}
        failing.add(row.state == "failing", **labels)
        if row.last_at:
            last.add(_age(row.last_at), **labels)
    left = _counts(
        Message.account_id, Message.account_id.in_(accounts), Message.sent_at > now() - timedelta(hours=1)
    )
    for number, address in accounts.items():
        sent.add(left.get(number, 0), mailbox=address)
    yield from (last, failing, sent)


def bells() -> Iterator[Gauge]:
    up = Gauge("prosa_redis_up", "1 if Redis or Valkey answers.")
    jobs = Gauge("prosa_queue_jobs", "Bells that were rung and not heard yet.")
    workers = Gauge("prosa_worker_up", "1 if the worker said in the last seconds that it is there.")
    open_sockets = Gauge("prosa_sockets", "Open screens, of all web processes.")
    try:
        waiting = {name: queue.named(name).count for name in queue.QUEUES}
        alive = {name: _valkey().exists(f"prosa:alive:{name}") for name in _workers()}
        said = [_valkey().get(key) for key in _valkey().scan_iter(f"{SOCKETS}*")]
    except redis.RedisError:
        up.add(0)
        yield up
        return
    up.add(1)
    for name, n in waiting.items():
        jobs.add(n, queue=name)
    for name, there in alive.items():
        workers.add(bool(there), worker=name)
    open_sockets.add(sum(int(n or 0) for n in said))
    yield from (up, jobs, workers, open_sockets)


def disk() -> Iterator[Gauge]:
    free = Gauge("prosa_disk_free_bytes", "What is left where the data is kept.")
    free.add(shutil.disk_usage(settings().data_dir).free)
    yield free


PARTS: tuple[Callable[[], Iterator[Gauge]], ...] = (database, incoming, outgoing, mailboxes, bells, disk)


# ------------------------------------------------------------------------------------------- helpers


def _counts(column: object, *which: object) -> dict[object, int]:
    query = select(column, func.count()).where(*which).group_by(column)  # type: ignore[call-overload]
    return {key: n for key, n in session.execute(query)}  # noqa: C416


def _age(moment: datetime | None) -> float:
    return max((now() - moment).total_seconds(), 0.0) if moment else 0.0


def _workers() -> list[str]:
    return [name for name in WORKERS if name != "listener" or settings().mail.listen_port]


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


@cache
def _valkey() -> redis.Redis:
    return redis.Redis.from_url(settings().redis_url, socket_timeout=1, socket_connect_timeout=1)
