"""Who the tests are told by, and their mail."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

from inbox import channels, db, tickets
from inbox.channels import Inbound, Person
from inbox.models import Account, Agent, Message, Team, Ticket

_numbers = itertools.count(1)


def agent(name: str, role: str = "agent", teams: list[Team] | None = None) -> Agent:
    made = Agent(
        name=name,
        email=f"{name.split()[0].lower()}@barro.example",
        role=role,
        password_hash="x",
        zone="America/Recife",
        teams=teams or [],
    )
    db.session.add(made)
    db.session.commit()
    return made


def team(name: str) -> Team:
    made = Team(name=name)
    db.session.add(made)
    db.session.commit()
    return made


def inbound(sender: str = "Marina Queiroz <marina@queiroz.example>", **values: Any) -> Inbound:
    """A mail, already read."""
    name, address = parseaddr(sender)
    number = next(_numbers)
    given = {
        "external_id": f"<m{number}@queiroz.example>:{number}",
        "message_id": f"<m{number}@queiroz.example>",
        "sender": Person(address, name),
        "subject": "Cracked cup",
        "text": "One of the cups came cracked.",
        "to": (Person("support@barro.example"),),
    }
    return Inbound(**{**given, **values})


@dataclass
class MailFrom:
    """Mail that arrives at an account."""

    account: Account

    def __call__(
        self,
        sender: str = "Marina Queiroz <marina@queiroz.example>",
        *,
        account: Account | None = None,
        **values: Any,
    ) -> Ticket:
        return self.message(sender, account=account, **values).ticket

    def message(
        self,
        sender: str = "Marina Queiroz <marina@queiroz.example>",
        *,
        account: Account | None = None,
        **values: Any,
    ) -> Message:
        received = tickets.receive(account or self.account, inbound(sender, **values))
        assert received is not None
        return received


def answer_to(
    message: Message, sender: str = "Marina Queiroz <marina@queiroz.example>", **values: Any
) -> Inbound:
    """What a mail program sends when somebody presses *Reply* on a message of ours."""
    signed = message.message_id_header or ""
    return inbound(sender, refers_to=(signed,), thread=message.thread_id, **values)


assert channels
