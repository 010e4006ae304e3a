"""Somebody who is told: what happens, the product's own part in it, and what stands in the centre."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from inbox import db, presence, tickets
from inbox.models import Agent, Message, Notice, Ticket
from inbox.notices import choices
from tests.attacks.post import again, react

_keys = itertools.count(1)


def happen() -> None:
    """What was done is kept, and every reaction has looked at it."""
    db.session.commit()
    react()
    db.session.commit()


def of(agent: Agent) -> Sequence[Notice]:
    """All they were told, the newest first, seen or not."""
    query = select(Notice).where(Notice.agent_id == agent.id).order_by(Notice.at.desc(), Notice.id.desc())
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def kinds(agent: Agent) -> list[str]:
    return [notice.kind for notice in of(agent)]


def note(ticket: Ticket, by: Agent, html: str = "<p>Look.</p>") -> Message:
    made = tickets.note(again(ticket), again(by), html, key=f"told{next(_keys)}")
    happen()
    return made


def mention(*people: Agent) -> str:
    """A note's words that name them."""
    return "<p>" + " ".join(f'<data value="{one.id}">@x</data>' for one in people) + " look</p>"


def give(ticket: Ticket, to: Agent | None, by: Agent | None = None) -> None:
    tickets.assign(again(ticket), again(to) if to else None, again(by) if by else None)
    happen()


def choose(agent: Agent, **wanted: Any) -> None:
    """Change what they want to be told: ``ways={"note": ()}``, ``digest="daily"`` …"""
    ways = {**choices.USUAL, **wanted.pop("ways", {})}
    choices.choose(again(agent), replace(choices.NOTHING_CHOSEN, ways=ways, **wanted))
    db.session.commit()


def looks_at(monkeypatch: pytest.MonkeyPatch, ticket: Ticket, *people: Agent) -> None:
    """They have it before them at this moment."""
    here = {(ticket.id, one.id) for one in people}
    monkeypatch.setattr(presence, "looking", lambda: here)
