"""What is held about a person, gathered from everywhere (``export`` writes it down)."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from inbox import files
from inbox.db import now, session
from inbox.mail.filenames import safe
from inbox.models import (
    Attachment,
    Customer,
    CustomerField,
    CustomerValue,
    Draft,
    Installation,
    Message,
    PrivacyRequest,
    Survey,
    Ticket,
)
from inbox.privacy import fields, people

FORMAT = "prosa-export-1"
BATCH = 50


@dataclass(slots=True)
class Copy:
    """An export that is being written."""

    zip: zipfile.ZipFile
    mine: frozenset[int]
    """The person's identities."""
    addresses: frozenset[str]
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, sha256: str | None) -> str | None:
        """Put a file in; its name there, or None where its bytes are gone."""
        try:
            path = files.path_of(sha256 or "")
        except files.Missing:
            return None
        self.zip.write(path, name)
        self.counts["files"] += 1
        return name


def held(request: PrivacyRequest, person: people.Person, copy: Copy) -> dict[str, Any]:
    """All of it as plain values, in the shape of ``docs/privacy.md``; its files are put into the copy."""
    return {
        "format": FORMAT,
        "made_at": _iso(now()),
        "company": Installation.current().company,
        "request": {"number": request.id, "asked_at": _iso(request.asked_at), "law": request.law},
        "person": _person(person),
        "conversations": list(_conversations(copy)),
        "elsewhere": list(_elsewhere(copy)),
        "records": _records(copy),
    }


def _person(person: people.Person) -> dict[str, Any]:
    customer = session.get_one(Customer, person.customers[0])
    values = session.execute(
        select(CustomerField.name, CustomerValue.value)
        .join(CustomerField, CustomerField.id == CustomerValue.field_id)
        .where(CustomerValue.customer_id.in_(person.customers))
        .order_by(CustomerField.position, CustomerField.id)
    )
    return {
        "number": customer.id,
        "name": customer.name,
        "also_known_as": [
            one.name
            for one in session.scalars(select(Customer).where(Customer.id.in_(person.customers[1:])))
            if one.name
        ],
        "tier": customer.tier,
        "language": customer.language,
        "zone": customer.zone,
        "organisation": customer.organisation.name if customer.organisation else None,
        "note": customer.note,
        "known_since": _iso(customer.created_at),
        "fields": [{"name": name, "value": value} for name, value in values],
        "addresses": [
            _given("identity", one) | {"since": _iso(one.created_at)} for one in people.identities(person)
        ],
    }


def _given(name: str, row: Any) -> dict[str, Any]:
    """What the map gives of a row, by its names."""
    return {column: _plain(getattr(row, column)) for column in fields.MAP[name].given.split()}


def _plain(value: Any) -> Any:
    return _iso(value) if isinstance(value, datetime) else value


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


# ---------------------------------------------------------------------------------- conversations


def _conversations(copy: Copy) -> Iterator[dict[str, Any]]:
    last = 0
    query = select(Ticket).where(Ticket.identity_id.in_(copy.mine)).order_by(Ticket.id).limit(BATCH)
    while found := session.scalars(
        query.where(Ticket.id > last).options(
            selectinload(Ticket.tags), joinedload(Ticket.topic), joinedload(Ticket.account)
        )
    ).all():
        for ticket in found:
            copy.counts["conversations"] += 1
            yield _conversation(copy, ticket)
        last = found[-1].id
        session.expunge_all()


def _conversation(copy: Copy, ticket: Ticket) -> dict[str, Any]:
    return {
        "number": ticket.id,
        **_given("ticket", ticket),
        "status": ticket.status,
        "priority": ticket.priority,
        "channel": ticket.account.kind,
        "topic": ticket.topic.name if ticket.topic else None,
        "tags": [tag.name for tag in ticket.tags],
        "began_at": _iso(ticket.created_at),
        "resolved_at": _iso(ticket.resolved_at),
        "emptied_at": _iso(ticket.emptied_at),
        "messages": [_message(copy, one) for one in _messages(Message.ticket_id == ticket.id)],
        "ratings": _ratings(ticket),
        "drafts": _drafts(copy, ticket.id),
    }


def _messages(*which: Any) -> Any:
    query = select(Message).where(*which).order_by(Message.id)
    return session.scalars(
        query.options(
            selectinload(Message.attachments), joinedload(Message.payload), joinedload(Message.identity)
        )
    )


def _elsewhere(copy: Copy) -> Iterator[dict[str, Any]]:
    """What they wrote in conversations of others."""
    theirs = select(Ticket.id).where(Ticket.identity_id.in_(copy.mine))
    for message in _messages(Message.identity_id.in_(copy.mine), Message.ticket_id.not_in(theirs)):
        yield _message(copy, message)


def _message(copy: Copy, message: Message) -> dict[str, Any]:
    copy.counts["messages"] += 1
    who = _who(copy, message)
    head = {
        "number": message.id,
        "from": who,
        "at": _iso(message.written_at or message.created_at),
        "sent_at": _iso(message.sent_at),
    }
    if who == "another person":
        return head | {"left_out": "GDPR art. 15(4)"}
    said = _given("message", message)
    if not _could_see(copy, message):
        said["recipients"] = said["forwarded_from"] = None
    elif said["recipients"]:
        said["recipients"] = {
            role: [one for one in named if role != "bcc" or one.get("address") in copy.addresses]
            for role, named in said["recipients"].items()
        }
    return head | said | {"files": _files(copy, message), "original": _original(copy, message)}


def _who(copy: Copy, message: Message) -> str:
    if message.kind == "customer":
        return "you" if message.identity_id in copy.mine else "another person"
    return "note" if message.kind == "note" else "company"


def _could_see(copy: Copy, message: Message) -> bool:
    """Whether they wrote it, or it went to them: then they know who else it went to."""
    named = [one for role in ("to", "cc", "bcc") for one in (message.recipients or {}).get(role, ())]
    return message.identity_id in copy.mine or any(one.get("address") in copy.addresses for one in named)


def _files(copy: Copy, message: Message) -> list[dict[str, Any]]:
    return [
        _given("attachment", one)
        | {"path": copy.add(f"files/{message.id}/{number}-{_name(one)}", one.sha256)}
        for number, one in enumerate(message.attachments, 1)
    ]


def _name(file: Attachment) -> str:
    return safe(file.filename) or "file"


def _original(copy: Copy, message: Message) -> str | None:
    """The mail as it came, or as it left to them. A survey's holds its address, which is theirs."""
    if message.kind == "customer":
        sha256 = message.payload.sha256 if message.payload else None
    else:
        sha256 = message.raw_sha256 if _could_see(copy, message) else None
    return copy.add(f"mail/{message.id}.eml", sha256) if sha256 else None


def _ratings(ticket: Ticket) -> list[dict[str, Any]]:
    found = session.scalars(
        select(Survey)
        .where(Survey.ticket_id == ticket.id)
        .options(joinedload(Survey.answer))
        .order_by(Survey.id)
    )
    return [
        _given("survey", one)
        | {"asked_at": _iso(one.sent_at), "declined_at": _iso(one.declined_at)}
        | (
            _given("answer", one.answer)
            | {
                "score": one.answer.score,
                "reasons": one.answer.reasons,
                "answered_at": _iso(one.answer.first_at),
            }
            if one.answer
            else {}
        )
        for one in found
    ]


def _drafts(copy: Copy, ticket_id: int) -> list[dict[str, Any]]:
    """What colleagues began to write and have not sent: it is held, too. Whom it would go to is nobody's
    yet."""
    found = session.scalars(
        select(Draft)
        .where(Draft.ticket_id == ticket_id)
        .options(selectinload(Draft.files))
        .order_by(Draft.id)
    )
    return [
        {"kind": one.kind, "at": _iso(one.updated_at), "subject": one.subject, "html": one.html}
        | {
            "files": [
                _given("attachment", file)
                | {"path": copy.add(f"files/draft-{one.id}/{n}-{_name(file)}", file.sha256)}
                for n, file in enumerate(one.files, 1)
            ]
        }
        for one in found
    ]


def _records(copy: Copy) -> dict[str, list[dict[str, Any]]]:
    """Rows that name an address and belong to nothing else."""
    found = {}
    for name in fields.belonging("address"):
        each, table = fields.MAP[name], fields.table(name)
        if each.given:
            rows = session.execute(select(table).where(table.c[each.by].in_(copy.addresses))).mappings()
            shown = (each.given + " " + each.stays).split()
            found[name] = [
                {key: _plain(row[key]) for key in shown if not key.endswith(("_id", "by"))} for row in rows
            ]
    return found
