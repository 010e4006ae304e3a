"""What a forward passes on: who wrote it, when and to whom, and then their words as they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime

from inbox.mail.clean import rewrite_images
from inbox.models import Attachment, Message

WORDS = {
    "en": ("---------- Forwarded message ---------", "From", "Date", "Subject", "To", "Cc"),
    "pt-BR": ("---------- Mensagem encaminhada ---------", "De", "Data", "Assunto", "Para", "Cc"),
}
"""As the big mail programs write them, in the writer's language: so every program knows it for a forward."""

NewPicture = Callable[[Attachment], Attachment]


@dataclass(slots=True)
class Quoted:
    """The same as text and as HTML, and the pictures that its HTML shows."""

    text: str = ""
    html: str = ""
    pictures: list[Attachment] = field(default_factory=list)


def quote(messages: Iterable[Message], language: str, zone: str, new_picture: NewPicture) -> Quoted:
    """Quote them one below the other. Pictures get names of their own: two mails may use the same."""
    messages = list(messages)
    quoted, alone = Quoted(), len(messages) == 1
    texts, blocks = [], []
    for message in messages:
        title, head = WORDS.get(language, WORDS["en"])[0], facts(message, language, zone)
        lines = [title, *(f"{label}: {value}" for label, value in head)]
        texts.append("\n".join(lines) + f"\n\n{_text(message, alone)}")
        rows = "<br>".join([title, *(f"<b>{label}:</b> {escape(value)}" for label, value in head)])
        blocks.append(
            f'<div class="gmail_quote"><p>{rows}</p>{_html(message, alone, quoted, new_picture)}</div>'
        )
    quoted.text, quoted.html = "\n\n".join(texts), "\n".join(blocks)
    return quoted


def facts(message: Message, language: str, zone: str) -> list[tuple[str, str]]:
    """The header block: label and value, those that say something."""
    _title, from_, date, subject, to, cc = WORDS.get(language, WORDS["en"])
    people = message.recipients or {}
    pairs = [
        (from_, _author(message)),
        (date, _date(message.written_at or message.sent_at or message.created_at, language, zone)),
        (subject, message.subject),
        (to, _listed(people.get("to", ()))),
        (cc, _listed(people.get("cc", ()))),
    ]
    return [(label, " ".join(value.split())) for label, value in pairs if value]


def is_beside(file: Attachment, message: Message) -> bool:
    """Whether a file stands beside the text: a picture that the text shows goes with the text."""
    html = f"{message.html or ''}{message.quoted_html or ''}{message.signature or ''}"
    return not (file.inline and file.content_id and f"cid:{file.content_id}" in html)


def _author(message: Message) -> str:
    if message.identity:
        return _mailbox(message.identity.display_name, message.identity.address)
    ours = message.thread.address.address if message.thread and message.thread.address else ""
    return _mailbox(message.author.name if message.author else "", ours or message.ticket.account.address)


def _mailbox(name: str, address: str) -> str:
    return f"{name} <{address}>" if name and name != address else address


def _listed(people: Iterable[dict[str, str]]) -> str:
    return ", ".join(_mailbox(one.get("name", ""), one["address"]) for one in people)


def _date(at: datetime, language: str, zone: str) -> str:
    locale = Locale.parse("pt_BR" if language == "pt-BR" else "en_GB")
    return format_datetime(at, "EEE, d MMM y, HH:mm ZZZZ", tzinfo=ZoneInfo(zone), locale=locale)


def _text(message: Message, whole: bool) -> str:
    """With what it quoted itself, if it is the only one: of several, each stands here anyway."""
    return "\n\n".join(filter(None, (message.text, message.quoted_text if whole else "")))


def _html(message: Message, whole: bool, quoted: Quoted, new_picture: NewPicture) -> str:
    html = (message.html or "") + ((message.quoted_html or "") if whole else "")
    if not html:
        return f"<p>{escape(_text(message, whole)).replace(chr(10), '<br>')}</p>"
    renamed: dict[str, Attachment] = {}

    def address(content_id: str) -> str | None:
        file = next((f for f in message.attachments if f.content_id == content_id), None)
        if file is None:
            return None
        if content_id not in renamed:
            renamed[content_id] = new_picture(file)
        return f"cid:{renamed[content_id].content_id}"

    shown = rewrite_images(html, address, lambda source: source)
    quoted.pictures += renamed.values()
    return shown
