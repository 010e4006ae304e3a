"""Bytes in, a `Mail` out (RFC 5322, MIME): the one function the rest of the product calls on a mail.

Sizes, depth and counts are capped (`limits`), everything is linear in the size of the mail, and a mail that
is merely broken is read as far as it goes. What cannot be read raises `Unreadable`, nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from inbox.mail import (
    automatic,
    bodies,
    bounces,
    dates,
    forwarded,
    limits,
    markers,
    mime,
    quotes,
    quotes_html,
)
from inbox.mail.addresses import NOBODY, address_list
from inbox.mail.charsets import decode
from inbox.mail.headers import Headers
from inbox.mail.lines import to_text
from inbox.mail.values import Address, Mail, Unreadable

_ID = re.compile(r"<[^<>\s]{1,500}>")


def parse(raw: bytes) -> Mail:
    """Read one mail. Raises `Unreadable`, with a sentence for the agent, when it is over a limit or
    hopeless.
    """
    try:
        return _mail(raw)
    except (RecursionError, MemoryError) as error:
        raise Unreadable("This mail needs more memory to read than it may use.", "memory") from error
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        raise Unreadable("This mail is malformed in a way that cannot be read.", "broken") from error


def _mail(raw: bytes) -> Mail:
    if not raw.strip():
        raise Unreadable("This mail is empty.", "broken")
    root = mime.tree(raw)
    fields = root.headers
    notes: list[str] = []
    from_ = _from(fields, notes)
    return_path = _return_path(fields)
    reports, reported_ids = bounces.read(root)
    letter = bodies.read(root)
    forward = markers.says_forward(fields.text("Subject"))
    body = _body(letter, forward, notes)
    notes += letter.notes
    if fields.cut:
        notes.append("header_cut")
    return Mail(
        message_id=_message_id(fields),
        in_reply_to=(_ids(fields.plain("In-Reply-To")) or [""])[0],
        references=_references(fields, notes),
        from_=from_,
        sender=_first(fields, "Sender"),
        reply_to=_people(fields, "Reply-To"),
        to=_all_people(fields, "To"),
        cc=_all_people(fields, "Cc"),
        return_path=return_path,
        delivered_to=_delivered_to(fields),
        subject=fields.text("Subject")[: limits.MAX_SUBJECT_CHARS],
        date=dates.read(fields.text("Date")),
        headers=_shown(fields),
        text=body.text,
        html=body.html,
        reply_text=body.reply_text,
        quoted_text=body.quoted_text,
        reply_html=body.reply_html,
        quoted_html=body.quoted_html,
        auto_submitted=automatic.why_automatic(root, return_path, body.reply_text),
        bounce=bounces.is_bounce(root, from_, return_path, reports),
        attachments=tuple(letter.files),
        deliveries=reports,
        reported_ids=reported_ids,
        forwarded_from=forwarded.sender(body.text, body.html, root),
        notes=tuple(dict.fromkeys(notes)),
    )


@dataclass(frozen=True, slots=True)
class _Body:
    text: str
    html: str
    reply_text: str
    quoted_text: str
    reply_html: str
    quoted_html: str


def _body(letter: bodies.Letter, forward: bool, notes: list[str]) -> _Body:
    html = bodies.joined_html(letter.bodies)
    split = quotes_html.split(html, forward)
    if split.cut:
        notes.append("html_cut")
        html = html[: limits.MAX_TEXT_CHARS]
    only_html = all(body.text is None for body in letter.bodies)
    text = split.text if only_html else _joined_text(letter)
    if len(text) > limits.MAX_TEXT_CHARS:
        notes.append("text_cut")
        text = text[: limits.MAX_TEXT_CHARS]
    reply, quoted = quotes.split(text, forward)
    if split.quoted_html and (only_html or not quoted or _is_longer(reply, split.reply_text)):
        reply, quoted = split.reply_text, split.quoted_text  # structure told what words could not
    return _Body(text, html, reply, quoted, split.reply_html, split.quoted_html)


def _is_longer(reply: str, than: str) -> bool:
    """Whether a reply holds so many more words than another that history must be among them."""
    return len(reply.split()) > 1.5 * len(than.split()) + 15


def _joined_text(letter: bodies.Letter) -> str:
    texts = [to_text(body.html) if body.text is None else body.text for body in letter.bodies]
    return "\n\n".join(filter(None, (text.strip("\n") for text in texts)))


def _from(fields: Headers, notes: list[str]) -> Address:
    """The first From; without one, Reply-To or Sender. A name without a plain address stays one."""
    if len(fields.all("From")) > 1:
        notes.append("from_repeated")
    for name in ("From", "Reply-To", "Sender"):
        people = _people(fields, name)
        if people:
            if len(people) > 1 or not people[0].address:
                notes.append("from_malformed")
            return people[0]
        if name == "From":
            notes.append("from_missing")
    return NOBODY


def _first(fields: Headers, name: str) -> Address:
    return next(iter(_people(fields, name)), NOBODY)


def _people(fields: Headers, name: str) -> tuple[Address, ...]:
    return address_list(fields.plain(name))


def _all_people(fields: Headers, name: str) -> tuple[Address, ...]:
    """Of a header that is there twice, which some programs write for many recipients, nobody is lost."""
    return address_list(", ".join(filter(None, (fields.read(value).strip() for value in fields.all(name)))))


def _message_id(fields: Headers) -> str:
    value = fields.plain("Message-ID")
    found = _ids(value)
    if found:
        return found[0]
    bare = "".join(value.split()).strip("<>")
    return f"<{bare[: limits.MAX_ID_CHARS]}>" if bare else ""


def _ids(value: str) -> list[str]:
    return _ID.findall(value)


def _references(fields: Headers, notes: list[str]) -> tuple[str, ...]:
    """Oldest first. Of too many, the first (the thread's root) and the newest are kept."""
    said = " ".join(map(fields.shown, fields.all("References")))  # some encode even these
    found = list(dict.fromkeys(_ids(said)))
    if len(found) > limits.MAX_REFERENCES:
        notes.append("references_cut")
        found = [found[0], *found[1 - limits.MAX_REFERENCES :]]
    return tuple(found)


def _return_path(fields: Headers) -> str | None:
    value = fields.raw("Return-Path")
    return None if value is None else decode(value).strip().strip("<>").strip()[:320]


def _delivered_to(fields: Headers) -> tuple[str, ...]:
    found = [
        person.address
        for name in ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To")
        for value in fields.all(name)[:20]
        for person in address_list(decode(value))
        if person.address
    ]
    return tuple(dict.fromkeys(found))


def _shown(fields: Headers) -> tuple[tuple[str, str], ...]:
    cap = limits.MAX_SHOWN_HEADER_CHARS
    return tuple((name, fields.shown(value[: cap * 4])[:cap]) for name, value in fields.fields)
