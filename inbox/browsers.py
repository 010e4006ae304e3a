"""Browsers somebody signed in with before: an unknown one is told to its owner, a trusted one owes no code.

The cookie that says which one it is signs nobody in. It is of use to whoever knows the password as well:
then a stranger who tries passwords does not keep the owner out (``inbox.web.limits``).
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from sqlalchemy import Select, select

from inbox import audit, memos
from inbox.db import now, session
from inbox.models import Agent, KnownBrowser
from inbox.signin import digest

TRUSTED = timedelta(days=30)


def of(agent: Agent, token: str) -> KnownBrowser | None:
    """The browser with this token, if it is one of theirs."""
    return session.scalar(_theirs(token).where(KnownBrowser.agent_id == agent.id)) if token else None


def knows(email: str, token: str) -> bool:
    """Whether whoever has this address signed in here before."""
    which = _theirs(token).join(Agent).where(Agent.email == email.strip().lower())
    return bool(token) and session.scalar(which) is not None


def is_trusted(agent: Agent, token: str) -> bool:
    """Whether the second factor was given here not long ago, by somebody who said that this is enough."""
    found = of(agent, token)
    return found is not None and found.trusted_until is not None and found.trusted_until > now()


def welcome(agent: Agent, token: str, name: str, ip: str, *, trust: bool = False) -> str:
    """Somebody has just signed in here: the browser's new token. One they never used is told to them."""
    found = of(agent, token)
    if found is None:
        _tell(agent, name, ip)
        found = KnownBrowser(agent_id=agent.id)
        session.add(found)
    fresh = secrets.token_urlsafe(32)
    found.token_hash, found.browser, found.ip, found.seen_at = digest(fresh), name[:255], ip[:64], now()
    if trust:
        found.trusted_until = now() + TRUSTED
    session.flush()
    return fresh


def trusted(agent: Agent) -> list[KnownBrowser]:
    query = select(KnownBrowser).where(KnownBrowser.agent_id == agent.id, KnownBrowser.trusted_until > now())
    return list(session.scalars(query.order_by(KnownBrowser.seen_at.desc())))


def distrust(browser: KnownBrowser, by: Agent) -> None:
    """It owes the code from now on."""
    browser.trusted_until = None
    audit.record("browser_distrusted", by, browser=browser.id)


def _theirs(token: str) -> Select[KnownBrowser]:
    return select(KnownBrowser).where(KnownBrowser.token_hash == digest(token))


def _tell(agent: Agent, name: str, ip: str) -> None:
    """Not the very first time: that is whoever was invited."""
    before = session.scalar(select(KnownBrowser.id).where(KnownBrowser.agent_id == agent.id).limit(1))
    if agent.tell_sign_ins and before is not None:
        told = ("new_sign_in", agent.language)
        memos.write(agent.email, *told, agent=agent, browser=name, ip=ip, at=now())
