"""The sample shop: the same every time, whole in every count, and with something on every screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, inspect, select, text

from inbox import attention, db, demo, files, lists, ratings, search
from inbox.audit import seal
from inbox.audit.words import SENTENCES
from inbox.demo import stories
from inbox.demo.people import TEAM
from inbox.demo.rows import COLUMNS
from inbox.figures.keeping import catch_up
from inbox.mail.parse import parse
from inbox.models import (
    Agent,
    Answer,
    Event,
    Fact,
    Handling,
    Message,
    Notice,
    Payload,
    Survey,
    Tag,
    Ticket,
    tally,
)
from inbox.models.event import INTERESTED
from inbox.tickets import copies
from tests.demo.conftest import SEED, TICKETS, UNTIL, fresh

Dump = Callable[[], dict[str, list[tuple[object, ...]]]]


@pytest.fixture
def rows(shop: Engine) -> Iterator[None]:
    """A look at it that changes nothing."""
    db.session.remove()
    yield
    db.session.rollback()
    db.session.remove()


def test_a_row_has_a_place_for_every_column() -> None:
    for name, columns in COLUMNS.items():
        assert set(columns) == set(db.Base.metadata.tables[name].columns.keys()), name


def test_the_same_seed_and_moment_make_the_same_rows(
    shop: Engine, kind: str, tmp_path: Path, dump: Dump
) -> None:
    db.bind(shop)
    first = dump()
    with fresh(kind, tmp_path, "again"):
        demo.build(TICKETS, SEED, UNTIL, password="x")
        second = dump()
    assert [name for name in first if first[name] != second[name]] == []
    db.bind(shop)


def test_another_seed_tells_other_stories(shop: Engine, kind: str, tmp_path: Path) -> None:
    with db.reading():
        before = set(db.session.scalars(select(Message.text)))
    with fresh(kind, tmp_path, "other"):
        demo.build(TICKETS, SEED + 1, UNTIL)
        with db.reading():
            after = set(db.session.scalars(select(Message.text)))
    db.bind(shop)
    assert len(before & after) < len(before) / 2


def test_a_house_that_is_not_empty_is_left_alone(rows: None) -> None:
    with pytest.raises(demo.NotEmpty):
        demo.build(10, 1, UNTIL)


def test_every_kept_count_is_right(rows: None) -> None:
    assert tally.drift() == {}
    counted = dict(
        db.session.execute(
            select(Message.ticket_id, func.count())
            .where((Message.automated == "") | (Message.kind == "customer"))
            .group_by(Message.ticket_id)
        ).all()
    )
    assert {one.id: one.message_count for one in db.session.scalars(select(Ticket))} == counted


def test_the_history_is_sealed_as_the_sweep_would_have(rows: None) -> None:
    found = seal.verify()
    assert found.is_whole
    assert found.open == 0
    assert found.events > TICKETS * 5
    assert set(db.session.scalars(select(Event.kind).distinct())) <= set(SENTENCES)


def test_nothing_is_left_for_reactions_to_do(rows: None) -> None:
    wanted = Counter(
        (event, name)
        for event, kind in db.session.execute(select(Event.id, Event.kind))
        for name in INTERESTED.get(kind, ())
    )
    assert (
        Counter(tuple(row) for row in db.session.execute(select(Handling.event_id, Handling.reaction)))
        == wanted
    )
    assert db.session.scalar(select(func.count()).where(Handling.handled_at.is_(None))) == 0


def test_ids_are_in_the_order_of_time(rows: None) -> None:
    for column, at in ((Ticket.id, Ticket.created_at), (Message.id, Message.created_at)):
        moments = db.session.scalars(select(at).order_by(column)).all()
        assert list(moments) == sorted(moments)


def test_facts_are_what_the_sweep_makes_of_it(rows: None) -> None:
    kept = _facts()
    db.session.execute(text("DELETE FROM fact"))
    db.session.execute(text("UPDATE ticket SET figured = -1"))
    while catch_up():
        pass
    assert kept == _facts()


def _facts() -> Counter[tuple[object, ...]]:
    columns = (
        Fact.ticket_id,
        Fact.kind,
        Fact.at,
        Fact.until,
        Fact.team_id,
        Fact.agent_id,
        Fact.account_id,
        Fact.value,
    )
    return Counter(map(tuple, db.session.execute(select(*columns))))


def test_search_finds_what_a_new_index_finds(rows: None) -> None:
    before = _searched()
    search.reindex()
    assert before == _searched()


def _searched() -> dict[int, tuple[object, ...]]:
    key = "id" if db.dialect() == "postgresql" else "rowid"
    found = db.session.execute(text(f"SELECT {key}, ticket_id, CAST(body AS text) FROM ticket_text"))
    return {row: (ticket, body) for row, ticket, body in found}


def test_no_row_points_at_nothing(rows: None) -> None:
    if db.dialect() == "sqlite":
        assert db.session.execute(text("PRAGMA foreign_key_check")).all() == []
    for sha256 in db.session.scalars(select(Payload.sha256)):
        assert files.get(sha256)


def test_what_is_new_gets_a_number_of_its_own(rows: None) -> None:
    for model in (Ticket, Message, Event, Tag, Survey, Notice):
        last = db.session.scalar(select(func.max(model.id)))
        columns = {c.key for c in inspect(model).column_attrs}
        assert "id" in columns
        if db.dialect() == "postgresql":
            follows = db.session.scalar(
                text(f"SELECT nextval(pg_get_serial_sequence('{model.__tablename__}', 'id'))")
            )
            assert follows > last


def test_its_mails_read_as_its_rows_say(rows: None) -> None:
    """*Show source* shows the mail of that message, and reading it again would change nothing."""
    asked = select(Message).where(Message.kind == "customer").order_by(Message.id)
    for message in db.session.scalars(asked):
        mail = parse(files.get(message.payload.sha256))
        assert mail.reply_text == message.text
        assert mail.quoted_text == message.quoted_text
        assert mail.subject == message.subject
        assert mail.message_id == message.message_id_header
        assert mail.date == message.written_at
        assert mail.from_.address == message.identity.address
        assert mail.from_.name == message.identity.name
        assert [a.filename for a in mail.attachments] == [a.filename for a in message.attachments]
        assert (mail.auto_submitted or "") == message.automated


def test_about_two_thirds_write_portuguese(rows: None) -> None:
    spoken = Counter(db.session.scalars(select(Ticket.language)))
    assert 0.5 < spoken["pt"] / TICKETS < 0.8
    assert 0.2 < spoken["en"] / TICKETS < 0.5


def test_tickets_stand_everywhere_a_ticket_can(rows: None) -> None:
    stands = Counter(db.session.scalars(select(Ticket.status)))
    assert {"new", "pending", "resolved", "closed", "spam"} <= set(stands)
    assert stands["resolved"] > TICKETS / 2
    assert len(set(db.session.scalars(select(Answer.score)))) >= 3
    priorities = set(db.session.scalars(select(Ticket.priority)))
    assert {"normal", "high", "urgent"} <= priorities


def test_fifty_rows_do_not_repeat_themselves(rows: None) -> None:
    for view in ("open", "resolved"):
        listed = db.session.scalars(
            select(Ticket)
            .where(Ticket.status.in_(("new", "open", "pending") if view == "open" else ("resolved",)))
            .order_by(Ticket.active_at.desc())
            .limit(50)
        ).all()
        subjects = Counter(one.subject for one in listed)
        assert max(subjects.values()) <= 3
        assert len(subjects) > 0.85 * len(listed)


def test_each_language_has_thirty_kinds_of_stories() -> None:
    for language in ("pt", "en"):
        told = stories.of(language).stories
        assert len({one.key for one in told}) == len(told) >= 30


def test_everybody_has_something_to_see(rows: None) -> None:
    for number, worker in enumerate(TEAM, 1):
        agent = db.session.get_one(Agent, number)
        assert (agent.email, agent.role, agent.language) == (worker.email, worker.role, worker.language)
        assert lists.counts(agent)["open"] > 0
        assert db.session.scalar(select(func.count()).where(Notice.agent_id == number)), worker.name
    celia = db.session.get_one(Agent, 1)
    assert attention.messages(celia) and attention.payloads(celia) and attention.flooded(celia)
    assert ratings.low(celia)


def test_an_answer_goes_to_its_customer(rows: None) -> None:
    marina = db.session.scalars(select(Ticket).where(Ticket.subject.startswith("Xícara trincada"))).first()
    assert marina is not None
    assert [person.address for person in copies.of(marina).to] == ["marina@queiroz.example"]
