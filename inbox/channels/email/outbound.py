"""An ``Outbound`` becomes a letter, and the envelope it leaves in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any

from inbox.channels import N_, Outbound, Person, SendError
from inbox.channels.email import links, signing
from inbox.channels.email.delivery import Envelope
from inbox.mail import marks
from inbox.mail.clean import to_text
from inbox.mail.compose import Enclosure, Letter, compose, is_message_id, on_the_line
from inbox.mail.tokens import Signer
from inbox.mail.values import Address

UNWRITABLE = N_("It cannot be written as mail: %(detail)s")

BY_MACHINE = {"Precedence": "bulk", "X-Auto-Response-Suppress": "All"}
"""Beside Auto-Submitted (RFC 3834, 5), for those who answer machines that only say so in older ways:
Precedence keeps vacation programs quiet, the other one Exchange and Outlook."""


def letter(settings: Mapping[str, Any], outbound: Outbound) -> bytes:
    """The bytes that leave, signed if that is wanted. Raises SendError (permanent)."""
    # a customer's mail program may have made up a Message-ID that cannot be written: it must not stop us
    refers_to = tuple(filter(is_message_id, outbound.refers_to))
    subject = _line(outbound.subject)
    if settings.get("subject_number") and outbound.ticket:
        subject = marks.numbered(subject, outbound.ticket)
    written = Letter(
        from_=_address(outbound.sender),
        to=tuple(map(_address, outbound.to)),
        cc=tuple(map(_address, outbound.cc)),
        bcc=tuple(map(_address, outbound.bcc)),
        reply_to=_signed_reply_to(settings, outbound),
        subject=subject,
        text=_text(outbound),
        html=_html(outbound),
        attachments=tuple(
            Enclosure(m.filename, m.content_type, m.content, m.inline, m.content_id) for m in outbound.files
        ),
        message_id=outbound.key,
        in_reply_to=refers_to[-1] if refers_to else "",
        references=refers_to,
        date=outbound.written_at or datetime.now(UTC),
        auto_submitted=_auto_submitted(outbound),
        headers={
            marks.HEADER: marks.mark(settings["signing_key"]),
            **(BY_MACHINE if outbound.automated else {}),
            **_unsubscribe(outbound.unsubscribe),
        },
    )
    try:
        raw = compose(written)
    except ValueError as problem:
        raise SendError(UNWRITABLE, str(problem), permanent=True) from problem
    return _signed(settings, outbound, raw)


def envelope(settings: Mapping[str, Any], outbound: Outbound) -> Envelope:
    """Who it leaves for: Bcc too, and after a part of them got it only the others.

    An answer of a machine has no return path, so that no bounce and no other machine can answer it (RFC 3834,
    3.3); but only where nobody signs in, because providers refuse a sender that is not who signed in.
    """
    named = (*outbound.to, *outbound.cc, *outbound.bcc)
    try:
        recipients = tuple(dict.fromkeys(on_the_line(person.address) for person in named))
        sender = on_the_line(outbound.sender.address)
    except ValueError as problem:
        raise SendError(UNWRITABLE, str(problem), permanent=True) from problem
    left = tuple(address for address in recipients if address in outbound.only) or recipients
    signs_in = settings.get("smtp_user") or (settings.get("auth") or "password") != "password"
    answers_by_itself = _auto_submitted(outbound) == "auto-replied"
    return Envelope("" if answers_by_itself and not signs_in else sender, left)


def _auto_submitted(outbound: Outbound) -> str:
    """A survey or memo answers nothing: it is generated (RFC 3834, 5), and what bounces shall reach us."""
    generated = {"": "", "survey": "auto-generated", "memo": "auto-generated"}
    return generated.get(outbound.automated, "auto-replied")


# ---------------------------------------------------------------------------------------------- text


def _text(outbound: Outbound) -> str:
    """With the signature under it as programs know it (RFC 3676, 4.3), and the links under both."""
    parts = [outbound.text or to_text(outbound.html or "")]
    if signature := to_text(outbound.signature).strip():
        parts.append(f"-- \n{signature}")
    if outbound.links:
        parts.append(links.as_text(outbound.links, outbound.language))
    if outbound.quoted_text:
        parts.append(outbound.quoted_text)
    return "\n\n".join(part.rstrip("\n") for part in parts if part)


def _html(outbound: Outbound) -> str | None:
    """A whole document: some filters take a fragment for a spammer's."""
    if not outbound.html and not outbound.quoted_html:
        return None
    parts = [outbound.html or ""]
    if outbound.signature.strip():
        parts.append(f"<div>-- <br>{outbound.signature}</div>")
    if outbound.links:
        parts.append(links.as_html(outbound.links, outbound.language))
    if outbound.quoted_html:
        parts.append(outbound.quoted_html)
    lang = f' lang="{escape(outbound.language)}"' if outbound.language else ""
    body = "\n".join(parts)
    return f'<!doctype html>\n<html{lang}><head><meta charset="utf-8"></head><body>\n{body}\n</body></html>'


# ------------------------------------------------------------------------------------------- headers


def _address(person: Person) -> Address:
    return Address(_line(person.name), person.address)


def _line(text: str) -> str:
    """On one line: a customer whose name has two is answered all the same."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _unsubscribe(url: str) -> dict[str, str]:
    """A button of the mail program's own that needs no page (RFC 2369, 3.2; RFC 8058, 3.1): https only."""
    if not url.startswith("https:"):
        return {}
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _signed_reply_to(settings: Mapping[str, Any], outbound: Outbound) -> tuple[Address, ...]:
    if not settings.get("plus_addressing") or not outbound.thread:
        return ()
    try:
        signed = Signer(settings["signing_key"]).reply_address(outbound.thread, outbound.sender.address)
    except ValueError:  # too long to carry a thread: the Message-ID carries it, too
        return ()
    return (Address(_line(outbound.sender.name), signed),)


def _signed(settings: Mapping[str, Any], outbound: Outbound, raw: bytes) -> bytes:
    selector = str(settings.get("dkim_selector") or "").strip()
    if not selector:
        return raw
    domain = on_the_line(outbound.sender.address).rpartition("@")[2].lower()
    return signing.signed(raw, domain, selector, str(settings.get("dkim_key") or ""))
