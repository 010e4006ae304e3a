"""One mail over one line (RFC 5321, 3.3): who gets it, who was refused, and what to do if nobody knows."""

from __future__ import annotations

import re
import smtplib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inbox.channels import N_, SendError, TooLarge
from inbox.channels.email import answers, lines, smtp

SECONDS = 90.0
"""All that a delivery may take; settings may say less. RFC 5321 (4.5.3.2.6) would wait ten minutes for the
last answer, but whoever claimed the message must be done well before the claim ends."""

CUT = N_("The line to the mail server broke: %(detail)s")
UNCONFIRMED = N_(
    "The mail server has it but did not confirm; it is sent again under the same Message-ID. (%(detail)s)"
)
NOT_ASCII = N_("The mail server cannot write to addresses with letters like é before the @: %(detail)s")

PIECE = 256 * 1024
"""Bytes that are handed over in one go: after each we look at the clock."""

_DOT = re.compile(rb"(?m)^\.")

Refused = dict[str, tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who it is from and for, whatever its headers say."""

    sender: str
    """Empty: nobody wants to hear that it did not arrive (RFC 3834, 3.3)."""
    recipients: tuple[str, ...]


class Clock:
    """How much of the time is left."""

    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds

    def left(self) -> float:
        """Raises TimeoutError when it is over."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return left


def deliver(settings: Mapping[str, Any], envelope: Envelope, raw: bytes) -> Refused:
    """Whom it was refused for while others got it; raises SendError if nobody did.

    A mail is never offered again to who has taken it, but for a line that breaks between the last byte and
    the answer: then nobody can know, and it goes out again as the same mail.
    """
    clock = Clock(float(settings.get("seconds") or SECONDS))
    with lines.kept.line(settings, clock.left()) as server:
        try:
            return _Transfer(server, clock).of(envelope, raw)
        except smtplib.SMTPException as problem:
            server.close()
            raise SendError(CUT, str(problem)[:200]) from problem
        except OSError as problem:
            server.close()
            raise SendError(CUT, str(problem) or type(problem).__name__) from problem


class _Transfer:
    def __init__(self, server: smtplib.SMTP, clock: Clock) -> None:
        self.server, self.clock = server, clock

    def of(self, envelope: Envelope, raw: bytes) -> Refused:
        options = self._options(envelope, raw)
        self._patience()
        self._insist(250, *self.server.mail(envelope.sender, options))
        refused: Refused = {}
        for address in envelope.recipients:
            self._patience()
            code, text = self.server.rcpt(address)
            if code == 421:
                raise self._refusal(code, text)
            if code not in (250, 251):
                refused[address] = (code, text)
        if len(refused) == len(envelope.recipients):
            raise answers.of_recipients(refused)
        self._hand_over(raw)
        return refused

    def _options(self, envelope: Envelope, raw: bytes) -> list[str]:
        """What MAIL must announce. Raises what the server would answer, before it has cost anything."""
        options = []
        limit = smtp.size_limit(self.server)
        if limit and len(raw) > limit:
            raise TooLarge(answers.TOO_LARGE, f"{limit / 1_000_000:.1f} MB", limit=limit)
        if self.server.has_extn("size"):
            options.append(f"SIZE={len(raw)}")
        strange = [a for a in (envelope.sender, *envelope.recipients) if not a.isascii()]
        if strange or not raw.isascii():
            if not self.server.has_extn("smtputf8"):  # RFC 6531: it cannot be said in any other way
                raise SendError(NOT_ASCII, ", ".join(strange), permanent=True)
            options += ["SMTPUTF8", "BODY=8BITMIME"]
        return options

    def _hand_over(self, raw: bytes) -> None:
        self._patience()
        self.server.putcmd("data")
        self._insist(354, *self.server.getreply())
        data = _DOT.sub(b"..", raw) + (b"" if raw.endswith(b"\r\n") else b"\r\n") + b".\r\n"
        for start in range(0, len(data), PIECE):
            self._patience(self.clock.left())  # a slow line is no silence
            self.server.send(data[start : start + PIECE])
        try:
            self._patience(self.clock.left())
            code, text = self.server.getreply()
        except (OSError, smtplib.SMTPServerDisconnected) as problem:
            self.server.close()
            raise SendError(UNCONFIRMED, str(problem)[:200]) from problem
        self._insist(250, code, text, of_one=code != 421)

    def _insist(self, wanted: int, code: int, text: bytes, *, of_one: bool = False) -> None:
        if code != wanted:
            raise self._refusal(code, text, of_one=of_one)

    def _refusal(self, code: int, text: bytes, *, of_one: bool = False) -> SendError:
        if code == 421:  # it hangs up
            self.server.close()
        return answers.refusal(code, text, of_one=of_one)

    def _patience(self, most: float | None = None) -> None:
        """For what comes next: as long as for an answer, unless it may take longer."""
        left = min(self.clock.left(), smtp.COMMAND_SECONDS if most is None else most)
        if self.server.sock is not None:
            self.server.sock.settimeout(left)
