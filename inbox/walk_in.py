"""The demo's door: whom a visitor may be without a password, and that it is never somebody real.

Sample people have addresses below ``.example``, which nobody can ever have (RFC 2606). So even where
``demo.enabled`` stands over real data by mistake, nobody comes in as one of its people.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, case, select

from inbox import db, passwords
from inbox.config import settings
from inbox.db import now, session
from inbox.models import Account, Agent, Installation
from inbox.models.agent import ROLES


def people() -> Sequence[Agent]:
    """Whom one may be, those who may most first."""
    rank = case({role: place for place, role in enumerate(ROLES)}, value=Agent.role)
    came_in = Agent.password_hash != ""
    return session.scalars(select(Agent).where(_made_up(), came_in).order_by(rank, Agent.id)).all()


def one(agent_id: int) -> Agent | None:
    return session.scalar(select(Agent).where(Agent.id == agent_id, _made_up(), Agent.password_hash != ""))


def open_house() -> None:
    """What the set-up page would have done: the sample people have come in, and the house has a name.

    What is there already stays as it is, but for its address. A transaction of its own.
    """
    with db.writing():
        guests = session.scalars(select(Agent).where(_made_up()).order_by(Agent.id)).all()
        if not guests:
            return
        for agent in guests:
            agent.password_hash = agent.password_hash or passwords.hash_of(secrets.token_urlsafe())
        if not any(agent.is_admin for agent in guests):
            guests[0].role = "admin"
        _name_the_house(guests[0])


def _name_the_house(first: Agent) -> None:
    ours = session.merge(Installation.current())
    ours.public_url = settings().address  # its port may be another at every start
    if ours.set_up_at is None:
        ours.company = ours.company or session.scalar(select(Account.name).order_by(Account.id)) or "Prosa"
        ours.language, ours.zone, ours.set_up_at = first.language, first.zone, now()


def _made_up() -> ColumnElement[bool]:
    return and_(Agent.active, Agent.email.like("%.example"))
