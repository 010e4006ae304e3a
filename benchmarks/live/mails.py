"""The mail of a busy morning: new conversations, and answers to those that are open, at a steady rate."""

from __future__ import annotations

import random
import smtplib
import threading
import time
from dataclasses import dataclass, field
from email.message import EmailMessage

from benchmarks.live.plan import HOUSE, TEAMS, address_of
from benchmarks.mails import CLOSINGS, OPENINGS
from inbox import vault
from inbox.mail.tokens import Signer
from tests.house import House

LINES = 4
"""Connections to the listener that are kept, as a mail server does."""

Letter = tuple[EmailMessage, str, str]
"""A mail, and between whom it goes: envelope sender and recipient."""

TO = (HOUSE, *map(address_of, TEAMS))


@dataclass
class Accepted:
    """When the listener said 250 to each mail, by its Message-ID; and how late the sender was at worst."""

    at: dict[str, float] = field(default_factory=dict)
    took: list[float] = field(default_factory=list)
    late: float = 0.0
    refused: int = 0


class Post:
    """Writes mails. Half of them answer an open conversation, each in its turn."""

    def __init__(self, house: House, seed: int) -> None:
        self.house, self.dice = house, random.Random(seed)
        self.signer = Signer(vault.signing_key())
        self.number = 0
        self.open: list[tuple[int, str, str]] = []

    def new(self, to: str = "") -> Letter:
        self.number += 1
        sender = f"customer{self.number}@example{self.number % 40}.com"
        return self._mail(sender, to or self.dice.choice(TO), self.dice.choice(OPENINGS)[:40])

    def answer(self) -> Letter:
        """From who asked, to the reply address and the Message-ID that our answer would have had."""
        thread, sender, address = self._next()
        self.number += 1
        mail, sender, to = self._mail(sender, self.signer.reply_address(thread, address), "Re: your answer")
        mail["In-Reply-To"] = self.signer.message_id(thread, "barro.example")
        return mail, sender, to

    def any(self) -> Letter:
        return self.dice.choice((self.new, self.answer))()

    def _mail(self, sender: str, to: str, subject: str) -> Letter:
        mail = EmailMessage()
        mail["From"], mail["To"] = f"Customer <{sender}>", to
        mail["Subject"] = f"{subject} {self.number}"
        mail["Message-ID"] = f"<live-{self.number}@example.com>"
        words = [self.dice.choice(OPENINGS) for _ in range(self.dice.randint(1, 6))]
        mail.set_content("\n\n".join([*words, self.dice.choice(CLOSINGS)]))
        return mail, sender, to

    def _next(self) -> tuple[int, str, str]:
        """All that are open have been answered once before any is answered again."""
        if not self.open:
            with self.house.rows() as rows:
                self.open = [
                    (thread, sender, address or HOUSE)
                    for thread, sender, address in rows(
                        "SELECT thread.id, identity.address, account_address.address FROM thread "
                        "JOIN ticket ON ticket.id = thread.ticket_id "
                        "JOIN identity ON identity.id = ticket.identity_id "
                        "LEFT JOIN account_address ON account_address.id = thread.address_id "
                        "WHERE ticket.status IN ('new', 'open', 'pending', 'on_hold') ORDER BY thread.id"
                    )
                ]
            self.dice.shuffle(self.open)
        return self.open.pop()


def send(post: Post, count: int, rate: float = 0.0, *, only_new: bool = False, to: str = "") -> Accepted:
    """Through the listener: at this rate a second whether or not it keeps up, or as fast as it goes."""
    made = Accepted()
    numbers, one_writes, began = iter(range(count)), threading.Lock(), time.monotonic()

    def line() -> None:
        server = None
        while True:
            with one_writes:
                number = next(numbers, None)
                letter = (post.new(to) if only_new else post.any()) if number is not None else None
            if number is None or letter is None:
                break
            if rate:
                time.sleep(max(0.0, began + number / rate - time.monotonic()))
                made.late = max(made.late, time.monotonic() - began - number / rate)
            server = _offer(server, post.house.mail_port, letter, made)
        if server:
            server.close()

    threads = [threading.Thread(target=line, daemon=True) for _ in range(LINES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return made


def _offer(server: smtplib.SMTP | None, port: int, letter: Letter, made: Accepted) -> smtplib.SMTP | None:
    """Until it is accepted; the line to go on with."""
    mail, sender, to = letter
    while True:
        try:
            server = server or smtplib.SMTP("127.0.0.1", port, timeout=30)
            began = time.perf_counter()
            server.sendmail(sender, [to], mail.as_bytes())
            made.at[str(mail["Message-ID"])] = time.time()
            made.took.append(time.perf_counter() - began)
            return server
        except (OSError, smtplib.SMTPException):
            made.refused += 1
            if server:
                server.close()
            server = None
            time.sleep(0.1)
