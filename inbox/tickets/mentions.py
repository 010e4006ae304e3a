"""Colleagues who are named in a note with ``@``: by their number, under the name they have now."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from sqlalchemy import select

from inbox import access
from inbox.db import session
from inbox.models import Agent, Ticket

MOST = 50

_NAMED = re.compile(r"<data(?: value=\"(\d+)\")?>([^<]*)</data>")


def settled(html: str, ticket: Ticket) -> tuple[str, list[int]]:
    """A note's cleaned HTML, and who is named in it. Whoever may not see the ticket is named and not told, so
    that stays a word like any other."""
    if "<data" not in html:
        return html, []
    numbers = [int(number) for number, _name in _NAMED.findall(html) if number]
    people = _who(numbers[:MOST])
    seeing = access.who_sees(ticket.id, people)
    known = {agent.id: agent for agent in people if agent.id in seeing}

    def one(found: re.Match[str]) -> str:
        agent = known.get(int(found[1] or 0))
        if agent is None:
            return found[2]
        return f'<data value="{agent.id}">@{escape(agent.name)}</data>'

    kept = _NAMED.sub(one, html)
    return kept, [number for number in dict.fromkeys(numbers) if number in known]


def _who(numbers: Sequence[int]) -> Sequence[Agent]:
    if not numbers:
        return []
    return session.scalars(select(Agent).where(Agent.id.in_(numbers), Agent.active)).all()
