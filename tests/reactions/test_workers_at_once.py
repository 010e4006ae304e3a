"""Several workers that are rung for the same events, each in another order: all is done once."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence

from sqlalchemy import func, select

from inbox import db, reactions, tickets
from inbox.models import Account, Event, Handling, Notice, Ticket
from tests.people import inbound
from tests.tickets.test_at_once import together

assert together  # a fixture

WORKERS, TICKETS = 3, 12


def arrive() -> list[int]:
    """More conversations; the numbers of all events so far."""
    with db.writing() as session:
        support = session.scalars(select(Account)).one()
        for number in range(TICKETS):
            tickets.receive(support, inbound(sender=f"Marina <marina{number}@queiroz.example>"))
        return list(session.scalars(select(Event.id)))


def test_workers_that_meet_do_everything_once(together: None) -> None:
    numbers = arrive()
    problems: list[BaseException] = []

    def work(order: Sequence[int]) -> None:
        try:
            for number in order:
                reactions.run(number)
        except BaseException as problem:
            problems.append(problem)

    orders = [random.Random(seed).sample(numbers, len(numbers)) for seed in range(WORKERS)]
    threads = [threading.Thread(target=work, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not problems
    with db.reading():
        handled = select(func.count()).where(Handling.handled_at.is_not(None), Handling.attempts == 1)
        everything = select(func.count()).select_from(Handling)
        assert db.session.scalar(handled) == db.session.scalar(everything) >= 3 * TICKETS
        there = db.session.scalar(select(func.count()).select_from(Ticket)) or 0
        counts = db.session.scalars(select(Notice.count).where(Notice.kind == "unassigned")).all()
        assert list(counts) == [1] * (2 * there)  # for each of two people
