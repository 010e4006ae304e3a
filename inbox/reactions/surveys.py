"""Ask customers how it was: once for every resolution, a while after it, if there is no reason not to.

The resolution leaves a row with its moment; a sweep finds it when that has come, also after the house was
down. Who claims the row decides and writes the mail in one transaction, so nobody is asked twice.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select, update

from inbox import downloads, quarantine, queue, surveys, tickets
from inbox.db import alone, now, reading, session, writing
from inbox.feedback import Facts, why_not
from inbox.models import Agent, Answer, Event, Identity, Message, Survey, Ticket
from inbox.models.ticket import DONE
from inbox.tickets.acknowledge import nobody_reads
from inbox.tickets.ours import is_ours

log = structlog.get_logger("surveys")

BELLS = 200
"""In one sweep."""

MOST_ATTEMPTS = 5
PAUSE = timedelta(minutes=2)


def plan(event: Event) -> None:
    """A ticket was resolved: remember to ask, unless nobody wants to."""
    ticket = session.get(Ticket, event.ticket_id)
    if ticket is None or not surveys.is_on(ticket.account):
        return
    survey = Survey(
        event_id=event.id,
        ticket_id=ticket.id,
        identity_id=ticket.identity_id,
        agent_id=_who_answered(ticket, event),
        due_at=event.at + surveys.policy().wait,
    )
    session.add(survey)
    session.flush()
    if survey.due_at <= now():
        queue.later("reactions", ask_now, survey.id)


def take_care_of_low(event: Event) -> None:
    """A score came: if it is low now, and was not before, somebody has to look at it."""
    answer = session.scalar(select(Answer).where(Answer.survey_id == event.data["survey"]))
    policy = surveys.policy()
    if answer is None or answer.low_at is not None:
        return
    if policy.is_low(answer.score, answer.survey.identity.customer.tier):
        tickets.take_care(answer, policy.then)


# ------------------------------------------------------------------------------ when it is due


def sweep() -> int:
    """Ring for every survey whose moment has come."""
    moment = now()
    with reading():
        due = session.scalars(
            select(Survey.id)
            .where(Survey.state == "waiting", Survey.due_at <= moment)
            .order_by(Survey.due_at, Survey.id)
            .limit(BELLS)
        ).all()
    slot = str(int(moment.timestamp() // 30))
    for survey_id in due:
        queue.ring("reactions", ask_now, survey_id, again=slot)
    return len(due)


def ask_now(survey_id: int) -> None:
    """Ask, or write down why not: whoever comes second finds it done."""
    try:
        with writing():
            _ask(survey_id)
    except Exception as problem:
        log.exception("survey_failed", survey=survey_id)
        _postpone(survey_id, type(problem).__name__)


def _ask(survey_id: int) -> None:
    claimed = session.execute(
        update(Survey)
        .where(Survey.id == survey_id, Survey.state == "waiting", Survey.due_at <= now())
        .values(attempts=Survey.attempts + 1)
    )
    if claimed.rowcount != 1:  # type: ignore[attr-defined]
        return
    survey = session.scalars(select(Survey).where(Survey.id == survey_id)).one()
    alone(f"survey {survey.identity.customer_id}")  # two of one customer's are counted one after the other
    reason = why_not(_facts(survey), surveys.policy(), now())
    if reason:
        survey.state, survey.reason = "skipped", reason
        log.info("survey_skipped", survey=survey.id, reason=reason)
    else:
        tickets.ask(survey)


def _postpone(survey_id: int, problem: str) -> None:
    with writing():
        survey = session.get(Survey, survey_id)
        if survey is None or survey.state != "waiting":
            return
        survey.attempts += 1
        if survey.attempts >= MOST_ATTEMPTS:
            survey.state, survey.reason = "skipped", "failed"
        else:
            survey.due_at = now() + PAUSE * survey.attempts
        log.warning("survey_postponed", survey=survey.id, problem=problem, attempts=survey.attempts)


# ------------------------------------------------------------------------------------- the facts


def _facts(survey: Survey) -> Facts:
    ticket, identity = survey.ticket, survey.identity
    resolved = session.get_one(Event, survey.event_id)
    restored = quarantine.restored_at()
    asked_at, declined_at = _asked_before(identity)
    return Facts(
        due_at=survey.due_at,
        on=surveys.is_on(ticket.account),
        stands=ticket.status in DONE and _is_last_resolution(resolved),
        spam=ticket.status == "spam",
        restored=restored is not None and resolved.at < restored,
        has_link=bool(downloads.public_url()),
        by_mail=identity.kind == "mail" and ticket.account.kind == "mail" and ticket.account.active,
        person=not nobody_reads(identity.address) and not is_ours(identity.address) and _wrote(survey),
        answered=_last_answer(ticket) is not None,
        bounced=identity.bounced_at is not None,
        declined=declined_at is not None,
        asked_at=asked_at,
    )


def _is_last_resolution(resolved: Event) -> bool:
    last = select(func.max(Event.id)).where(Event.ticket_id == resolved.ticket_id, Event.kind == "resolved")
    return session.scalar(last) == resolved.id


def _wrote(survey: Survey) -> bool:
    """Whether the person it goes to wrote in this ticket, themselves."""
    theirs = select(Message.id).where(
        Message.ticket_id == survey.ticket_id,
        Message.identity_id == survey.identity_id,
        Message.automated == "",
        Message.trust != "fail",
    )
    return session.scalar(theirs.limit(1)) is not None


def _asked_before(identity: Identity) -> tuple[datetime | None, datetime | None]:
    """When this customer was last asked, at whatever address, and when they asked for no more of it."""
    theirs = select(Identity.id).where(Identity.customer_id == identity.customer_id)
    found = session.execute(
        select(func.max(Survey.sent_at), func.max(Survey.declined_at)).where(Survey.identity_id.in_(theirs))
    ).one()
    return found[0], found[1]


def _who_answered(ticket: Ticket, event: Event) -> int | None:
    """Whose answers are rated: the last one's, else who has the ticket, else who resolved it."""
    return _last_answer(ticket) or ticket.assignee_id or event.agent_id


def _last_answer(ticket: Ticket) -> int | None:
    """Who last answered the customer."""
    return session.scalar(
        select(Message.author_id)
        .join(Agent, Agent.id == Message.author_id)
        .where(Message.ticket_id == ticket.id, Message.kind == "reply", Message.forward.is_(False))
        .order_by(Message.id.desc())
        .limit(1)
    )
