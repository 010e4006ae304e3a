"""What pages of customers and conversations say of privacy: a legal hold, requests under way, an erasure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from flask import Flask
from flask_babel import lazy_gettext as _

from inbox.db import now
from inbox.models import Customer, Hold, PrivacyRequest, Ticket
from inbox.privacy import holds, people, requests

STATE_WORDS = {
    "waiting": _("waits for a second person"),
    "approved": _("approved"),
    "running": _("under way"),
    "done": _("done"),
    "refused": _("refused"),
    "withdrawn": _("taken back"),
    "failed": _("failed"),
}
PROOF_WORDS = {
    "answered": _("They answered a mail of ours from their address"),
    "called": _("We called them back on a number we already had"),
    "signed": _("A signed letter or an official document"),
    "in_person": _("They came in person"),
    "replayed": _("They had been erased, and a backup brought them back"),
}
LAW_WORDS = {"lgpd": _("LGPD: 15 days"), "gdpr": _("GDPR: one month")}
WAIT_WORDS = {
    "held": _("It waits: a legal hold stands."),
    "sending": _("It waits: a message of theirs is leaving at this moment."),
    "files": _("It waits a moment before the files go, for somebody may be storing the same ones."),
    "changed": _("Since it was approved, they were merged with somebody or parted. Ask once more."),
    "night": _("The words are gone. The database is written anew at night, for it is large."),
    "busy": _("The words are gone. The database is written anew as soon as others let it."),
}
STEP_WORDS = {
    "begin": _("Letting go of names and addresses"),
    "tickets": _("Emptying conversations"),
    "elsewhere": _("Looking through conversations of others"),
    "named": _("Looking through conversations of others"),
    "bytes": _("Looking through mails that are in no conversation"),
    "rest": _("Removing drafts and older copies"),
    "files": _("Removing files"),
    "end": _("Writing the database anew"),
}


class Privacy(NamedTuple):
    """Of one customer."""

    hold: Hold | None
    requests: Sequence[PrivacyRequest]
    erased: bool
    moment: datetime


def privacy_of(customer: Customer) -> Privacy:
    return Privacy(holds.standing(customer), requests.of(customer.id), people.is_erased(customer), now())


def hold_over(ticket: Ticket) -> Hold | None:
    """What keeps it: its own hold, or its customer's. Loaded with the ticket (``found.FACTS``)."""
    return ticket.hold or ticket.customer.hold


def init(app: Flask) -> None:
    app.jinja_env.globals.update(
        privacy_of=privacy_of,
        hold_over=hold_over,
        privacy_states=STATE_WORDS,
        privacy_proofs=PROOF_WORDS,
        privacy_laws=LAW_WORDS,
        privacy_waits=WAIT_WORDS,
        privacy_steps=STEP_WORDS,
    )
