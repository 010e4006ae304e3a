"""Mail. https://www.rfc-editor.org/rfc/rfc5322 (messages), rfc5321 (SMTP), rfc2033 (LMTP)

Comes in by LMTP, SMTP or a pipe, or is fetched by IMAP or POP3; goes out by the account's SMTP server or,
where none is set, into the mail preview.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from typing import Any

from inbox.channels import (
    Batch,
    Capabilities,
    Channel,
    Check,
    Inbound,
    Known,
    Outbound,
    ParseError,
    Received,
    Sent,
    registry,
)
from inbox.channels.email import answers, delivery, imap, pop3, trial
from inbox.channels.email.fields import FIELDS
from inbox.channels.email.inbound import inbound, look
from inbox.channels.email.outbound import envelope, letter
from inbox.mail import Unreadable
from inbox.mail.reader import Reader
from inbox.mail.tokens import Signer

_reader = Reader()


@registry.add
class Email(Channel):
    kind = "mail"
    label = "E-mail"
    icon = "mail"
    capabilities = Capabilities(
        undo_seconds=True, stops_on_newer=True, subject=True, html=True, copies=True, in_child=True
    )
    fields = FIELDS

    def verify(self, settings: Mapping[str, Any], headers: Mapping[str, str], body: bytes) -> bool:
        return False  # mail has no webhook

    def parse(self, settings: Mapping[str, Any], received: Received) -> list[Inbound]:
        looked = cache(partial(look, received.body))
        try:
            mail = _reader.read(received.body, meanwhile=looked)
        except Unreadable as problem:
            raise ParseError(str(problem)) from problem
        if not mail.from_.address:
            raise ParseError("It names no sender: there is no From, Sender or Reply-To to answer to.")
        return [inbound(mail, looked(), received, settings)]

    def check(self, settings: Mapping[str, Any]) -> Mapping[str, Sequence[Check]]:
        return trial.check(settings)

    def listens(self, settings: Mapping[str, Any]) -> bool:
        return settings.get("incoming") in ("imap", "pop3")

    def listen(
        self,
        settings: Mapping[str, Any],
        cursors: Mapping[str, Mapping[str, Any]],
        stopped: Callable[[], bool],
        known: Known,
    ) -> Iterator[Batch]:
        fetching = pop3 if settings.get("incoming") == "pop3" else imap
        return fetching.listen(settings, cursors, stopped, known)

    def history(
        self,
        settings: Mapping[str, Any],
        folder: str,
        cursor: Mapping[str, Any],
        since: datetime | None,
        heard: Mapping[str, Any] | None = None,
    ) -> Iterator[Batch]:
        if settings.get("incoming") == "pop3":
            return pop3.history(settings, folder, cursor, since)
        return imap.history(settings, folder, cursor, since, heard or {})

    def new_key(self, settings: Mapping[str, Any], thread: int, sender: str) -> str:
        return Signer(settings["signing_key"]).message_id(thread, sender.rpartition("@")[2] or "localhost")

    def send(self, settings: Mapping[str, Any], outbound: Outbound) -> Sent:
        raw = letter(settings, outbound)
        if not settings.get("smtp_host"):
            return Sent(outbound.key, "preview", raw)
        refused = delivery.deliver(settings, envelope(settings, outbound), raw)
        return Sent(outbound.key, "smtp", raw, answers.by_address(refused), answers.later(refused))
