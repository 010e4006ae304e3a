"""What every composer is drawn from, and how what it sends is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Flask, abort, request
from flask_babel import gettext as _
from sqlalchemy import select

from inbox import channels, drafts, macros, pictures
from inbox.channels import Person
from inbox.db import session
from inbox.mail.clean import to_text
from inbox.models import Account, AccountAddress, Attachment, Draft, Identity, Message, Thread, Ticket
from inbox.tickets import Refused, copies, quoting, recipients, senders
from inbox.tickets.forward import subject_of
from inbox.tickets.recipients import ROLES
from inbox.tickets.reply import customers_thread, subject_of_answer, thread_among
from inbox.views import found
from inbox.web.current import me
from inbox.web.i18n import moment, zone

MB = 1_000_000
LONGEST_LINE = 1000
"""Of what is only named in passing."""


@dataclass(slots=True)
class Fields:
    """What stands in the fields of one message, and what may be chosen there."""

    people: dict[str, list[Person]]
    senders: Sequence[AccountAddress]
    sender: AccountAddress | None
    subject: str = ""
    signed: bool = True
    send_at: datetime | None = None
    then: str = "pending"
    usual: dict[str, str] = field(default_factory=dict)
    """What stands in each field unless somebody changes it, as typed."""
    touched: bool = False
    offered: Sequence[Person] = ()
    macros: str = ""
    """What is done once it is sent, as ``macros.Pending`` is kept."""

    def typed(self, role: str) -> str:
        return _typed(self.people[role])

    @property
    def renamed(self) -> bool:
        """Whether its writer calls it otherwise."""
        return bool(self.subject) and self.subject != self.usual.get("subject")

    @property
    def everybody(self) -> list[Person]:
        return [person for role in ROLES for person in self.people[role]]


@dataclass(slots=True)
class Desk:
    """A composer: the agent's drafts on a ticket, and the fields of each kind of message."""

    drafts: dict[str, Draft | None]
    fields: dict[str, Fields]
    kind: str
    ours: list[str]
    bounced: dict[str, str]
    about: Message | None = None
    """What is passed on; without it, in a forward, the whole conversation."""


def beside(ticket: Ticket, kind: str = "", said: Sequence[Message] | None = None) -> dict[str, Any]:
    """What a ticket's composer is drawn from; ``said`` are all its messages, where they are at hand."""
    kept = drafts.of(ticket, me())
    if not me().may_write:
        return {"drafts": kept, "desk": Desk(kept, {}, "note", ours=[], bounced={})}
    fields = {"reply": _reply(ticket, kept["reply"], said)}
    about = None
    if forward := kept["forward"]:
        about = original(ticket, forward)
        fields["forward"] = _forward(ticket, forward, about, fields["reply"])
    customer = ticket.identity
    desk = Desk(
        drafts=kept,
        fields=fields,
        kind=kind or _shown(kept),
        ours=[one.address for one in ticket.account.addresses],
        bounced={customer.address: came_back(customer)} if customer.bounced_at else {},
        about=about,
    )
    return {"drafts": kept, "desk": desk}


def beginning(draft: Draft | None, to: str = "") -> Desk:
    """What the page of a new conversation is drawn from."""
    mine = senders.for_agent(me())
    kept = draft.recipients if draft else {"to": to}
    fields = _fields(kept, mine, next(iter(mine), None), {})
    fields.subject = draft.subject if draft else ""
    return Desk(
        drafts={"new": draft},
        fields={"new": fields},
        kind="new",
        ours=[one.address for one in mine],
        bounced=bounced(person.address for person in fields.everybody),
    )


def original(ticket: Ticket, draft: Draft) -> Message | None:
    """The message a forward is about; None for the whole conversation, and for one that is gone."""
    number = draft.recipients.get("of")
    about = session.get(Message, number) if number else None
    return about if about and about.ticket_id == ticket.id and about.kind != "note" else None


def _shown(kept: dict[str, Draft | None]) -> str:
    """Where somebody left off: an answer goes before a note, and both before what is passed on."""
    full = [kind for kind in ("reply", "note") if (draft := kept[kind]) and draft.html]
    if full:
        return full[0]
    return "forward" if kept["forward"] else "reply"


def _reply(ticket: Ticket, draft: Draft | None, said: Sequence[Message] | None) -> Fields:
    usual = copies.of(ticket, said)
    thread = thread_among(said) if said else _thread(ticket)
    ours = {one.id: one for one in ticket.account.addresses}
    sender = ours.get(thread.address_id or 0) if thread else None
    sender = sender or senders.main(ticket.account)
    fields = _fields(
        draft.recipients if draft else {},
        _choice(ticket, sender),
        sender,
        {"to": _typed(usual.to), "cc": _typed(usual.cc)},
    )
    if channels.of(ticket.account.kind).capabilities.subject:
        fields.usual["subject"] = subject_of_answer(ticket)
        fields.subject = (draft.subject if draft else "") or fields.usual["subject"]
    there = {person.address.lower() for person in fields.everybody}
    fields.offered = [person for person in usual.offered if person.address.lower() not in there]
    return fields


def _thread(ticket: Ticket) -> Thread | None:
    try:
        return customers_thread(ticket)
    except Refused:
        return None


def _choice(ticket: Ticket, sender: AccountAddress | None) -> list[AccountAddress]:
    """Addresses of the account that this agent may use; the one that was written to in any case."""
    own = ticket.account.addresses
    if len(own) < 2:
        return list(own)
    mine = senders.for_agent(me(), ticket.account, own)
    return mine if sender is None or sender in mine else [sender, *mine]


def _forward(ticket: Ticket, draft: Draft, about: Message | None, reply: Fields) -> Fields:
    fields = _fields(draft.recipients, reply.senders, reply.sender, {"subject": subject_of(ticket, about)})
    fields.subject = draft.subject or fields.usual["subject"]
    return fields


def _fields(
    kept: dict[str, Any],
    choice: Sequence[AccountAddress],
    sender: AccountAddress | None,
    usual: dict[str, str],
) -> Fields:
    touched = any(role in kept for role in ROLES)
    typed = {role: str(kept.get(role, "" if touched else usual.get(role, ""))) for role in ROLES}
    chosen = next((one for one in choice if one.id == kept.get("from")), None)
    return Fields(
        people={role: recipients.read(text) for role, text in typed.items()},
        senders=choice,
        sender=chosen or sender,
        signed=bool(kept.get("signature", True)),
        send_at=moment_in(str(kept.get("send_at", ""))),
        then=str(kept.get("then") or "pending"),
        usual={"from": str(sender.id) if sender else "", **usual},
        touched=touched,
        macros=str(kept.get("macros") or ""),
    )


def addressees(draft: Draft) -> str:
    """Whom a draft is for, as one calls them."""
    people = recipients.read(str(draft.recipients.get("to", ""))[:LONGEST_LINE])
    return ", ".join(one.name or one.address for one in people)


def _typed(people: Iterable[Person]) -> str:
    return recipients.typed({"name": one.name, "address": one.address} for one in people)


def bounced(addresses: Iterable[str]) -> dict[str, str]:
    """Addresses from which our mail came back, each with a sentence that says so."""
    wanted = {address.lower() for address in addresses}
    if not wanted:
        return {}
    which = (Identity.kind == "mail", Identity.address.in_(wanted), Identity.bounced_at.is_not(None))
    return {one.address: came_back(one) for one in session.scalars(select(Identity).where(*which))}


def came_back(identity: Identity) -> str:
    date = moment(identity.bounced_at)
    return _("Mail to %(address)s came back (%(date)s).", address=identity.address, date=date)


def largest(account: Account) -> int:
    """Bytes of files beyond which they leave as links."""
    defaults = {one.name: one.default for one in channels.of(account.kind).fields}
    return int(account.settings.get("largest_mail") or defaults.get("largest_mail") or 0) * MB


def passed_facts(message: Message) -> list[tuple[str, str]]:
    """The header block of what is forwarded, as it will be read."""
    return quoting.facts(message, me().language, me().zone)


def show_pictures(written: Draft | Message) -> str:
    """Words of ours for the screen, with their pictures."""
    files = written.files if isinstance(written, Draft) else written.attachments
    return pictures.show(written.html or "", files)


def signature_of(written: AccountAddress | Message) -> str:
    """A signature for the screen, of an address or of what left with it."""
    if not pictures.are_in(written.signature):
        return written.signature
    files = written.pictures if isinstance(written, AccountAddress) else written.attachments
    return pictures.show(written.signature, files)


def own_signature(sender: AccountAddress | None) -> str:
    """What stands below what I write from this address, for the screen."""
    whole = senders.signature(me(), sender)
    return pictures.show(whole, sender.pictures) if sender and pictures.are_in(whole) else whole


def init(app: Flask) -> None:
    """What only composers' templates ask for."""
    app.jinja_env.globals.update(
        largest_of=largest,
        passed_facts=passed_facts,
        show_pictures=show_pictures,
        signature_of=signature_of,
        own_signature=own_signature,
        addressees=addressees,
        draft_text=lambda draft: to_text(draft.html),
    )


# --------------------------------------------------------------------------------- what was sent


def people_in(role: str) -> list[Person] | None:
    """Who stands in a field; None where the form has no such field."""
    return recipients.read(",".join(request.form.getlist(role))) if role in request.form else None


def sent_fields() -> dict[str, Any]:
    """Everything beside the words, as a draft keeps it."""
    fields: dict[str, Any] = {name: request.form[name] for name in drafts.TYPED if name in request.form}
    fields["from"] = found.whole(request.form.get("from"))
    if "signature" in request.form:
        fields["signature"] = request.form["signature"] != "0"
    return fields


def send_at() -> datetime | None:
    """When it is to leave. Without a zone it is the agent's own time."""
    typed = request.form.get("send_at", "")
    return moment_in(typed) or (abort(422) if typed else None)


def moment_in(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=zone())


def pending() -> macros.Pending | None:
    """What macros were to do with it."""
    try:
        return macros.pending(request.form.get("macros", ""))
    except macros.Invalid:
        abort(422)


def files_of(draft: Draft | None) -> list[Attachment]:
    """The draft's files that the form names, in its order, and its pictures: their place is in the text."""
    if draft is None:
        return []
    have = {file.token: file for file in draft.files}
    named = [have[token] for token in dict.fromkeys(request.form.getlist("file")) if token in have]
    return [*named, *(file for file in draft.files if file.inline and file not in named)]


def why(refused: Refused) -> str:
    """A sentence that says what to do."""
    about = {"address": refused.detail}
    reasons = {
        "empty": _("There is nothing to send yet."),
        "too_long": _("That is too long for one message."),
        "no_address": _("There is no address to answer to. You can leave a note."),
        "nobody": _("Say whom it goes to: To is empty."),
        "bad_copy": _("“%(address)s” is not an e-mail address.", **about),
        "own_address": _("%(address)s is one of our own addresses: it would come back to us.", **about),
        "too_many": _("That is too many people for one message: at most %(n)s.", n=recipients.MOST),
        "no_sender": _("You cannot write from that address. Choose another one under From."),
        "no_subject": _("Give it a subject: it is what they see first."),
        "past": _("That moment is over: choose a later one."),
        "too_late": _("That is more than a year away: choose an earlier moment."),
        "nothing_to_forward": _("There is no message here that could be forwarded."),
        "gaps": _("Fill these in first, or take them out: %(names)s.", names=refused.detail),
    }
    return reasons.get(refused.reason) or _("It cannot be sent like this.")
