"""What a macro does to a ticket, with the verbs anybody would use, and how that is taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from inbox import macros
from inbox.db import session
from inbox.macros import Action, Pending
from inbox.models import Agent, Macro, Message, Team, Ticket
from inbox.tickets.assign import assign, move
from inbox.tickets.edit import prioritise, tag, untag
from inbox.tickets.spam import mark_spam, not_spam
from inbox.tickets.status import set_status


def run(macro: Macro, ticket: Ticket, by: Agent) -> list[Action]:
    """Do at once what it does; returns what takes that back."""
    macros.used(by, [macro.id])
    return perform(ticket, macros.read(macro.actions), by)


def perform(ticket: Ticket, actions: Iterable[Action], by: Agent) -> list[Action]:
    """Do these in their order; returns what takes them back, the last first.

    What cannot be done any more, because the person or the team is gone, is left out.
    """
    back: list[Action] = []
    for do, to in actions:
        undo = VERBS[do](ticket, to, by)
        if undo is not None:
            back.insert(0, Action(BACK.get(do, do), undo))
    return back


def with_reply(message: Message, pending: Pending, by: Agent, *, status: bool) -> None:
    """Do what waited for this reply to be sent; without ``status`` where its writer chose another one."""
    macros.used(by, pending.used)
    wanted = [one for one in pending.actions if status or one.do != "status"]
    back = [one for one in perform(message.ticket, wanted, by) if one.do != "status"]  # the reply restores it
    before = {"macros": str(pending), "back": macros.as_json(back)}
    message.undo = (message.undo or {}) | before
    session.flush()


def take_back(ticket: Ticket, before: dict[str, Any], by: Agent) -> None:
    """Undo what was done with a reply that is taken back."""
    perform(ticket, macros.read(before.get("back") or []), by)
    if pending := macros.pending(str(before.get("macros") or "")):
        macros.used(by, pending.used, -1)


# Each does one thing and returns what takes it back, or None where nothing has changed.


def _status(ticket: Ticket, to: Any, by: Agent) -> str | None:
    before = ticket.status
    if to == "spam":
        mark_spam(ticket, by)
    else:
        not_spam(ticket, by)
        set_status(ticket, to, by)
    if ticket.status == before:
        return None
    return {"new": "open", "closed": "resolved"}.get(before, before)


def _priority(ticket: Ticket, to: Any, by: Agent) -> str | None:
    before = ticket.priority
    prioritise(ticket, to, by)
    return before if ticket.priority != before else None


def _assign(ticket: Ticket, to: Any, by: Agent) -> int | None:
    agent = by if to == "me" else session.get(Agent, to) if to else None
    if to and (agent is None or not agent.can_answer):
        return None
    before = ticket.assignee_id
    assign(ticket, agent, by)
    return (before or 0) if ticket.assignee_id != before else None


def _team(ticket: Ticket, to: Any, by: Agent) -> int | None:
    team = session.get(Team, to) if to else None
    if to and team is None:
        return None
    before = ticket.team_id
    move(ticket, team, by)
    return (before or 0) if ticket.team_id != before else None


def _tag(ticket: Ticket, to: Any, by: Agent) -> str | None:
    had = {one.name for one in ticket.tags}
    tag(ticket, to, by)
    return to if to not in had else None


def _untag(ticket: Ticket, to: Any, by: Agent) -> str | None:
    had = {one.name for one in ticket.tags}
    untag(ticket, to, by)
    return to if to in had else None


VERBS: dict[str, Callable[[Ticket, Any, Agent], str | int | None]] = {
    "status": _status,
    "priority": _priority,
    "assign": _assign,
    "team": _team,
    "tag": _tag,
    "untag": _untag,
}
BACK = {"tag": "untag", "untag": "tag"}
