"""A small house in which all went well, with the ledger of those outside."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, text, update

from inbox import channels, db, figures, files, intake, oauth, outbox, tickets
from inbox.channels import Outbound, Sent
from inbox.channels.email.oauth import Tokens
from inbox.models import Account, Agent, Message, Notice, SignIn, Subscription, Survey, Ticket
from inbox.reactions import surveys
from tests import asked
from tests.attacks.post import again, react
from tests.fire import letters
from tests.fire.checks import Evidence, offences
from tests.fire.checks.screens import OPEN
from tests.fire.ledger import Errand, Ledger, Pushed, Refresh, incoming, outgoing, private
from tests.fire.plan import Letter

BROWSER = "/browser-0/1"
KINDS = ("plain", "file", "poison", "html", "odd", "plain", "twice")


@dataclass
class World:
    evidence: Evidence
    tickets: list[int]
    replies: list[str]

    @property
    def ledger(self) -> Ledger:
        return self.evidence.ledger

    def offences(self) -> list[str]:
        db.session.expire_all()
        return offences(self.evidence)

    def do(self, sql: str, **values: Any) -> None:
        assert db.session.execute(text(sql), values).rowcount > 0
        db.session.commit()


def ask(sql: str, **values: Any) -> list[Any]:
    return list(db.session.execute(text(sql), values).all())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[None]:
    """Files of one's own, for some are damaged here."""
    before = files.root()
    files.use(tmp_path.as_uri())
    yield
    files.use(before.as_uri())


@pytest.fixture
def world(store: None, support: Account, ada: Agent, monkeypatch: pytest.MonkeyPatch) -> World:
    """Mail came, was answered, noted, undone, resolved and asked about; all of it as it should be."""
    ledger = Ledger()

    def send(_settings: object, mail: Outbound) -> Sent:
        ledger.delivered(mail.key, f"{mail.text} {mail.html}", to=mail.to[0].address)
        return Sent(mail.key, "smtp", b"raw")

    monkeypatch.setattr(channels.of("mail"), "send", send, raising=False)
    asked.want(every_days=0, wait_minutes=0)
    arrive(ledger)
    numbers = [row[0] for row in ask("SELECT id FROM ticket ORDER BY id")]
    replies = [reply(ledger, ada, number, n) for n, number in enumerate([numbers[0], numbers[0], numbers[1]])]
    note(ledger, ada, numbers[0])
    taken_back(ledger, ada, numbers[2])
    tickets.resolve(db.session.get_one(Ticket, numbers[1]), again(ada))
    db.session.commit()
    react()
    for number in db.session.scalars(select(Survey.id)).all():
        surveys.ask_now(number)
    leave()
    while figures.catch_up():
        pass
    db.session.commit()
    told(ledger, ada, numbers[3])
    permitted(ledger, support)
    screen = SimpleNamespace()
    shown = ask(f"SELECT id, version FROM ticket WHERE id IN ({OPEN})")
    screen.rows = {row[0]: (row[1], "") for row in shown}
    return World(Evidence(ledger, ask, screens=[screen]), numbers, replies)


def arrive(ledger: Ledger) -> None:
    for number, kind in enumerate(KINDS):
        letter = Letter(number * 3, kind, 0, 0.5)
        body, token = letters.bytes_of(letter), incoming(number * 3)
        ledger.offered(token, body, poison=kind == "poison")
        for _ in range(2 if kind == "twice" else 1):
            [payload] = intake.accept_mail(body, [letters.US])
            ledger.accepted(token)
            intake.read_now(payload)
    react()


def reply(ledger: Ledger, by: Agent, ticket: int, number: int) -> str:
    errand = ledger.asks(Errand(f"reply-{number}", outgoing(number), "reply", ticket, time.time() - 10, 3))
    made = tickets.reply(
        db.session.get_one(Ticket, ticket), again(by), f"<p>Yes. {errand.token}</p>", key=errand.key
    )
    header, errand.acknowledged = str(made.message_id_header), True
    db.session.commit()
    react()
    leave()
    return header


def leave() -> None:
    db.session.execute(
        update(Message).where(Message.state == "queued").values(not_before=db.now() - timedelta(seconds=1))
    )
    db.session.commit()
    for number in db.session.scalars(select(Message.id).where(Message.state == "queued")).all():
        outbox.send_now(number)


def note(ledger: Ledger, by: Agent, ticket: int) -> None:
    errand = ledger.asks(Errand("note-7", private(7), "note", ticket, time.time(), acknowledged=True))
    tickets.note(db.session.get_one(Ticket, ticket), again(by), f"<p>{errand.token}</p>", key=errand.key)
    db.session.commit()


def told(ledger: Ledger, by: Agent, ticket: int) -> None:
    """Of one conversation, in a browser; of others nobody wanted to hear."""
    db.session.execute(update(Notice).values(read_at=db.now()))
    sign_in = SignIn(agent_id=by.id, token_hash="one", expires_at=db.now() + timedelta(days=1))
    db.session.add(sign_in)
    db.session.flush()
    db.session.add(
        Subscription(
            agent_id=by.id, sign_in_id=sign_in.id, endpoint=f"https://localhost:1{BROWSER}",
            endpoint_hash="one", p256dh="", auth="", browser="", created_at=db.now() - timedelta(hours=1),
        )
    )  # fmt: skip
    db.session.add(Notice(agent_id=by.id, ticket_id=ticket, kind="mention"))
    db.session.commit()
    ledger.pushes.append(Pushed(BROWSER, f"mention-{ticket}", time.time(), 201, "You were named"))


def permitted(ledger: Ledger, account: Account) -> None:
    oauth.keep(account, "google", Tokens("access", "refresh", 3600), None)
    db.session.commit()
    ledger.refresh_tokens.add("refresh")
    ledger.refreshes.append(Refresh("refresh", 1.0, 2.0, "ok"))


def pushed(world: World, **changed: Any) -> None:
    """The same once more, but for this."""
    world.ledger.pushes.append(replace(world.ledger.pushes[0], **changed))


def taken_back(ledger: Ledger, by: Agent, ticket: int) -> None:
    errand = Errand("reply-9", outgoing(9), "undo", ticket, time.time(), 3, acknowledged=True, undone=True)
    ledger.asks(errand)
    made = tickets.reply(
        db.session.get_one(Ticket, ticket), again(by), f"<p>{errand.token}</p>", key=errand.key
    )
    db.session.commit()
    tickets.undo(made, again(by))
    db.session.commit()
