"""Who works in the house before the measurement begins, and what waits for them."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import select

from benchmarks.live.mails import Post, send
from benchmarks.live.plan import HOUSE, PASSWORD, TEAMS, Plan, Seat, address_of, seats
from inbox import config, db, lists, live, passwords, queue, tickets
from inbox.models import Account, AccountAddress, Agent, Team, Ticket
from tests.house import House, wait_for

OWN = 4
"""So many conversations are with each who looks at *Mine*."""

BACKLOG = {
    "payloads unread": "SELECT count(*) FROM payload WHERE state = 'new'",
    "reactions": "SELECT count(*) FROM handling WHERE handled_at IS NULL",
    "replies unsent": "SELECT count(*) FROM message WHERE state IN ('queued', 'sending')",
}


@contextmanager
def at_home(house: House) -> Iterator[None]:
    """In here the product's own functions work in this house, bells and nudges included."""
    was = dict(os.environ)
    os.environ.update({name: value for name, value in house.variables.items() if value})
    _forget()
    engine = db.connect(config.settings().database_url)
    try:
        yield
    finally:
        db.session.remove()
        engine.dispose()
        os.environ.clear()
        os.environ.update(was)
        _forget()


def _forget() -> None:
    for kept in (config.settings, live.bus, queue.named, queue.connection):
        kept.cache_clear()


def fill(house: House, plan: Plan, post: Post) -> list[Seat]:
    """People, teams, conversations; everybody with a ticket before them that is in their view."""
    made = seats(plan)
    _people(made)
    send(post, plan.past, only_new=True)
    settled(house)
    dice = random.Random(plan.seed)
    for seat in made:
        _give(seat, dice)
    settled(house)
    return made


def backlog(house: House) -> dict[str, int]:
    """What has come in, or is to go out, and waits."""
    return {name: house.count(sql) for name, sql in BACKLOG.items()}


def settled(house: House, seconds: float = 120) -> None:
    wait_for(lambda: not any(backlog(house).values()), seconds, house.said)


def _people(made: list[Seat]) -> None:
    with db.writing() as session:
        account = session.scalars(select(Account).where(Account.address == HOUSE)).one()
        teams = {name: Team(name=name, rights=[]) for name in TEAMS}
        session.add_all(teams.values())
        session.add_all(
            AccountAddress(account=account, address=address_of(name), team=team)
            for name, team in teams.items()
        )
        same = passwords.hash_of(PASSWORD)  # hashing is slow by design, and nobody looks at the salt
        session.add_all(
            Agent(
                name=f"Agent {seat.email.partition('@')[0][5:]}",
                email=seat.email,
                password_hash=same,
                teams=[teams[name] for name in seat.teams],
            )
            for seat in made
        )


def _give(seat: Seat, dice: random.Random) -> None:
    with db.writing() as session:
        agent = session.scalars(select(Agent).where(Agent.email == seat.email)).one()
        if seat.view == "mine":
            for line in dice.sample(list(lists.page(agent, "unassigned").tickets), OWN):
                tickets.assign(session.get_one(Ticket, line.id), agent, agent)
            db.session.flush()
        if seat.has_open:
            seat.ticket = dice.choice(lists.page(agent, seat.view).tickets).id
