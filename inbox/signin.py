"""Who is signed in, from which browser, and until when.

Here is what a sign-in is. What it takes to get one stands in ``inbox.second_factor`` and ``inbox.browsers``,
and what else opens the door in ``inbox.resets``.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, or_, select, update
from sqlalchemy.orm.attributes import set_committed_value

from inbox import audit, db, live, passwords, rows
from inbox.db import asked, now, session
from inbox.models import Agent, Installation, KnownBrowser, PasswordReset, SecondStep, SignIn

IDLE = timedelta(days=14)
LONGEST = timedelta(days=90)
SEEN_EVERY = timedelta(minutes=5)
REMEMBERED = timedelta(days=365)
"""How long a browser is known after somebody last signed in with it."""


def digest(token: str) -> str:
    """What we keep of a token: whoever reads the database cannot sign in with it."""
    return hashlib.sha256(token.encode()).hexdigest()


def check(email: str, password: str) -> Agent | None:
    """The agent, if this is their password. It takes as long, and says as little, for a stranger."""
    with db.reading():  # ends before the slow part: nothing is locked while Argon2 works
        agent = session.scalar(select(Agent).where(Agent.email == email.strip().lower(), Agent.active))
    right = passwords.matches(agent.password_hash if agent else "", password)
    return agent if right else None


def refused(email: str) -> None:
    """For the audit trail: somebody tried. It takes as long for a stranger, and keeps no typed word."""
    agent_id = session.scalar(select(Agent.id).where(Agent.email == email.strip().lower()))
    audit.record("sign_in_failed", None, agent=agent_id)


def begin(agent: Agent, browser: str, ip: str) -> str:
    """Sign this browser in and return its token, which is kept nowhere else."""
    token = secrets.token_urlsafe(32)
    session.add(
        SignIn(
            token_hash=digest(token),
            agent_id=agent.id,
            browser=browser[:255],
            ip=ip[:64],
            expires_at=now() + LONGEST,
        )
    )
    session.flush()
    return token


def of(token: str) -> SignIn | None:
    """The sign-in with this token, unless it is too old or its agent was deactivated."""
    return with_house(token)[0]


def with_house(token: str) -> tuple[SignIn | None, Installation | None]:
    """The same, and whose house it is: every page asks for both, so they come in one query."""
    if not token:
        return None, None
    at = now()
    for row in asked(_BY_TOKEN, {"token": digest(token), "now": at, "idle": at - IDLE}):
        sign_in, agent, house = rows.beside(row, SignIn, Agent, Installation)
        set_committed_value(sign_in, "agent", agent)
        return sign_in, house
    return None, None


def _valid(at: Any, idle: Any) -> ColumnElement[bool]:
    return and_(SignIn.expires_at > at, SignIn.seen_at > idle, Agent.active)


_BY_TOKEN = (
    select(SignIn.__table__, Agent.__table__, Installation.__table__)
    .join(Agent, Agent.id == SignIn.agent_id)
    .outerjoin(Installation, Installation.id == 1)
    .where(SignIn.token_hash == bindparam("token"), _valid(bindparam("now"), bindparam("idle")))
)
"""Asked by every request, and so made once."""


def is_unfinished(agent: Agent, house: Installation | None) -> bool:
    """Whether they have to set up a second factor before they get to anything else."""
    return bool(house and house.second_factor_required and agent.second_factor_since is None)


def still_valid(ids: set[int]) -> set[int]:
    """Which of these sign-ins still hold, and get to everything: sockets live longer than requests."""
    required = select(Installation.id).where(Installation.second_factor_required).exists()
    finished = or_(Agent.second_factor_since.is_not(None), ~required)
    query = (
        select(SignIn.id).join(SignIn.agent).where(SignIn.id.in_(ids), _valid(now(), now() - IDLE), finished)
    )
    return set(session.scalars(query)) if ids else set()


def seen(sign_in: SignIn) -> None:
    """Note that this browser is in use; a transaction of its own, and not at every request."""
    if sign_in.seen_at > now() - SEEN_EVERY:
        return
    with db.writing():
        session.execute(update(SignIn).where(SignIn.id == sign_in.id).values(seen_at=now()))


def every(agent: Agent) -> list[SignIn]:
    query = select(SignIn).where(SignIn.agent_id == agent.id, SignIn.expires_at > now())
    return list(session.scalars(query.order_by(SignIn.seen_at.desc())))


def end(sign_in: SignIn) -> None:
    live.signed_out(sign_in.id)
    session.delete(sign_in)


def end_all(agent: Agent, but: SignIn | None = None) -> None:
    """Sign this agent out everywhere, or everywhere else."""
    for sign_in in session.scalars(select(SignIn).where(SignIn.agent_id == agent.id)):
        if but is None or sign_in.id != but.id:
            end(sign_in)


def set_password(agent: Agent, password: str, company: str = "") -> None:
    """Raises passwords.Weak. Whoever was signed in with the old one has to sign in again, no browser is
    trusted any more, and no link to choose another one holds.
    """
    passwords.check_rule(password, company, agent.email)
    agent.password_hash = passwords.hash_of(password)
    agent.invite_hash, agent.invited_until = None, None
    end_all(agent)
    trust_nobody(agent)
    session.execute(delete(PasswordReset).where(PasswordReset.agent_id == agent.id))
    session.execute(delete(SecondStep).where(SecondStep.agent_id == agent.id))


def trust_nobody(agent: Agent) -> None:
    """Every browser of theirs owes the second factor again."""
    session.execute(update(KnownBrowser).where(KnownBrowser.agent_id == agent.id).values(trusted_until=None))


# ------------------------------------------------------------------------------------- invitations


def invited(token: str) -> Agent | None:
    """Who was invited with this link, if it still holds. Looking does not use it up."""
    return session.scalar(
        select(Agent).where(Agent.invite_hash == digest(token), Agent.invited_until > now(), Agent.active)
    )


def accept_invite(token: str, password: str, company: str = "") -> Agent | None:
    """Use the link, once: of two who try at the same time one gets None."""
    agent = invited(token)
    if agent is None:
        return None
    passwords.check_rule(password, company, agent.email)
    used = session.execute(
        update(Agent)
        .where(Agent.id == agent.id, Agent.invite_hash == digest(token))
        .values(invite_hash=None, invited_until=None)
        .execution_options(synchronize_session=False)
    )
    if used.rowcount != 1:  # type: ignore[attr-defined]
        return None
    session.refresh(agent)
    set_password(agent, password, company)
    return agent


def forget_expired() -> None:
    """Delete what no longer opens anything, with a transaction of its own."""
    with db.writing():
        session.execute(delete(SignIn).where((SignIn.expires_at < now()) | (SignIn.seen_at < now() - IDLE)))
        session.execute(delete(SecondStep).where(SecondStep.expires_at < now()))
        session.execute(delete(PasswordReset).where(PasswordReset.expires_at < now()))
        session.execute(delete(KnownBrowser).where(KnownBrowser.seen_at < now() - REMEMBERED))
