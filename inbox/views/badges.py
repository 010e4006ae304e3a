"""What is special about a message: an icon, a few plain words, and a sentence for who wants to know more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from inbox.channels import N_
from inbox.models import Message


@dataclass(frozen=True, slots=True)
class Badge:
    """`tone` is ``ok``, ``risk``, ``breach`` or empty; without `text` only the icon is drawn."""

    icon: str
    text: str
    tip: str
    tone: str = ""


NOTES = {
    "smime_signed": (
        "key",
        N_("Signed, not checked"),
        N_("It carries an S/MIME signature. Prosa does not check signatures."),
    ),
    "smime_encrypted": (
        "lock",
        N_("Encrypted"),
        N_("It is encrypted with S/MIME: open the attached file with your own key."),
    ),
    "pgp_signed": (
        "key",
        N_("Signed, not checked"),
        N_("It carries a PGP signature. Prosa does not check signatures."),
    ),
    "pgp_encrypted": ("lock", N_("Encrypted"), N_("It is encrypted with PGP: open it with your own key.")),
    "invitation": (
        "calendar",
        N_("Invitation"),
        N_("It invites to an event. The attached calendar file has the details."),
    ),
    "invitation_reply": (
        "calendar",
        N_("Answer to an invitation"),
        N_("It answers an invitation to an event."),
    ),
    "invitation_cancelled": (
        "calendar",
        N_("Event cancelled"),
        N_("The event it is about does not take place."),
    ),
    "from_missing": (
        "alert",
        N_("No sender"),
        N_("The mail names no sender; this address is taken from its other fields."),
    ),
    "from_repeated": (
        "alert",
        N_("Several senders"),
        N_("The mail names more than one sender. Only the first is shown."),
    ),
    "from_malformed": ("alert", N_("Odd sender"), N_("The sender's address is not written as it should be.")),
    "name_is_address": (
        "alert",
        N_("Odd sender"),
        N_("The sender's name was another mail address, which is not shown."),
    ),
    "through_group": (
        "users",
        N_("Through a group"),
        N_("It came through a group address of ours, which says who wrote it."),
    ),
    "from_group": (
        "alert",
        N_("Unverified"),
        N_("It came through a group address of ours, and the server could not confirm who wrote it."),
    ),
    "html_cut": ("info", N_("Cut"), N_("The mail is very long: its end is only in the original.")),
    "text_cut": ("info", N_("Cut"), N_("The mail is very long: its end is only in the original.")),
}
RISKY = ("from_missing", "from_repeated", "from_malformed", "from_group", "name_is_address")

MACHINES = {
    "auto-replied": (
        N_("Automatic reply"),
        N_("A mail program answered by itself, such as “out of office”. It changes no state."),
    ),
    "list": (N_("Mailing list"), N_("It came through a mailing list. Nothing is answered to it by itself.")),
    "bulk": (N_("Bulk mail"), N_("It was sent to many at once. Nothing is answered to it by itself.")),
}

AUTOMATIC = (N_("Automatic"), N_("A machine wrote this, not a person."))


def of(message: Message) -> list[Badge]:
    """In the order in which they matter."""
    if message.kind == "note":
        return []
    return list(_of_theirs(message) if message.kind == "customer" else _of_ours(message))


def _of_theirs(message: Message) -> Iterator[Badge]:
    yield from _trust(message)
    if message.third_party:
        yield Badge(
            "user-plus", _("Third party"), _("From somebody who was not part of this conversation."), "risk"
        )
    if message.automated:
        text, tip = MACHINES.get(message.automated, AUTOMATIC)
        yield Badge("bot", _(text), _(tip))
    seen = set()
    for code in message.notes or ():
        if code in NOTES and NOTES[code][:2] not in seen:
            seen.add(NOTES[code][:2])
            icon, text, tip = NOTES[code]
            yield Badge(icon, _(text), _(tip), "risk" if code in RISKY else "")
    if message.imported:
        yield _imported()


def _of_ours(message: Message) -> Iterator[Badge]:
    if message.automated == "survey":
        yield Badge("smile", _("Question"), _("Prosa asked by itself how the conversation was."))
    elif message.automated:
        yield Badge(
            "bot", _("Automatic acknowledgement"), _("Prosa confirmed by itself that the request arrived.")
        )
    if message.forward:
        yield Badge(
            "forward", _("Forwarded"), _("It went to somebody else, and is no answer to the customer.")
        )
    if message.imported:
        yield _imported()


def _imported() -> Badge:
    return Badge("download", _("Imported"), _("It was in the mailbox before Prosa was."))


def _trust(message: Message) -> Iterator[Badge]:
    address = message.identity.address if message.identity else ""
    if message.trust == "pass":
        yield Badge(
            "verified",
            "",
            _(
                "Verified: it really came from %(domain)s (%(checks)s).",
                domain=address.rpartition("@")[2],
                checks=_passed(message),
            ),
            "ok",
        )
    elif message.trust == "fail" or message.checks:
        yield Badge(
            "alert",
            _("Unverified"),
            _("The server could not confirm that this is from %(address)s.", address=address),
            "breach" if message.trust == "fail" else "risk",
        )


def _passed(message: Message) -> str:
    passed = [name.upper() for name in ("dmarc", "dkim", "spf") if (message.checks or {}).get(name) == "pass"]
    return ", ".join(passed) or "DMARC"


# ------------------------------------------------------------------------- who did not get it, and why

REASONS = (
    ("4.2.2", N_("the mailbox is full")),
    ("5.2.2", N_("the mailbox is full")),
    ("5.1.1", N_("the mailbox does not exist")),
    ("5.1.0", N_("the mailbox does not exist")),
    ("5.1.10", N_("the mailbox does not exist")),
    ("5.1.2", N_("the domain does not exist")),
    ("5.4.4", N_("the domain does not exist")),
    ("5.1.6", N_("the mailbox has moved")),
    ("5.2.1", N_("the mailbox is switched off")),
    ("5.2.3", N_("the mail is too large for it")),
    ("5.3.4", N_("the mail is too large for it")),
    ("5.4.1", N_("its server did not answer")),
    ("5.4.7", N_("its server did not answer in time")),
    ("4.4.1", N_("its server did not answer")),
    ("4.4.7", N_("its server did not answer in time")),
    ("5.7.", N_("its server refused the mail")),
    ("4.7.", N_("its server does not take the mail yet")),
)
"""Enhanced status codes (RFC 3463) as people say them."""


@dataclass(frozen=True, slots=True)
class Undelivered:
    """One who did not get a message of ours: a sentence, and the server's own words for who wants them."""

    text: str
    said: str
    delayed: bool


def undelivered(message: Message) -> list[Undelivered]:
    """Whoever bounced, then whom the provider refused when it took the message for the others."""
    known = [_bounced(mark) for mark in message.bounces or ()]
    bounced = {mark.get("address", "") for mark in message.bounces or ()}
    return known + [
        _refused(address, answer)
        for address, answer in (message.refused or {}).items()
        if address not in bounced
    ]


def _bounced(mark: dict[str, Any]) -> Undelivered:
    address, status, said = mark.get("address", ""), mark.get("status") or "", mark.get("diagnostic") or ""
    reason = _reason(status)
    if mark.get("action") == "delayed":
        text = _("Delayed for %(address)s: its server is still trying.", address=address)
        return Undelivered(text, said, delayed=True)
    return Undelivered(_not_delivered(address, reason), said or status, delayed=False)


def _refused(address: str, answer: dict[str, Any]) -> Undelivered:
    said = str(answer.get("said") or "")
    if answer.get("again"):
        return Undelivered(
            _("Not yet taken for %(address)s: we try again.", address=address), said, delayed=True
        )
    status = next((word.strip(";:") for word in said.split()[:3] if word[:2] in ("5.", "4.")), "")
    return Undelivered(_not_delivered(address, _reason(status)), said, delayed=False)


def _not_delivered(address: str, reason: str) -> str:
    if not reason:
        return _("Not delivered to %(address)s.", address=address)
    return _("Not delivered to %(address)s: %(reason)s.", address=address, reason=reason)


def _reason(status: str) -> str:
    found = [
        text for code, text in REASONS if status == code or (code.endswith(".") and status.startswith(code))
    ]
    return _(found[0]) if found else ""
