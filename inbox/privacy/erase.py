"""Erasing a person (LGPD art. 18, VI; GDPR art. 17): their names, addresses, words and files, wherever they
stand.

What stays is that there were conversations: their numbers, states and moments, and who answered. So figures
stay true and say nothing of anybody. Whatever comes from the person afterwards is a new person's.

First, in one transaction, nobody is known by their addresses any more and their conversations are closed
and let go of by their threads, so that a mail that arrives meanwhile opens a new one. Then the rest goes in
batches; each is a transaction that also says how far it has come.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, cast, delete, exists, or_, select, update

from inbox import audit, drafts, files
from inbox.db import now, session, writing
from inbox.models import (
    Connection,
    Customer,
    Draft,
    Hold,
    Installation,
    Message,
    Payload,
    PrivacyRequest,
    Thread,
    Ticket,
)
from inbox.models.privacy_request import UNDER_WAY
from inbox.privacy import ERASED, empty, export, fields, people, shred, tombstones
from inbox.tickets.changing import changing
from inbox.tickets.status import shift

STEPS = ("begin", "tickets", "elsewhere", "named", "bytes", "rest", "files", "end")
"""What is done, in this order."""
NAMES = {"en": ("Erased person", "erased"), "pt": ("Pessoa apagada", "apagada")}
"""What stands in the place of a name and of an address, in the company's language."""
TICKETS = 10
MESSAGES = 200
LOOKED_THROUGH = 2000
"""Messages of others, in one batch: looked through for the person's addresses in To, Cc and the like."""
OPENED = 100
"""Payloads of no conversation, in one batch: opened, to see whether they name the person."""


def step(request: PrivacyRequest) -> str | None:
    """The next batch. Why it has to wait, if it has; ``compact`` when only the database's own traces are
    left."""
    name = request.progress.get("step", STEPS[0])
    try:
        done = _DO[name](request, person(request))
    except empty.Sending:
        return "sending"
    if isinstance(done, str):
        return done
    if done and name != STEPS[-1]:
        request.progress = {**_overall(request), "step": STEPS[STEPS.index(name) + 1]}
    return None


def person(request: PrivacyRequest) -> people.Person:
    """Who they were when it began: whoever is made one with them since is not erased with them, and nothing
    that is parted from them is left out."""
    begun = request.scratch.get("person")
    return people.Person(*map(tuple, begun)) if begun else people.of(request.customer_id)


def _overall(request: PrivacyRequest) -> dict[str, Any]:
    return {key: request.progress[key] for key in ("done", "total") if key in request.progress}


def _count(request: PrivacyRequest, gone: Counter[str]) -> None:
    request.counts = dict(Counter(request.counts) + gone)


def _at(request: PrivacyRequest, **where: Any) -> None:
    request.progress = {**request.progress, **where}


# ------------------------------------------------------------------------------------------ begin


def _begin(request: PrivacyRequest, person: people.Person) -> bool | str:
    """From here on nobody is known by these addresses."""
    if people.has_changed(request):
        return "changed"
    theirs = people.identities(person)
    known = [one for one in theirs if one.kind != ERASED]
    request.scratch = {
        "person": [person.customers, person.identities],
        "addresses": sorted({one.address for one in known}),
        "by_identity": {str(one.id): one.address for one in known},
    }
    request.digests = sorted(people.digest(one.kind, one.address) for one in known)
    tickets = _theirs(person)
    total = session.scalars(tickets).all()
    _close(total)
    name, word = NAMES["pt" if Installation.current().language.startswith("pt") else "en"]
    for one in known:
        one.kind, one.address, one.name = ERASED, f"{word}-{one.id}", name
        one.verified, one.bounced_at, one.bounce_reason, one.home_id = False, None, "", None
    for customer in session.scalars(select(Customer).where(Customer.id.in_(person.customers))):
        _forget(customer, name)
    for number in person.customers:
        for name in fields.belonging("customer"):
            if name not in ("customer", "privacy_request", "hold"):
                empty.rows(name, number)
    _by_address(request.scratch["addresses"])
    request.progress = {"step": "begin", "done": 0, "total": len(total)}
    _count(request, Counter(addresses=len(known)))
    return True


def _forget(customer: Customer, name: str) -> None:
    for column, nothing in fields.empty("customer").items():
        setattr(customer, column, nothing)
    customer.name = name
    customer.version += 1
    session.flush()


def _theirs(person: people.Person) -> Any:
    """Tickets of the person that still say something: also what came in while we were at it."""
    says = or_(Message.text != "", Message.html.is_not(None))
    said = exists().where(Message.ticket_id == Ticket.id, Message.created_at > Ticket.emptied_at, says)
    return (
        select(Ticket.id)
        .where(Ticket.identity_id.in_(person.identities), or_(Ticket.emptied_at.is_(None), said))
        .order_by(Ticket.id)
    )


def _close(ticket_ids: Sequence[int]) -> None:
    for number in ticket_ids:
        ticket = session.get_one(Ticket, number)
        if ticket.is_open:
            with changing(ticket) as change:
                shift(change, "closed")
    session.execute(
        update(Thread)
        .where(Thread.ticket_id.in_(ticket_ids))
        .values(ticket_id=None, **fields.empty("thread"))
        .execution_options(synchronize_session=False)
    )


def _by_address(addresses: Iterable[str]) -> None:
    wanted = [address.lower() for address in addresses]
    for name in fields.belonging("address"):
        table = fields.table(name)
        session.execute(delete(table).where(table.c[fields.MAP[name].by].in_(wanted)))


# ---------------------------------------------------------------------------------- conversations


def _tickets(request: PrivacyRequest, person: people.Person) -> bool:
    found = session.scalars(_theirs(person).limit(TICKETS)).all()
    gone: Counter[str] = Counter()
    for number in found:
        gone += empty.ticket(
            session.get_one(Ticket, number), close=True, addresses=request.scratch["by_identity"]
        )
    _count(request, gone)
    _at(request, done=request.progress.get("done", 0) + len(found))
    return not found


def _elsewhere(request: PrivacyRequest, person: people.Person) -> bool:
    """What they wrote in conversations of others."""
    wrote = select(Message.id).where(
        Message.identity_id.in_(person.identities),
        or_(Message.text != "", Message.quoted_text != "", Message.subject != "", Message.html.is_not(None)),
    )
    ids = session.scalars(wrote.order_by(Message.id).limit(MESSAGES)).all()
    _count(request, empty.messages(ids))
    _nudge(ids)
    return not ids


def _nudge(message_ids: Sequence[int]) -> None:
    about = select(Message.ticket_id).where(Message.id.in_(message_ids)).distinct()
    for number in session.scalars(about).all():
        ticket = session.get_one(Ticket, number)
        with changing(ticket) as change:
            drafts.describe_last(ticket)
            change.record("emptied", messages=len(message_ids), files=0)


def _named(request: PrivacyRequest, _person: people.Person) -> bool:
    """Where others' messages name them as somebody who got it, too. What others wrote stays theirs."""
    after, addresses = request.progress.get("after", 0), request.scratch["addresses"]
    last = session.scalar(
        select(Message.id).where(Message.id > after).order_by(Message.id).offset(LOOKED_THROUGH - 1).limit(1)
    )
    columns = (Message.recipients, Message.refused, Message.bounces, Message.forwarded_from, Message.undo)
    names_them = or_(*(_says(column, address) for column in columns for address in addresses or ["\n"]))
    window = (Message.id > after, *([Message.id <= last] if last else []))
    for message in session.scalars(select(Message).where(*window, names_them)):
        _unname(message, {*addresses})
        _count(request, Counter(named=1))
    _at(request, after=last or after)
    return last is None


def _says(column: Any, address: str) -> ColumnElement[bool]:
    """JSON as text; letters beyond ASCII stand in it as escapes."""
    return cast(column, String).icontains(json.dumps(address)[1:-1], autoescape=True)


def _unname(message: Message, addresses: set[str]) -> None:
    def others(people_: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        return [one for one in people_ if str(one.get("address", "")).lower() not in addresses]

    message.recipients = {role: others(named) for role, named in message.recipients.items()}
    message.bounces = others(message.bounces or [])
    message.refused = {
        address: said for address, said in (message.refused or {}).items() if address.lower() not in addresses
    }
    if message.forwarded_from and not others([message.forwarded_from]):
        message.forwarded_from = None
    if message.undo and any(address in json.dumps(message.undo).lower() for address in addresses):
        message.undo = None


# ------------------------------------------------------------------------------------- what is left


def _bytes(request: PrivacyRequest, _person: people.Person) -> bool:
    """What came in and belongs to no conversation: refused, held, known already, reports of machines."""
    after = request.progress.get("after", 0)
    used = select(Message.payload_id).where(Message.payload_id.is_not(None))
    rows = session.execute(
        select(Payload.id, Payload.sha256, Payload.sender, Payload.recipients)
        .where(
            Payload.id > after,
            Payload.created_at < request.created_at,
            Payload.state != "new",
            Payload.sha256 != "",
        )
        .where(Payload.id.not_in(used))
        .order_by(Payload.id)
        .limit(OPENED)
    ).all()
    addresses = request.scratch["addresses"]
    named = {row.id for row in rows if _names(row.sha256, f"{row.sender} {row.recipients}", addresses)}
    _count(request, empty.payloads(named))
    _at(request, after=rows[-1].id if rows else after)
    return not rows


def _names(sha256: str, beside: str, addresses: Sequence[str]) -> bool:
    if any(address in beside.lower() for address in addresses):
        return True
    try:
        content = files.get(sha256).lower()
    except files.Missing:
        return False
    return any(address.encode() in content for address in addresses)


def _rest(request: PrivacyRequest, person: people.Person) -> bool:
    """Drafts to them, what providers said of them, notes on requests and holds, and exports made before."""
    addresses = request.scratch["addresses"]
    for address in addresses:
        _count(request, empty.drafts(Draft.ticket_id.is_(None), _says(Draft.recipients, address)))
        said = Connection.reason_detail.icontains(address, autoescape=True)
        session.execute(update(Connection).where(said).values(reason_detail=""))
    theirs = PrivacyRequest.customer_id.in_(person.customers)
    for other in session.scalars(select(PrivacyRequest).where(theirs)):
        if other.id != request.id and other.state in UNDER_WAY:
            other.state, other.finished_at = "withdrawn", now()
        shred.doom([other.file_sha256])
        export.forget(other.id)
        other.note, other.file_sha256 = "", None
    session.execute(update(Hold).where(Hold.customer_id.in_(person.customers)).values(reason=""))
    ours = select(Ticket.id).where(Ticket.identity_id.in_(person.identities))
    session.execute(update(Hold).where(Hold.ticket_id.in_(ours)).values(reason=""))
    request.scratch = {"until": now().isoformat()}
    tombstones.write_down(request)
    return True


def _files(request: PrivacyRequest, _person: people.Person) -> bool | str:
    """Until the last file is gone; then the traces in the database's own files."""
    if shred.waits(datetime.fromisoformat(request.scratch["until"])):
        return "files"
    request.scratch = {}
    return True


def _end(_request: PrivacyRequest, _person: people.Person) -> str:
    return "compact" if shred.may_compact() else "night"


def compacted(request_id: int, lease: str) -> bool:
    """Outside any transaction: the last of it, and that it is done."""
    if not shred.compact():
        return False
    with writing():
        mine = (PrivacyRequest.id == request_id, PrivacyRequest.lease == lease)
        request = session.scalar(select(PrivacyRequest).where(*mine, PrivacyRequest.state == "running"))
        if request:
            request.state, request.finished_at, request.progress = "done", now(), {}
            audit.record(
                "erasure_done",
                None,
                customer_id=request.customer_id,
                request=request.id,
                counts=request.counts,
            )
    return True


_DO = {
    "begin": _begin,
    "tickets": _tickets,
    "elsewhere": _elsewhere,
    "named": _named,
    "bytes": _bytes,
    "rest": _rest,
    "files": _files,
    "end": _end,
}
