"""Everything the house holds about a person, in one file (LGPD art. 18, II and V; GDPR art. 15 and 20).

A zip: ``data.json`` for machines, in the shape ``docs/privacy.md`` describes; ``index.html`` for people,
without scripts and without anything from elsewhere; the files that came and left; the mails as they did.

Notes that colleagues wrote about them are in it: opinions are personal data, too (CJEU C-434/16). Left out
is what would harm others (GDPR art. 15(4)): the names of who works here, what other people wrote in the
same conversation, and whom a message went to besides, where the person could not see it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from inbox import audit, files, memos
from inbox.db import now, reading, session, writing
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
from inbox.privacy import fields, people, shred
from inbox.privacy.requests import LINK_DAYS, link

FORMAT = "prosa-export-1"
BATCH = 50
TEMPORARY = ".export-"


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


def make(request_id: int, lease: str) -> str:
    """Write it, and say that it is there; why not, if not. A worker that is killed leaves nothing that is not
    removed."""
    with _folder(request_id) as folder:
        path = folder / "export.zip"
        with reading():
            request = session.get_one(PrivacyRequest, request_id)
            if people.has_changed(request):
                return "changed"
            counts = _write(path, request)
        sha256, size = _digest(path)
        with writing():
            shred.doom([sha256])  # should we be killed before the row names it
        with writing():
            mine = (PrivacyRequest.id == request_id, PrivacyRequest.lease == lease)
            found = session.scalar(
                select(PrivacyRequest).where(*mine, PrivacyRequest.state == "running").with_for_update()
            )
            if found is None:
                return ""
            files.take(path, sha256)
            found.file_sha256, found.file_size, found.counts = sha256, size, dict(counts)
            found.state, found.finished_at, found.expires_at = "done", now(), now() + LINK_DAYS
            audit.record(
                "export_written", None, customer_id=found.customer_id, request=found.id, counts=dict(counts)
            )
            if found.by:
                memos.write(
                    found.by.email, "privacy_ready", found.by.language, agent=found.by, link=link(found)
                )
    return ""


@contextmanager
def _folder(request_id: int) -> Iterator[Path]:
    """On the same disk as the file store. What a killed worker left there of this one is removed first."""
    forget(request_id)
    with tempfile.TemporaryDirectory(dir=files.root(), prefix=f"{TEMPORARY}{request_id}-") as folder:
        yield Path(folder)


def forget(request_id: int) -> None:
    """Remove what was begun of this request's file and never ended."""
    for left in files.root().glob(f"{TEMPORARY}{request_id}-*"):
        shutil.rmtree(left, ignore_errors=True)


def _digest(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size


# ---------------------------------------------------------------------------------------- writing


def _write(path: Path, request: PrivacyRequest) -> Counter[str]:
    person = people.of(request.customer_id)
    theirs = people.identities(person)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        copy = Copy(archive, frozenset(person.identities), frozenset(one.address for one in theirs))
        data = {
            "format": FORMAT,
            "made_at": _iso(now()),
            "company": Installation.current().company,
            "request": {"number": request.id, "asked_at": _iso(request.asked_at), "law": request.law},
            "person": _person(person, theirs),
            "conversations": list(_conversations(copy)),
            "elsewhere": list(_elsewhere(copy)),
            "records": _records(copy),
        }
        archive.writestr("data.json", json.dumps(data, ensure_ascii=False, indent=1))
        archive.writestr("index.html", _page(data))
    return copy.counts


def _person(person: people.Person, theirs: Any) -> dict[str, Any]:
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
        "addresses": [_given("identity", one) | {"since": _iso(one.created_at)} for one in theirs],
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


# -------------------------------------------------------------------------------- the page for people

WORDS = {
    "en": {
        "title": "What {company} holds about you",
        "made": "Made on {date}. The same for machines is in data.json; files and mails lie beside this "
        "page.",
        "you": "You",
        "company": "We",
        "note": "A note among us about this",
        "another person": "Somebody else",
        "left_out": "What other people wrote is theirs and is left out (GDPR art. 15(4)).",
        "conversations": "Conversations",
        "elsewhere": "What you wrote in conversations of others",
        "person": "You, as we know you",
        "empty": "Its words were erased on {date}.",
        "no_subject": "No subject",
        "rated": "You rated this {score} of 5.",
        "mail": "the mail itself",
    },
    "pt": {
        "title": "O que {company} guarda sobre você",
        "made": "Feito em {date}. Os mesmos dados, para programas, estão em data.json; os arquivos e os "
        "e-mails estão ao lado desta página.",
        "you": "Você",
        "company": "Nós",
        "note": "Uma anotação nossa sobre isto",
        "another person": "Outra pessoa",
        "left_out": "O que outras pessoas escreveram é delas e ficou de fora (RGPD, art. 15(4)).",
        "conversations": "Conversas",
        "elsewhere": "O que você escreveu em conversas de outras pessoas",
        "person": "Você, como conhecemos",
        "empty": "O que foi dito aqui foi apagado em {date}.",
        "no_subject": "Sem assunto",
        "rated": "Você deu nota {score} de 5.",
        "mail": "o e-mail em si",
    },
}
"""The words are the customer's, so they stand here, and not among the translations of the screens."""

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1c1917}"
    "h1{font-size:1.6rem}h2{margin-top:2.5rem}article{border-top:1px solid #d6d3d1;padding:.75rem 0}"
    "dt{color:#57534e}dd{margin:0 0 .5rem}small{color:#57534e}pre{white-space:pre-wrap;font:inherit}"
)


def _page(data: dict[str, Any]) -> str:
    language = str(data["person"]["language"] or Installation.current().language)
    said = WORDS["pt" if language.lower().startswith("pt") else "en"]
    title = escape(said["title"].format(company=data["company"]))
    facts = "".join(_facts(data["person"]))
    talks = "".join(_talk(one, said) for one in data["conversations"])
    away = "".join(_said(one, said) for one in data["elsewhere"])
    elsewhere = f"<h2>{said['elsewhere']}</h2>{away}" if away else ""
    return (
        f'<!doctype html><html lang="{escape(language[:2])}"><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style><h1>{title}</h1>'
        f"<p>{escape(said['made'].format(date=data['made_at'][:10]))}</p>"
        f"<h2>{said['person']}</h2><dl>{facts}</dl><h2>{said['conversations']}</h2>{talks}"
        f"{elsewhere}</html>"
    )


def _facts(person: dict[str, Any]) -> Iterator[str]:
    for name, value in person.items():
        if name == "addresses":
            value = ", ".join(one["address"] for one in value)
        elif name == "fields":
            value = "; ".join(f"{one['name']}: {one['value']}" for one in value)
        elif isinstance(value, list):
            value = ", ".join(value)
        if value:
            yield f"<dt>{escape(name.replace('_', ' '))}</dt><dd>{escape(str(value))}</dd>"


def _talk(one: dict[str, Any], said: dict[str, str]) -> str:
    head = f"<h3>#{one['number']} {escape(one['subject'] or said['no_subject'])}</h3>"
    if one["emptied_at"]:
        return f"{head}<p>{escape(said['empty'].format(date=one['emptied_at'][:10]))}</p>"
    rated = "".join(
        f"<article><p>{said['rated'].format(score=each['score'])}</p><pre>{escape(each['comment'])}</pre></article>"
        for each in one["ratings"]
        if "score" in each
    )
    return head + "".join(_said(each, said) for each in one["messages"]) + rated


def _said(one: dict[str, Any], said: dict[str, str]) -> str:
    head = f"<p><b>{escape(said[one['from']])}</b> <small>{escape((one['at'] or '')[:16])}</small></p>"
    if "left_out" in one:
        return f"<article>{head}<p><small>{escape(said['left_out'])}</small></p></article>"
    links = [(each["path"], each["filename"]) for each in one["files"] if each["path"]]
    links += [(one["original"], said["mail"])] if one["original"] else []
    listed = " · ".join(f'<a href="{escape(path)}">{escape(name)}</a>' for path, name in links)
    return f"<article>{head}<pre>{escape(one['text'])}</pre><p><small>{listed}</small></p></article>"
