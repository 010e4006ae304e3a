"""A made-up past: people write, are answered, change their minds, and the clock goes on."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import time_machine
from sqlalchemy import select

from inbox import db, outbox, tickets
from inbox.channels import SendError
from inbox.models import Account, Agent, Message, Payload, Survey, Team, Ticket
from inbox.outbox import claims, outcome
from inbox.reactions import surveys
from inbox.tickets.writing import THEN
from tests.attacks.post import again, react
from tests.people import answer_to, inbound

_numbers = itertools.count(1)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    with time_machine.travel(moment, tick=False):
        yield


class Past:
    """``Past(seed=1, ...).live(200)``: so many things that happened, one after another."""

    def __init__(
        self, seed: int, begin: datetime, accounts: list[Account], people: list[Agent], teams: list[Team]
    ) -> None:
        self.dice, self.now = random.Random(seed), begin.astimezone(UTC).replace(microsecond=0)
        self.accounts, self.people, self.teams = accounts, people, teams
        self.tickets: list[Ticket] = []

    def live(self, steps: int, most: timedelta = timedelta(hours=7)) -> None:
        for _ in range(steps):
            self.now += timedelta(seconds=self.dice.randint(1, int(most.total_seconds())))
            with at(self.now):
                self.happen()
                db.session.commit()
                react()
                self.ask()

    def happen(self) -> None:
        if len(self.tickets) < 4 or self.dice.random() < 0.16:
            return self.arrive()
        ticket = again(self.dice.choice(self.tickets))
        act: Callable[[Ticket], None] = self.dice.choices(
            [self.answer, self.write, self.resolve, self.give, self.move, self.stand, self.spam, self.forward,
             self.note, self.retry, self.bounce, self.machine, self.rate],
            [12, 4, 7, 4, 3, 2, 1, 1, 1, 2, 1, 1, 6],
        )[0]  # fmt: skip
        with suppress(tickets.Refused, tickets.TooLate):
            act(ticket)
        return None

    # ---------------------------------------------------------------------------- how they begin

    def arrive(self) -> None:
        account = again(self.dice.choice(self.accounts))
        how = self.dice.random()
        if how < 0.12:
            self.tickets.append(self.begin(account).ticket)
        elif how < 0.2:
            self.tickets.append(self.bring_in(account))
        else:
            came = tickets.receive(account, inbound(self.who(), spam="headers" if how > 0.93 else ""))
            assert came
            self.tickets.append(came.ticket)

    def begin(self, account: Account) -> Message:
        by, then = again(self.dice.choice(self.people)), self.dice.choice(THEN)
        return tickets.start(
            account.addresses[0], by, "<p>Hello</p>", key=self.key(), to=[f"c{next(_numbers)}@x.example"],
            subject="Hello", then=then,
        )  # fmt: skip

    def bring_in(self, account: Account) -> Ticket:
        payload = Payload(account=account, sha256="0" * 64, size=1, state="parsed", imported=True)
        db.session.add(payload)
        came = tickets.receive(
            account,
            inbound(self.who(), written_at=self.now - timedelta(days=self.dice.randint(0, 9))),
            payload,
        )
        assert came
        return came.ticket

    # ------------------------------------------------------------------------- and how they go on

    def answer(self, ticket: Ticket) -> None:
        then = self.dice.choice(["open", "open", "pending", "resolved"])
        ours = tickets.reply(ticket, self.one(), "<p>Hello</p>", key=self.key(), then=then)
        ours.not_before = None
        db.session.commit()
        fate = self.dice.random()
        if fate < 0.12:
            tickets.undo(again(ours), again(ours.author))
        elif fate < 0.95:
            self.later(ours.id, fails=fate < 0.2)

    def later(self, message_id: int, *, fails: bool) -> None:
        """It leaves a little later, or does not."""
        self.now += timedelta(seconds=self.dice.randint(1, 90))
        with at(self.now):
            if not fails:
                outbox.send_now(message_id)
            elif claim := claims.claim(message_id):
                outcome.not_sent(claim, SendError("no", permanent=True))

    def write(self, ticket: Ticket) -> None:
        self._came(ticket)

    def machine(self, ticket: Ticket) -> None:
        self._came(ticket, automated="auto-replied")

    def _came(self, ticket: Ticket, **values: str) -> None:
        last = db.session.scalars(
            select(Message)
            .where(Message.ticket_id == ticket.id, Message.thread_id.is_not(None))
            .order_by(Message.id.desc())
        ).first()
        if last:
            sender = self.who() if self.dice.random() < 0.1 else ticket.identity.address
            tickets.receive(again(ticket.account), answer_to(last, sender, **values))

    def resolve(self, ticket: Ticket) -> None:
        (tickets.resolve if ticket.is_open else tickets.reopen)(ticket, self.one())

    def stand(self, ticket: Ticket) -> None:
        if ticket.status != "spam":
            tickets.set_status(ticket, self.dice.choice(["open", "pending", "on_hold", "closed"]), self.one())

    def give(self, ticket: Ticket) -> None:
        tickets.assign(ticket, self.dice.choice([None, self.one()]), self.one())

    def move(self, ticket: Ticket) -> None:
        tickets.move(ticket, self.dice.choice([None, again(self.dice.choice(self.teams))]), self.one())

    def spam(self, ticket: Ticket) -> None:
        (tickets.not_spam if ticket.status == "spam" else tickets.mark_spam)(ticket, self.one())

    def forward(self, ticket: Ticket) -> None:
        sent = tickets.forward(ticket, self.one(), "<p>See</p>", key=self.key(), to=["maker@kiln.example"])
        sent.not_before = None
        db.session.commit()
        outbox.send_now(sent.id)

    def note(self, ticket: Ticket) -> None:
        tickets.note(ticket, self.one(), "<p>Look</p>", key=self.key())

    def retry(self, ticket: Ticket) -> None:
        if failed := self._ours(ticket, "failed"):
            tickets.retry(failed, self.one())
            db.session.commit()
            outbox.send_now(failed.id)

    def bounce(self, ticket: Ticket) -> None:
        if sent := self._ours(ticket, "sent"):
            tickets.bounced(sent, [], None)

    def _ours(self, ticket: Ticket, state: str) -> Message | None:
        found = select(Message).where(Message.ticket_id == ticket.id, Message.state == state)
        return db.session.scalars(found.where(Message.author_id.is_not(None))).first()

    def rate(self, ticket: Ticket) -> None:
        asked = select(Survey).where(Survey.state.in_(("sent", "answered"))).order_by(Survey.id)
        if found := db.session.scalars(asked).all():
            tickets.rate(self.dice.choice(found), self.dice.randint(1, 5))

    def ask(self) -> None:
        """What the timetable does: ask those whose time has come."""
        due = select(Survey.id).where(Survey.state == "waiting", Survey.due_at <= db.now())
        for survey_id in db.session.scalars(due.order_by(Survey.id)).all():
            surveys.ask_now(survey_id)

    def one(self) -> Agent:
        return again(self.dice.choice(self.people))

    def who(self) -> str:
        return f"Guest <guest{next(_numbers)}@x.example>"

    def key(self) -> str:
        return f"past{next(_numbers)}"
