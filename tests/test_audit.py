"""The trail: what is written down, that it cannot be rewritten unseen, and how it is read."""

from __future__ import annotations

import ast
import json
import re
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from inbox import audit, cli, db, mailboxes, quarantine, tickets
from inbox.audit import seal, trail, words
from inbox.audit.trail import Filter
from inbox.channels import Undelivered
from inbox.doctor import work
from inbox.models import Account, Agent, Event, Seal, Ticket
from tests.emptying import empty
from tests.people import MailFrom

ROOT = Path(__file__).resolve().parent.parent
MINUTE = timedelta(minutes=1)


def happened(kind: str = "company_changed", minutes_ago: int = 5, **values: Any) -> Event:
    event = Event(kind=kind, at=db.now() - minutes_ago * MINUTE, **values)
    db.session.add(event)
    db.session.flush()
    return event


def sealed() -> Seal:
    db.session.commit()
    assert seal.make()
    last = seal.last()
    assert last
    return last


# ------------------------------------------------------------------------------------ what is written


def recorded() -> Iterator[tuple[str, str]]:
    """Every kind of event the code writes, and where."""
    for path in [*(ROOT / "inbox").rglob("*.py"), *(ROOT / "portal").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            kinds = [*node.args[:1]] if called == "record" else []
            kinds += [word.value for word in node.keywords if called == "Event" and word.arg == "kind"]
            for kind in kinds:
                if isinstance(kind, ast.Constant) and isinstance(kind.value, str):
                    yield kind.value, f"{path.relative_to(ROOT)}:{node.lineno}"


def test_every_kind_of_event_has_a_sentence() -> None:
    missing = {kind: where for kind, where in recorded() if kind not in words.SENTENCES}
    assert not missing, "add a sentence to inbox/audit/words.py"


def test_a_sentence_names_what_it_can_look_up() -> None:
    known = {"who", "into", *words.THINGS}
    for kind, sentence in words.SENTENCES.items():
        assert set(re.findall(r"%\((\w+)\)s", sentence)) <= known, kind
        assert len(kind) <= 40


def test_no_event_holds_an_address_or_a_name(
    ada: Agent, grace: Agent, support: Account, mail_from: MailFrom
) -> None:
    message = mail_from.message("Marina Queiroz <marina@queiroz.example>", subject="My address: Rua 7")
    ticket = message.ticket
    reply = tickets.reply(ticket, grace, "<p>Dear Marina</p>", key="k")
    reply.state = "sent"
    db.session.flush()
    tickets.bounced(reply, [Undelivered("marina@queiroz.example", "failed", "5.1.1", "unknown")], None)
    tickets.rename(ticket, "Marina’s cup", grace)
    tickets.tag(ticket, "cup", grace)
    mailboxes.add_address(support, "shop@barro.example")
    db.session.flush()
    said = json.dumps([event.data for event in db.session.query(Event)]).lower()
    assert "@" not in said and "marina" not in said and "rua" not in said
    [bounced] = db.session.query(Event).filter_by(kind="bounced")
    assert bounced.data["identity"] == ticket.identity_id


def test_what_changed_is_named_and_nothing_else() -> None:
    assert audit.changes({"name": "a", "zone": "UTC"}, {"name": "b", "zone": "UTC"}) == {"name": ["a", "b"]}


def test_the_command_line_is_named_where_nobody_signed_in(house: object) -> None:
    quarantine.begin(db.now())
    quarantine.release(None)
    db.session.commit()
    assert [event.data["by"] for event in db.session.query(Event).order_by(Event.id)] == ["cli", "cli"]


# -------------------------------------------------------------------------------------------- sealing


def test_what_is_old_enough_is_sealed_in_a_chain(database: Connection) -> None:
    first = happened()
    happened("team_changed", minutes_ago=0)
    one = sealed()
    assert (one.after_id, one.to_id, one.n) == (0, first.id, 1)
    assert not seal.make(), "the other is too young"
    report = seal.verify()
    assert (report.wrong, report.seals, report.events, report.open) == ([], 1, 1, 1)
    assert report.head == one.digest


def test_two_databases_seal_the_same_events_alike(database: Connection) -> None:
    at = datetime.fromisoformat("2026-03-02T10:41:07.000120+00:00")
    row = Event(id=7, kind="rated", ticket_id=3, data={"score": 4.5, "ção": None}, version=2, at=at)
    db.session.add(row)
    db.session.commit()
    [kept] = db.session.execute(db.session.query(*seal._COLUMNS).statement).all()
    assert seal.canonical(kept) == (
        b'[7,"rated",3,null,null,null,{"score":4.5,"\\u00e7\\u00e3o":null},2,'
        b'"2026-03-02T10:41:07.000120+00:00"]\n'
    )


def test_an_event_that_is_committed_late_is_in_the_next_seal(database: Connection) -> None:
    first = happened()
    gap = Event(id=first.id + 1, kind="person_changed", at=db.now() - 5 * MINUTE)
    behind = happened(id=first.id + 2)
    one = sealed()
    assert one.gaps[-1] == [gap.id, gap.id] and one.to_id == behind.id
    db.session.add(gap)
    happened(id=behind.id + 1)
    two = sealed()
    assert (two.late, two.n) == ([gap.id], 2)
    happened(id=behind.id + 2)
    assert sealed().late == [], "it is covered once"
    assert seal.verify().wrong == []


def test_many_events_take_many_seals(database: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "MOST", 4)
    for _ in range(10):
        happened()
    db.session.commit()
    assert seal.sweep() == 3
    assert [one.n for one in db.session.query(Seal).order_by(Seal.id)] == [4, 4, 2]
    assert seal.verify().events == 10 and seal.oldest_open() is None


@pytest.fixture
def open_house(engine: Engine) -> Iterator[Engine]:
    """A database whose transactions are real ones, so that several may be open at once."""
    db.bind(engine)
    yield engine
    db.session.remove()
    empty()


def test_writers_that_commit_out_of_order_are_each_covered_once(
    open_house: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seal, "WAIT", timedelta(0))
    if open_house.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer: it commits in order")
    slow = open_house.connect()
    slow.execute(Event.__table__.insert().values(kind="company_changed", at=db.now()))  # has its number now
    with db.writing():
        db.session.add(Event(kind="team_changed"))
    assert seal.make()
    early = seal.last()
    assert early and early.gaps, "the number of the one that is not committed yet"
    slow.commit()
    slow.close()

    def write() -> None:
        for _ in range(25):
            with db.writing():
                db.session.add(Event(kind="person_changed"))

    writers = [threading.Thread(target=write) for _ in range(4)]
    for thread in writers:
        thread.start()
    while any(thread.is_alive() for thread in writers):
        seal.make()
    for thread in writers:
        thread.join()
    seal.make()
    with db.writing():
        db.session.add(Event(kind="team_changed"))
    seal.make()
    with db.reading():
        report = seal.verify()
        late = [number for one in db.session.query(Seal) for number in one.late]
        events = db.session.query(Event).count()
    assert report.wrong == [] and report.open == 0
    assert report.events == events == 103
    assert len(late) == len(set(late)) and late


def test_two_sealers_do_not_seal_twice(open_house: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "MOST", 1)
    with db.writing():
        for _ in range(8):
            happened()
    sealers = [threading.Thread(target=seal.sweep) for _ in range(2)]
    for thread in sealers:
        thread.start()
    for thread in sealers:
        thread.join()
    with db.reading():
        assert seal.verify().seals == 8 and seal.verify().wrong == []


def test_the_doctor_says_how_far_it_is_sealed(database: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inbox.doctor.database.engine", lambda: None)
    assert work.trail().level == "ok"
    happened(minutes_ago=61)
    db.session.commit()
    assert work.trail().level == "warn" and "not sealed yet" in work.trail().said
    one = sealed()
    assert work.trail().level == "ok" and one.digest[:16] in work.trail().said


def test_the_command_line_verifies_and_prints_the_head(
    database: Connection, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "connect", lambda: None)
    happened()
    one = sealed()
    assert cli.run(["audit", "verify"]) == 0
    assert "1 events under 1 seals, all agree" in capsys.readouterr().out
    assert cli.run(["audit", "head"]) == 0
    assert capsys.readouterr().out.startswith(one.digest)
    assert cli.run(["audit", "verify", "--head", one.digest]) == 0
    assert cli.run(["audit", "verify", "--head", "f" * 64]) == 1
    assert "no seal has the digest" in capsys.readouterr().out


# -------------------------------------------------------------------------------------------- reading


@pytest.fixture
def days(ada: Agent, grace: Agent, mail_from: MailFrom) -> Ticket:
    """Three days of a house."""
    for day, by in ((3, ada), (2, grace), (1, ada)):
        happened("team_changed", minutes_ago=day * 1440, agent_id=by.id, data={"team": day})
        happened("signed_in", minutes_ago=day * 1440, agent_id=by.id)
    ticket = mail_from()
    tickets.prioritise(ticket, "high", ada)
    db.session.commit()
    return ticket


def kinds(wanted: Filter) -> list[str]:
    return [event.kind for event in trail.page(wanted).events]


def test_it_is_read_newest_first_by_whom_by_what_and_by_when(days: Ticket, ada: Agent, grace: Agent) -> None:
    assert kinds(Filter())[0] == "prioritised" and kinds(Filter())[-1] == "team_changed"
    assert kinds(Filter(agent_id=grace.id)) == ["signed_in", "team_changed"]
    assert kinds(Filter(group="people")) == ["team_changed"] * 3
    assert kinds(Filter(group="people", agent_id=ada.id)) == ["team_changed"] * 2
    assert kinds(Filter(ticket_id=days.id)) == ["prioritised", "message_received", "opened"]
    assert kinds(Filter(group="tickets")) == kinds(Filter(ticket_id=days.id))
    assert kinds(Filter(ticket_id=days.id, group="people")) == []
    two, one = db.now() - timedelta(days=2, hours=1), db.now() - timedelta(days=1, hours=1)
    assert kinds(Filter(since=two, until=one)) == ["signed_in", "team_changed"]
    assert kinds(Filter(since=two, until=one, group="access")) == ["signed_in"]
    assert kinds(Filter(since=db.now() + timedelta(days=9))) == []
    assert kinds(Filter(until=db.now() - timedelta(days=99))) == []


def test_pages_neither_repeat_nor_skip(days: Ticket, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = [event.id for event in trail.page(Filter()).events]
    for wanted in (Filter(), Filter(group="people")):
        found: list[int] = []
        before: int | None = None
        while True:
            page = trail.page(wanted, before, limit=2)
            found += [event.id for event in page.events]
            if (before := page.next) is None:
                break
        assert found == [event.id for event in trail.page(wanted).events]
        assert set(found) <= set(everything)
    monkeypatch.setattr(trail, "BATCH", 2)
    batches = list(trail.every(Filter(), trail.newest_id()))
    assert [event.id for batch in batches for event in batch] == everything


QUESTIONS: tuple[Callable[[], Filter], ...] = (
    Filter,
    lambda: Filter(agent_id=7),
    lambda: Filter(group="customers"),
    lambda: Filter(group="tickets"),
    lambda: Filter(ticket_id=7),
    lambda: Filter(since=db.now() - timedelta(days=20), until=db.now() - timedelta(days=19)),
    lambda: Filter(group="access", since=db.now() - timedelta(days=20)),
)


def test_no_question_reads_or_sorts_the_whole_trail(database: Connection, ada: Agent) -> None:
    at = db.now() - timedelta(days=30)
    kinds = ["message_received", "reply_written", "opened", "resolved"]
    rows = [
        {"kind": kinds[n % 4], "ticket_id": n // 4 + 1, "data": {}, "version": n, "at": at + n * 5 * MINUTE,
         "agent_id": ada.id if n % 10 == 0 else None}
        for n in range(8000)
    ]  # fmt: skip
    database.execute(Event.__table__.insert(), rows)
    database.execute(text("ANALYZE event"))
    for asked in QUESTIONS:
        plan = _plan(database, asked())
        if database.dialect.name == "sqlite":
            # what was found of each kind, a page, may be sorted; a walk down the numbers is a SCAN as well
            found = re.sub(r"SCAN anon_\d+\nUSE TEMP B-TREE FOR ORDER BY", "", plan)
            assert "USE TEMP B-TREE" not in found, plan
        else:
            assert "Seq Scan" not in plan, plan


def _plan(connection: Connection, wanted: Filter) -> str:
    query = trail.query(wanted, None, 51).compile(connection, compile_kwargs={"literal_binds": True})
    begins = "EXPLAIN QUERY PLAN" if connection.dialect.name == "sqlite" else "EXPLAIN"
    rows = connection.exec_driver_sql(f"{begins} {query}".replace("%", "%%")).all()
    return "\n".join(str(row[-1]) for row in rows)
