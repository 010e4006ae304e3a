"""Taking the words out of conversations. What is counted stays: numbers, states, moments, who answered.

Used by an erasure, and by retention. Nothing here commits, and doing it twice is doing it once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import joinedload

from inbox import search, spam
from inbox.db import now, session
from inbox.models import Attachment, Draft, Identity, Message, Payload, SpamWord, Survey, Ticket
from inbox.privacy import fields, shred
from inbox.tickets.changing import changing
from inbox.tickets.status import shift

WAITING = ("queued", "unconfirmed")
_NONE: Mapping[str, str] = {}


class Sending(Exception):
    """One of the messages is on its way at this moment: nobody may take its words from it."""


def ticket(found: Ticket, *, close: bool = False, addresses: Mapping[str, str] = _NONE) -> Counter[str]:
    """Everything that was said in it, by whoever it was; with ``close`` it also goes on no more.

    ``addresses`` are those that identities had until now, by their id. Raises Sending.
    """
    with changing(found) as change:
        if close and found.is_open:
            shift(change, "closed")
        ids = session.scalars(select(Message.id).where(Message.ticket_id == found.id)).all()
        _unlearn(found, addresses)
        gone = messages(ids)
        gone += _drafts(Draft.ticket_id == found.id)
        gone += _surveys(found.id)
        for name in fields.belonging("ticket"):
            if name not in ("ticket", "draft", "survey", "spam_word"):
                rows(name, found.id)
        search.forget_ticket(found)
        session.execute(_set("ticket").where(Ticket.id == found.id))
        session.refresh(found, ["subject", "snippet", "language"])
        found.emptied_at, found.words_learnt = now(), ""
        change.record("emptied", messages=gone["messages"], files=gone["files"])
    gone["tickets"] += 1
    return gone


def messages(ids: Sequence[int]) -> Counter[str]:
    """What these say, and what came or left with them. Those that wait to be sent never are. Raises
    Sending."""
    if not ids:
        return Counter()
    _stop(ids)
    kept = select(Message.payload_id, Message.raw_sha256, Message.bounces).where(Message.id.in_(ids))
    rows = session.execute(kept).all()
    reports = [mark.get("payload_id") for row in rows for mark in row.bounces or ()]
    gone = Counter(messages=len(ids), raw=shred.doom(row.raw_sha256 for row in rows))
    gone += payloads({row.payload_id for row in rows} | {*reports}, but_for=ids)
    gone += attachments(Attachment.message_id.in_(ids))
    for message in session.scalars(select(Message).where(Message.id.in_(ids))):
        search.forget_message(message)
        session.expire(message)
    session.execute(_set("message").where(Message.id.in_(ids)))
    return gone


def _stop(ids: Sequence[int]) -> None:
    """Whoever sends claims by UPDATE, and so do we: one of us comes second."""
    stopped = {"state": "failed", "put_aside": True, "leased_until": None, "lease": None}
    session.execute(update(Message).where(Message.id.in_(ids), Message.state.in_(WAITING)).values(**stopped))
    going = select(Message.id).where(Message.id.in_(ids), Message.state == "sending")
    if session.scalar(going.limit(1)):
        raise Sending


def attachments(*which: Any) -> Counter[str]:
    """Files of messages and drafts, with the rows that named them."""
    names = session.scalars(select(Attachment.sha256).where(*which)).all()
    shred.doom(names)
    session.execute(delete(Attachment).where(*which))
    return Counter(files=len(names))


def payloads(ids: set[Any], but_for: Sequence[int] = ()) -> Counter[str]:
    """The bytes as they came. The row stays, so that the same place of a mailbox is not fetched again; one
    that another message needs stays whole, unless that is one of ``but_for``."""
    wanted = [number for number in ids if number]
    if not wanted:
        return Counter()
    others = select(Message.payload_id).where(Message.payload_id.in_(wanted), Message.id.not_in(but_for))
    free = (Payload.id.in_(wanted), Payload.id.not_in(others), Payload.state != "new", Payload.sha256 != "")
    names = session.scalars(select(Payload.sha256).where(*free)).all()
    if not names:
        return Counter()
    twins = or_(Payload.id.in_(wanted), Payload.state == "ignored")  # the same bytes, fetched once more
    shred.doom(names)
    session.execute(_set("payload").where(Payload.sha256.in_(names), twins, Payload.id.not_in(others)))
    return Counter(raw=len(names))


def _drafts(*which: Any) -> Counter[str]:
    ids = session.scalars(select(Draft.id).where(*which)).all()
    gone = attachments(Attachment.draft_id.in_(ids)) if ids else Counter[str]()
    session.execute(delete(Draft).where(Draft.id.in_(ids)))
    return gone + Counter(drafts=len(ids))


def drafts(*which: Any) -> Counter[str]:
    """What colleagues had begun to write, with its files."""
    return _drafts(*which)


def _surveys(ticket_id: int) -> Counter[str]:
    ids = session.scalars(select(Survey.id).where(Survey.ticket_id == ticket_id)).all()
    if not ids:
        return Counter()
    for name in fields.belonging("survey"):
        table = fields.table(name)
        session.execute(_set(name).where(table.c.survey_id.in_(ids)))
    waiting = (Survey.id.in_(ids), Survey.state == "waiting")
    session.execute(update(Survey).where(*waiting).values(state="skipped", reason="off"))
    session.execute(_set("survey").where(Survey.id.in_(ids)))
    return Counter(answers=len(ids))


def _unlearn(found: Ticket, addresses: Mapping[str, str]) -> None:
    """Its words no longer count as spam or good ones; a word that nobody else used is forgotten."""
    first = session.scalar(
        select(Message)
        .where(Message.ticket_id == found.id, Message.kind == "customer", Message.text != "")
        .order_by(Message.id)
        .limit(1)
        .options(joinedload(Message.identity).joinedload(Identity.customer))
    )
    if first is None or not found.words_learnt:
        return
    sender = first.identity.address if first.identity else ""
    words = spam.words(first.subject, first.text, addresses.get(str(first.identity_id), sender))
    spam.learn(words, found.words_learnt, "")
    session.execute(
        delete(SpamWord).where(SpamWord.word.in_(sorted(words)), SpamWord.spam == 0, SpamWord.good == 0)
    )


def rows(name: str, number: int) -> None:
    """Rows of a table that belong to a ticket or a customer, as the map says."""
    each, table = fields.MAP[name], fields.table(name)
    which = table.c[each.by] == number
    session.execute(delete(table).where(which) if each.goes else _set(name).where(which))


def _set(name: str) -> Any:
    return (
        update(fields.table(name)).values(**fields.empty(name)).execution_options(synchronize_session=False)
    )
