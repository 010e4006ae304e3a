"""Takes mail in on loopback: SMTP and LMTP on one port (RFC 5321, RFC 2033).

For the mail server beside us, and for trying things out. It answers 250 only once the mail is safe.
"""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from inbox import intake
from inbox.config import settings
from inbox.db import session as database

log = structlog.get_logger("listener")


class Both(SMTP):
    """SMTP that also understands LMTP's greeting, and then answers DATA once per recipient."""

    line_length_limit = 16_000_000
    """RFC 5321 allows 1,000; many programs write a whole paragraph, or a picture, into one line."""

    @syntax("LHLO hostname")
    async def smtp_LHLO(self, arg: str) -> None:
        self.session.is_lmtp = True  # type: ignore[union-attr]
        await super().smtp_EHLO(arg)


class Handler:
    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not address.isprintable():  # no database keeps it, and trying again would not help
            return "553 5.1.3 That is no address"
        try:
            known = await asyncio.to_thread(_known, address)
        except Exception:
            log.exception("recipient_unchecked")
            return "451 4.3.0 Try again later"
        if not known:
            return "550 5.1.1 No mailbox here receives for this address"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        try:
            await asyncio.to_thread(_keep, envelope)
            answer = "250 2.0.0 Kept"
        except intake.NobodyHere:
            answer = "550 5.1.1 No mailbox here receives for this address"
        except Exception:
            log.exception("mail_not_kept")
            answer = "451 4.3.0 It could not be kept; try again later"
        repeated = len(envelope.rcpt_tos) if getattr(session, "is_lmtp", False) else 1
        return "\r\n".join([answer] * repeated)


def _known(address: str) -> bool:
    try:
        return bool(intake.mailboxes([address]))
    finally:
        database.remove()


def _keep(envelope: Envelope) -> None:
    content: Any = envelope.content
    try:
        ids = intake.accept_mail(content, envelope.rcpt_tos)
        log.info("mail_kept", payloads=ids, bytes=len(content))
    finally:
        database.remove()


async def serve() -> None:
    """Listen until cancelled. Raises OSError if the port is taken."""
    mail = settings().mail
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Both(
            Handler(),
            hostname="prosa",
            data_size_limit=mail.max_bytes,
            enable_SMTPUTF8=True,
            ident="Prosa",
            loop=loop,
            timeout=300,
        ),
        host=mail.listen_host,
        port=mail.listen_port,
        backlog=256,
    )
    async with server:
        await server.serve_forever()
