"""Asking how it was, and what the answer does to the ticket."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from inbox import channels, live, outbox, queue, search, surveys, vault
from inbox.db import now, session
from inbox.feedback import LONGEST, SCORES, chosen
from inbox.models import Answer, Event, Installation, Message, Survey, Thread, Ticket
from inbox.models.ticket import PRIORITIES
from inbox.text import snippet
from inbox.tickets import threading, words, writing
from inbox.tickets.changing import Change, changing, lock
from inbox.tickets.refused import Refused
from inbox.tickets.reply import customers_thread
from inbox.tickets.status import shift


def ask(survey: Survey) -> Message:
    """Write the mail that asks; it leaves at once. Raises Refused where there is nobody to write to."""
    ticket = survey.ticket
    thread = customers_thread(ticket)
    with changing(ticket) as change:
        ours = _mail(survey, thread)
        session.add(ours)
        session.flush()
        survey.message_id, survey.sent_at, survey.state = ours.id, now(), "sent"
        change.record("survey_sent", ours, survey=survey.id)
    queue.later("outbox", outbox.send_now, ours.id)
    return ours


def _mail(survey: Survey, thread: Thread) -> Message:
    ticket, identity, account = survey.ticket, survey.identity, thread.account
    survey.language = words.spoken(
        ticket.language, identity.customer.language, Installation.current().language
    )
    sender = thread.address.address if thread.address else account.address
    key = channels.of(account.kind).new_key({"signing_key": vault.signing_key()}, thread.id, sender)
    name = words.first_name(identity.display_name)
    return Message(
        ticket=ticket,
        thread=thread,
        account_id=account.id,
        kind="reply",
        state="queued",
        automated="survey",
        subject=surveys.subject(ticket, survey.language),
        text=surveys.question(survey.language, name, survey.agent),
        recipients={"to": [{"name": identity.name, "address": identity.address}]},
        references=writing.chain(_last_in(thread)),
        external_id=key,
        message_id_header=key,
        version=ticket.version,
        created_at=now(),
    )


def _last_in(thread: Thread) -> Message | None:
    """What it is filed under: the newest mail of the conversation."""
    return session.scalar(
        select(Message)
        .where(Message.thread_id == thread.id, Message.message_id_header.is_not(None))
        .order_by(Message.id.desc())
        .limit(1)
    )


# ----------------------------------------------------------------------------------- their answer


def rate(survey: Survey, score: int, reasons: Iterable[str] = (), comment: str = "") -> Answer:
    """Keep what the customer said, for the first time or anew; the same again changes nothing.

    The event says that and how it was rated, and never in which words. ValueError for what is no answer.
    """
    if score not in SCORES or len(comment) > LONGEST:
        raise ValueError("a score is 1 to 5, and a comment has an end")
    ticket = survey.ticket
    lock(ticket)  # of two that come at once, the second finds what the first said
    answer = session.scalar(select(Answer).where(Answer.survey_id == survey.id))
    said = (score, chosen(score, reasons), comment)
    if answer and said == (answer.score, answer.reasons, answer.comment):
        return answer
    facts = {"survey": survey.id, "score": score, "comment": bool(comment)}
    if answer:
        facts["before"] = answer.score
    with changing(ticket) as change:
        answer = answer or Answer(survey_id=survey.id, first_at=now())
        answer.score, answer.reasons, answer.comment = said
        answer.changed_at, survey.state = now(), "answered"
        session.add(answer)
        session.flush()
        search.index_comment(survey)
        change.record("rated", None, **facts)
    rated = (Event.ticket_id == ticket.id, Event.kind == "rated")
    answer.event_id = session.scalar(select(func.max(Event.id)).where(*rated))
    if survey.agent_id:
        live.rated(survey.agent_id)
    return answer


def decline(survey: Survey) -> None:
    """They want no more of these, about whatever they write."""
    if survey.declined_at is None:
        with changing(survey.ticket) as change:
            survey.declined_at = now()
            change.record("surveys_declined", survey=survey.id)


# -------------------------------------------------------------------------------------- a low one


def take_care(answer: Answer, then: str) -> None:
    """Somebody has to look at it: supervisors are told, and the matter goes on.

    It goes on where it already does; else on its ticket, reopened, if an answer by mail would reopen it;
    else, or if that is wanted in any case (``then`` is ``follow_up``), on a new one that is linked.
    """
    answer.low_at = answer.low_at or now()
    answer.seen_at = answer.seen_by_id = None
    ticket = answer.survey.ticket
    thread = _thread_of(ticket)
    place = (thread.ticket if thread else None) or ticket
    if then == "tell" or place.status == "spam":
        did, place = "told", ticket
    elif place.is_open:
        did = "urged"
    elif thread and (then == "follow_up" or not threading.goes_on(place)):
        did, place = "followed", _follow_up(place, thread, answer)
    else:
        did = "reopened"
    facts: dict[str, Any] = {"score": answer.score, "answer": answer.id, "did": did}
    with changing(place) as change:
        if did != "told":
            _urge(change, answer.changed_at)
        change.record("low_score", None, **facts, **({"of": ticket.id} if place is not ticket else {}))
    if place is not ticket:
        with changing(ticket) as change:
            change.record("low_score", None, **facts, **{"in": place.id})
    live.attention()


def _thread_of(ticket: Ticket) -> Thread | None:
    try:
        return customers_thread(ticket)
    except Refused:
        return None


def _urge(change: Change, since: datetime) -> None:
    """Open, waiting, and not behind the others."""
    ticket = change.ticket
    if not ticket.is_open:
        shift(change, "open")
    ticket.waiting_since = ticket.waiting_since or since
    if PRIORITIES.index(ticket.priority) < PRIORITIES.index("high"):
        change.record("prioritised", before=ticket.priority, to="high")
        ticket.priority = "high"


def _follow_up(before: Ticket, thread: Thread, answer: Answer) -> Ticket:
    """A new ticket that goes on from this one, as if the customer had written again."""
    ticket = Ticket(
        subject=before.subject,
        status="new",
        priority="normal",
        language=before.language,
        identity=before.identity,
        account=before.account,
        team_id=before.team_id,
        continues_id=before.id,
        version=0,
        message_count=0,
        tags=[],
        snippet=snippet(answer.comment),
        waiting_since=answer.changed_at,
        active_at=now(),
        created_at=now(),
    )
    session.add(ticket)
    thread.ticket = ticket
    session.flush()
    with changing(ticket) as change:
        change.record("opened", continues=before.id)
        search.index_ticket(ticket, fresh=True)
    return ticket
