"""A forgotten password: what somebody types at the door, and the link that goes to whoever it belongs to.

The web process writes down what was typed, whoever that is: the same statement, the same time, the same
answer. The worker looks whether somebody here has that address, so nothing outside tells who works here.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, select, update

from inbox import audit, downloads, memos, passwords, quarantine, queue, signin
from inbox.db import now, reading, session, writing
from inbox.models import Agent, PasswordReset

HOLDS = timedelta(minutes=30)
LINKS = 5
"""That one person can have open at once: whoever asks in their name fills no mailbox."""


def ask(address: str) -> None:
    """Somebody wants a new password for this address."""
    row = PasswordReset(address=address.strip().lower()[:320], expires_at=now() + HOLDS)
    session.add(row)
    session.flush()
    queue.later("outbox", answer, row.id)


def answer(row_id: int) -> None:
    """Make the link and mail it, or forget that anybody asked; once, whoever else rings."""
    with writing():
        wish = session.get(PasswordReset, row_id)
        if wish is None or wish.token_hash is not None or quarantine.is_held():
            return
        agent = session.scalar(
            select(Agent).where(Agent.email == wish.address, Agent.active, Agent.password_hash != "")
        )
        if agent is None or wish.expires_at < now() or _has_enough(agent):
            session.delete(wish)
            return
        _send(wish.id, agent)


def _send(wish_id: int, agent: Agent) -> None:
    token = secrets.token_urlsafe(32)
    claimed = session.execute(
        update(PasswordReset)
        .where(PasswordReset.id == wish_id, PasswordReset.token_hash.is_(None))
        .values(token_hash=signin.digest(token), agent_id=agent.id, expires_at=now() + HOLDS)
        .execution_options(synchronize_session=False)
    )
    if claimed.rowcount == 1:  # type: ignore[attr-defined]
        link = f"{downloads.public_url()}/login/forgotten/{token}"
        audit.record("password_reset_asked", None, agent=agent.id)
        memos.write(agent.email, "password_reset", agent.language, agent=agent, link=link)


def _has_enough(agent: Agent) -> bool:
    open_ones = select(PasswordReset.id).where(
        PasswordReset.agent_id == agent.id, PasswordReset.expires_at > now()
    )
    return len(session.scalars(open_ones.limit(LINKS)).all()) >= LINKS


def sweep() -> None:
    """Answer what nobody was rung for."""
    with reading():
        if quarantine.is_held():
            return
        missed = session.scalars(select(PasswordReset.id).where(PasswordReset.token_hash.is_(None))).all()
    for row_id in missed:
        answer(row_id)


def granted(token: str) -> Agent | None:
    """Who may choose a new password with this link. Looking does not use it up: mail scanners look."""
    query = select(Agent).join(PasswordReset).where(*_holds(token), Agent.active, Agent.password_hash != "")
    return session.scalar(query)


def choose(token: str, password: str, company: str = "") -> Agent | None:
    """Use the link, once, and sign them out everywhere. Raises passwords.Weak, and the link still holds."""
    agent = granted(token)
    if agent is None:
        return None
    passwords.check_rule(password, company, agent.email)
    used = session.execute(delete(PasswordReset).where(*_holds(token)))
    if used.rowcount != 1:  # type: ignore[attr-defined]
        return None
    change(agent, password, company)
    memos.withdraw(agent, "password_reset")
    return agent


def change(agent: Agent, password: str, company: str) -> None:
    """A new password, told to its owner by mail. Raises passwords.Weak."""
    signin.set_password(agent, password, company)
    audit.record("password_changed", agent, agent=agent.id)
    memos.write(agent.email, "password_changed", agent.language, agent=agent, at=now())


def _holds(token: str) -> tuple[ColumnElement[bool], ...]:
    return (PasswordReset.token_hash == signin.digest(token), PasswordReset.expires_at > now())
