"""What customers said of how it was, for those who read it: in a conversation, one's own, and low ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, false, func, literal, select
from sqlalchemy.orm import contains_eager, joinedload

from inbox import live
from inbox.access import visible_to
from inbox.db import now, session
from inbox.feedback import SCORES
from inbox.models import Agent, Answer, Event, Identity, Survey, Ticket

SUPERVISE = ("admin", "supervisor")
"""Roles that are told of low scores."""

DAYS = 90
"""What one's own figures look back on."""

MOST = 50


def behind(events: Iterable[Event]) -> dict[int, Answer]:
    """The answers that these events tell of, by the id of the newest event of each."""
    ids = [event.id for event in events if event.kind == "rated"]
    if not ids:
        return {}
    answers = session.scalars(
        select(Answer)
        .where(Answer.event_id.in_(ids))
        .options(joinedload(Answer.survey).joinedload(Survey.agent))
    )
    return {answer.event_id: answer for answer in answers if answer.event_id}


# ------------------------------------------------------------------------------------- one's own


@dataclass(frozen=True, slots=True)
class Figures:
    """Of surveys that were sent within ``DAYS``: how many, and what came back."""

    asked: int
    scores: dict[int, int]
    """How many answers of each score."""

    @property
    def answered(self) -> int:
        return sum(self.scores.values())

    @property
    def average(self) -> float | None:
        total = sum(score * n for score, n in self.scores.items())
        return total / self.answered if self.answered else None

    @property
    def rate(self) -> float | None:
        """The share that was answered, 0 to 1."""
        return self.answered / self.asked if self.asked else None

    def share(self, score: int) -> float:
        """Of the answers, those with this score, 0 to 1."""
        return self.scores[score] / self.answered if self.answered else 0.0


def figures(agent: Agent) -> Figures:
    """Of this agent's own answers, those included whose tickets they may not see any more."""
    rows = session.execute(
        select(Answer.score, func.count())
        .select_from(Survey)
        .outerjoin(Survey.answer)
        .where(Survey.agent_id == agent.id, *_recent())
        .group_by(Answer.score)
    )
    found: dict[int | None, int] = dict(rows.all())
    return Figures(sum(found.values()), {score: found.get(score, 0) for score in SCORES})


def of(agent: Agent, most: int = MOST) -> Sequence[Answer]:
    """What was said of their answers, newest first, on the tickets they may see."""
    return session.scalars(
        select(Answer)
        .join(Answer.survey)
        .join(Survey.ticket)
        .where(Survey.agent_id == agent.id, visible_to(agent), *_recent())
        .options(contains_eager(Answer.survey).contains_eager(Survey.ticket).options(*_CUSTOMER))
        .order_by(Answer.changed_at.desc(), Answer.id.desc())
        .limit(most)
    ).all()


def _recent() -> tuple[ColumnElement[bool], ...]:
    return (Survey.state.in_(("sent", "answered")), Survey.sent_at > now() - timedelta(days=DAYS))


# -------------------------------------------------------------------------------------- low ones


def low(agent: Agent) -> Sequence[Answer]:
    """Low scores that no supervisor has looked at, oldest first: for those who do."""
    return session.scalars(
        select(Answer)
        .join(Answer.survey)
        .join(Survey.ticket)
        .where(*_unseen(agent))
        .options(
            contains_eager(Answer.survey).contains_eager(Survey.ticket).options(*_CUSTOMER),
            contains_eager(Answer.survey).joinedload(Survey.agent),
        )
        .order_by(Answer.low_at, Answer.id)
        .limit(MOST)
    ).all()


def one(agent: Agent, answer_id: int) -> Answer | None:
    """A low score, if this agent is told of it."""
    query = select(Answer).join(Answer.survey).join(Survey.ticket)
    return session.scalar(query.where(Answer.id == answer_id, _told(agent)))


def counted(agent: Agent) -> ColumnElement[int]:
    """How many low ones wait to be seen, as a part of another query."""
    if agent.role not in SUPERVISE:
        return literal(0)
    waiting = select(func.count()).select_from(Answer).join(Answer.survey).join(Survey.ticket)
    return waiting.where(*_unseen(agent)).scalar_subquery()


def seen(answer: Answer, by: Agent) -> None:
    """A supervisor has looked at it: it asks for nobody any more."""
    if answer.low_at is None or answer.seen_at is not None:
        return
    answer.seen_at, answer.seen_by_id = now(), by.id
    ticket = answer.survey.ticket
    session.add(
        Event(
            kind="low_score_seen",
            ticket_id=ticket.id,
            customer_id=ticket.identity.customer_id,
            agent_id=by.id,
            data={"answer": answer.id, "score": answer.score},
            version=ticket.version,
        )
    )
    live.attention()


def _unseen(agent: Agent) -> tuple[ColumnElement[bool], ...]:
    return (Answer.low_at.is_not(None), Answer.seen_at.is_(None), _told(agent))


def _told(agent: Agent) -> ColumnElement[bool]:
    return and_(Answer.low_at.is_not(None), visible_to(agent)) if agent.role in SUPERVISE else false()


_CUSTOMER = (joinedload(Ticket.identity).joinedload(Identity.customer),)
