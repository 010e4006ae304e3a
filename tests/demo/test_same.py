"""The writer makes the rows that the verbs make: the same story, told once through each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select

from inbox import channels, db, files, intake, live, outbox, queue, ratings, reactions, tickets
from inbox.demo.afterwards import Front
from inbox.demo.case import Case
from inbox.demo.customers import Buyers
from inbox.demo.house import TAGS, House, furnish
from inbox.demo.mails import Letter, Post
from inbox.demo.pictures import picture
from inbox.demo.rows import COLUMNS, Batch
from inbox.figures.keeping import catch_up
from inbox.models import Agent, Handling, Message, Survey, Team, Ticket, Topic
from inbox.models.event import INTERESTED
from inbox.reactions import surveys
from tests.demo.conftest import UNTIL, fresh

Table = list[dict[str, Any]]

START = UNTIL - timedelta(days=12)
HOUR = timedelta(hours=1)

LIKE_NO_OTHER = {
    "message": {"raw_sha256"},  # ours leave as HTML too
    "handling": {"handled_at", "retry_at"},
    "payload": {"created_at", "sender"},
    "attachment": {"token"},
    "survey": {"token", "created_at"},
    "thread": {"created_at"},
    "notice": set(),
    "ticket": {"figured"},
}
"""What is random, or takes the moment at which a machine was fast enough."""


class Verbs:
    """The story through the verbs, at its moments."""

    def __init__(self, post: Post, letters: dict[int, bytes]) -> None:
        self.post, self.letters = post, letters

    def at(self, moment: datetime, act: Callable[[], Any]) -> None:
        with time_machine.travel(moment, tick=False):
            act()
            self.react()

    def react(self) -> None:
        while True:
            with db.reading():
                waiting = db.session.scalars(
                    select(Handling.event_id).where(Handling.handled_at.is_(None)).distinct()
                ).all()
            if not waiting:
                return
            for event in sorted(waiting):
                reactions.run(event)

    def mail(self, number: int, address: str) -> None:
        for payload in intake.accept_mail(self.letters[number], [address]):
            intake.read_now(payload)

    def do(self, verb: Callable[..., Any], *said: Any, **how: Any) -> None:
        with db.writing():
            verb(*said, **how)

    def ticket(self, number: int = 1) -> Ticket:
        return db.session.get_one(Ticket, number)


@pytest.fixture(scope="module")
def told(
    kind: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[dict[str, Table], dict[str, Table]]]:
    """Both ways, as rows by their table."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live, "tell", lambda *_: None)
        patch.setattr(queue, "ring", lambda *_, **__: None)
        house, buyers = House(), Buyers(3, 100)
        batch, post = Batch(), Post(3, every=True)
        front = Front(house, buyers, post, UNTIL, batch)
        written = _written(front)
        with fresh(kind, tmp_path_factory.mktemp("same"), "verbs"):
            with db.writing():
                furnish(house, START - HOUR, UNTIL, "x", "http://127.0.0.1:8000")
            channel = type(channels.of("mail"))
            patch.setattr(
                channel,
                "new_key",
                lambda _self, _settings, thread, sender: post.our_key(thread, _next(), sender),
            )
            _lived(Verbs(post, written.raw), patch)
            with db.writing():
                while catch_up():
                    pass
            with db.reading():
                lived = {name: _read(name) for name in COLUMNS}
            yield {name: _said(name, batch) for name in COLUMNS}, lived


def _next() -> int:
    return (db.session.scalar(select(func.max(Message.id))) or 0) + 1


class Written:
    """What the writer was told, and the mails it made of that."""

    def __init__(self) -> None:
        self.raw: dict[int, bytes] = {}


LONG = "Bom dia! A xícara do pedido 4821 chegou trincada, da borda até a alça. Consigo outra?"


def _written(front: Front) -> Written:
    """Marina's cup goes on for a week; somebody sells credit; Emma is asked nothing twice."""
    made, house = Written(), front.house
    marina = Case(replace(front.buyers.of(8), id=1), "Xícara trincada no pedido 4821", "pt", 1, 1, None)
    spam = Case(replace(front.buyers.of(front.buyers.all), id=2), "Crédito na hora", "pt", 1, 1, None)
    acts: list[tuple[timedelta, Callable[[datetime], Any]]] = [
        (
            0 * HOUR,
            lambda at: _mail(
                front, made, marina, at, Letter(marina.subject, LONG, [picture(1, "xicara.png")])
            ),
        ),
        (1 * HOUR, lambda at: front.move(marina, at, 2, 1)),
        (2 * HOUR, lambda at: front.assign(marina, at, 2, 3)),
        (3 * HOUR, lambda at: front.tag(marina, at, 3, house.tag("troca"))),
        (4 * HOUR, lambda at: front.set_topic(marina, at, 3, 1)),
        (5 * HOUR, lambda at: front.prioritise(marina, at, 3, "low")),
        (
            6 * HOUR,
            lambda at: front.note(
                marina,
                at,
                3,
                '<p><data value="1">@Célia Nakamura</data> tem outra?</p>',
                "@Célia Nakamura tem outra?",
                [1],
            ),
        ),
        (7 * HOUR, lambda at: front.note(marina, at, 1, "<p>Tem.</p>", "Tem.", [])),
        (8 * HOUR, lambda at: front.reply(marina, at, 3, "Oi, Marina!\n\nManda o endereço?", "pending")),
        (
            9 * HOUR,
            lambda at: _mail(front, made, marina, at, Letter("", "É o mesmo de sempre.", [], "", True)),
        ),
        (10 * HOUR, lambda at: front.reply(marina, at, 3, "Combinado,\nsai hoje.", "resolved")),
        (11 * HOUR, lambda at: _asked(front, at)),
        (
            12 * HOUR,
            lambda at: front.rate(marina, at, marina.surveys[0], 2, ["slow"], "Precisei pedir duas vezes."),
        ),
        (13 * HOUR, lambda at: front.see(marina, at, 1)),
        (14 * HOUR, lambda at: front.reply(marina, at, 1, "Marina, desculpe!", "resolved")),
        (15 * HOUR, lambda at: _asked(front, at)),
        (
            16 * HOUR,
            lambda at: _mail(front, made, marina, at, Letter("", "Estou de férias.", [], "auto-replied")),
        ),
        (17 * HOUR, lambda at: _mail(front, made, marina, at, Letter("", "Obrigada!"))),
        (18 * HOUR, lambda at: front.set_status(marina, at, 1, "on_hold")),
        (19 * HOUR, lambda at: front.set_status(marina, at, 1, "closed")),
        (
            20 * HOUR,
            lambda at: _mail(
                front, made, spam, at, Letter(spam.subject, "Seu crédito de 900 mil foi aprovado agora.")
            ),
        ),
        (21 * HOUR, lambda at: front.mark_spam(spam, at, 2)),
    ]
    for after, act in acts:
        act(START + after)
    for case in (marina, spam):
        front.finish(case)
    rows = front.batch.rows
    rows["tally"] += [(*spot, n) for spot, n in sorted(front.tallies.items())]
    rows["verdict"] += front.judged.values()
    words = {word for word, _kind in front.learnt}
    rows["spam_word"] += [(word, front.learnt[word, "spam"], front.learnt[word, "good"]) for word in words]
    return made


def _mail(front: Front, made: Written, case: Case, at: datetime, letter: Letter) -> None:
    front.receive(case, at, letter)
    made.raw[len(made.raw)] = files.get(letter.sha256)


def _asked(front: Front, at: datetime) -> None:
    _due, case, row = front.due.pop(0)
    front.ask(case, at, row)


def _lived(verbs: Verbs, patch: pytest.MonkeyPatch) -> None:
    contato = "contato@barroelinho.example"

    def agent(number: int) -> Agent:
        return db.session.get_one(Agent, number)

    def reply(number: int, html: str, then: str) -> None:
        verbs.do(lambda: tickets.reply(verbs.ticket(), agent(number), html, key=f"demo-{_next()}", then=then))

    def note(number: int, html: str) -> None:
        verbs.do(lambda: tickets.note(verbs.ticket(), agent(number), html, key=f"demo-{_next()}"))

    def on(verb: Callable[..., Any], *said: Callable[[], Any]) -> Callable[[], None]:
        return lambda: verbs.do(lambda: verb(verbs.ticket(), *(one() for one in said)))

    def survey(number: int) -> Survey:
        return db.session.get_one(Survey, number)

    acts: list[tuple[int, Callable[[], Any]]] = [
        (0, lambda: verbs.mail(0, contato)),
        (1, on(tickets.move, lambda: db.session.get_one(Team, 1), lambda: agent(2))),
        (2, on(tickets.assign, lambda: agent(3), lambda: agent(2))),
        (3, on(tickets.tag, lambda: TAGS[0], lambda: agent(3))),
        (4, on(tickets.set_topic, lambda: db.session.get_one(Topic, 1), lambda: agent(3))),
        (5, on(tickets.prioritise, lambda: "low", lambda: agent(3))),
        (6, lambda: note(3, '<p><data value="1">@Célia Nakamura</data> tem outra?</p>')),
        (7, lambda: note(1, "<p>Tem.</p>")),
        (8, lambda: reply(3, "<p>Oi, Marina!</p><p>Manda o endereço?</p>", "pending")),
        (9, lambda: verbs.mail(1, contato)),
        (10, lambda: reply(3, "<p>Combinado,<br>sai hoje.</p>", "resolved")),
        (11, lambda: surveys.ask_now(1)),
        (12, lambda: verbs.do(lambda: tickets.rate(survey(1), 2, ["slow"], "Precisei pedir duas vezes."))),
        (13, lambda: verbs.do(lambda: ratings.seen(survey(1).answer, agent(1)))),
        (14, lambda: reply(1, "<p>Marina, desculpe!</p>", "resolved")),
        (15, lambda: surveys.ask_now(2)),
        (16, lambda: verbs.mail(2, contato)),
        (17, lambda: verbs.mail(3, contato)),
        (18, on(tickets.set_status, lambda: "on_hold", lambda: agent(1))),
        (19, on(tickets.set_status, lambda: "closed", lambda: agent(1))),
        (20, lambda: verbs.mail(4, contato)),
        (21, lambda: verbs.do(lambda: tickets.mark_spam(verbs.ticket(2), agent(2)))),
    ]
    for hour, act in acts:
        moment = START + hour * HOUR
        verbs.at(moment, act)
        with db.reading():
            leaving = db.session.scalars(select(Message).where(Message.state == "queued")).all()
        for message in leaving:
            after = 2 if message.automated else 12
            verbs.at(moment + timedelta(seconds=after), lambda one=message: outbox.send_now(one.id))


def _read(name: str) -> Table:
    table = db.Base.metadata.tables[name]
    return _plain(name, [row._asdict() for row in db.session.execute(table.select())])


def _said(name: str, batch: Batch) -> Table:
    """As the database would give them back."""
    table = db.Base.metadata.tables[name]
    found = []
    for row in batch.rows[name]:
        values = dict(zip(COLUMNS[name], row, strict=True))
        found.append({column: _value(table.columns[column], value) for column, value in values.items()})
    return _plain(name, found)


def _value(column: Any, value: Any) -> Any:
    kind = type(column.type).__name__
    if kind == "JSON":
        return None if value is None else json.loads(value)
    if kind == "Instant" and value is not None:
        return datetime.fromisoformat(value).replace(tzinfo=UNTIL.tzinfo)
    return bool(value) if kind == "Boolean" else value


def _plain(name: str, rows: Table) -> Table:
    left_out = LIKE_NO_OTHER.get(name, set())
    kept = [{key: value for key, value in row.items() if key not in left_out} for row in rows]
    return sorted(kept, key=repr)


COMPARED = (
    "ticket", "thread", "payload", "message", "attachment", "handling", "survey", "answer", "tagging",
    "verdict", "spam_word",
)  # fmt: skip


@pytest.mark.parametrize("name", COMPARED)
def test_the_rows_are_those_of_the_verbs(name: str, told: tuple[dict[str, Table], dict[str, Table]]) -> None:
    written, lived = told
    if name == "handling":
        assert {row["reaction"] for row in written[name]} <= {
            one for names in INTERESTED.values() for one in names
        }
    if name == "attachment":
        assert len(written[name]) == len(lived[name]) == 1
    assert _differences(written[name], lived[name]) == []


def _differences(written: Table, lived: Table) -> list[Any]:
    if len(written) != len(lived):
        return [len(written), len(lived)]
    pairs = zip(written, lived, strict=True)
    return [(key, row[key], other[key]) for row, other in pairs for key in row if row[key] != other[key]]


def test_the_history_is_that_of_the_verbs(told: tuple[dict[str, Table], dict[str, Table]]) -> None:
    written, lived = ([{**row, "at": None} for row in rows["event"]] for rows in told)
    assert [row["kind"] for row in sorted(written, key=lambda row: row["id"])] == [
        row["kind"] for row in sorted(lived, key=lambda row: row["id"])
    ]
    assert written == lived


def test_the_figures_are_those_of_the_verbs(told: tuple[dict[str, Table], dict[str, Table]]) -> None:
    written, lived = ([{**row, "id": 0} for row in rows["fact"]] for rows in told)
    assert sorted(written, key=repr) == sorted(lived, key=repr)


def test_the_counts_are_those_of_the_verbs(told: tuple[dict[str, Table], dict[str, Table]]) -> None:
    written, lived = ([row for row in rows["tally"] if row["n"]] for rows in told)
    assert written == lived


def test_people_are_told_what_the_reactions_tell(told: tuple[dict[str, Table], dict[str, Table]]) -> None:
    """But for what they have read, which no verb knows."""
    written, lived = (
        sorted({(row["agent_id"], row["kind"], row["ticket_id"]) for row in rows["notice"]}) for rows in told
    )
    assert written == lived
