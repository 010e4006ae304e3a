"""The hottest queries stand in their indexes on both databases, so that no page grows with the house.

They are the product's own, heard while the real functions ask. Where an index is missing, this fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, select, text

from inbox import access, attention, conversation, customers, db, intake, lists, search, timeline
from inbox.customers import Asked
from inbox.models import Agent, CustomerWord, Event, Message, Payload, Team, Ticket
from inbox.views import found
from tests import people
from tests.people import MailFrom

MANY, FIRST = 1_500, 1_000_000
"""So many tickets with numbers from here on; messages, customers and their addresses have the same ones."""

BIG = (
    "ticket",
    "message",
    "event",
    "payload",
    "customer",
    "identity",
    "customer_word",
    "ticket_text",
    "thread",
    "(join-1)",
)
"""Tables that grow with the house; what SQLite puts together of two before it looks for a row is one."""

MAIL = (
    b"From: Rui <rui@else.example>\r\nTo: support@barro.example\r\nSubject: Plates\r\n"
    b"Message-ID: <1@else.example>\r\n\r\nWhere are they?\r\n"
)


@dataclass(frozen=True)
class Hot:
    """What is asked, the indexes that answer, and whether the answer comes in their order."""

    ask: Callable[[Agent], object]
    indexes: tuple[str, ...]
    ordered: bool = False
    words: bool = False
    """Whether the index of words is asked, in each database's own way, and about the newest rows only."""


def _second(agent: Agent, view: str) -> object:
    return lists.page(agent, view, lists.page(agent, view).next)


def _one(agent: Agent) -> Ticket:
    return db.session.scalars(select(Ticket).where(Ticket.id < FIRST)).one()


def _other() -> Agent:
    """Who sees what a small team has, and what belongs to none."""
    return db.session.scalars(select(Agent).where(Agent.role == "agent")).one()


def _take_in(_agent: Agent) -> None:
    for payload in intake.accept_mail(MAIL, ["support@barro.example"]):
        intake.read_now(payload)


HOT = {
    "open": Hot(lambda me: lists.page(me, "open"), ("ix_ticket_open",), ordered=True),
    "mine": Hot(lambda me: lists.page(me, "mine"), ("ix_ticket_mine",), ordered=True),
    "unassigned": Hot(lambda me: lists.page(me, "unassigned"), ("ix_ticket_nobodys",), ordered=True),
    "resolved": Hot(lambda me: _second(me, "resolved"), ("ix_ticket_done",), ordered=True),
    "spam": Hot(lambda me: lists.page(me, "spam"), ("ix_ticket_spam",), ordered=True),
    "counts": Hot(lists.counts, ("ix_message_not_sent", "ix_payload_")),
    "a ticket and all beside it": Hot(lambda me: access.ticket(me, _one(me).id, *found.PANE), ()),
    "conversation": Hot(lambda me: conversation.newest(_one(me)), ("ix_message_ticket", "ix_event_ticket")),
    "timeline": Hot(lambda me: timeline.page(_one(me).customer, me), ("ix_ticket_identity_id",)),
    "customers": Hot(lambda me: customers.page(me, Asked()), ("ix_customer_activity",), ordered=True),
    "customers with a word": Hot(
        lambda me: customers.page(me, Asked(q="rare")), ("ix_customer_word_customer",)
    ),
    "customers with two words": Hot(
        lambda me: customers.page(me, Asked(q="guest rare")), ("ix_customer_word_customer",)
    ),
    "a customer with a word of many": Hot(
        lambda me: customers.find(me, "guest", 1), ("ix_customer_activity", "customer_word")
    ),
    "people": Hot(lambda me: customers.people(me, "guest100014"), ("customer_word",)),
    "search": Hot(
        lambda me: search.find(me, "cup"), ("ix_ticket_open", "ix_ticket_done", "ix_message_ticket")
    ),
    "search, a rare word": Hot(
        lambda me: search.find(me, "nowhere"), ("ix_ticket_open", "ix_ticket_done"), words=True
    ),
    "search, two words": Hot(
        lambda me: search.find(me, "cup nowhere"), ("ix_ticket_open", "ix_ticket_done"), words=True
    ),
    "open, of a small team": Hot(
        lambda me: lists.page(_other(), "open"), ("ix_ticket_team_open", "ix_ticket_mine")
    ),
    "unassigned, of a small team": Hot(
        lambda me: lists.page(_other(), "unassigned"), ("ix_ticket_team_open",)
    ),
    "resolved, of a small team": Hot(
        lambda me: _second(_other(), "resolved"), ("ix_ticket_team_done", "ix_ticket_mine_done")
    ),
    "search, of a small team": Hot(
        lambda me: search.find(_other(), "cup"),
        ("ix_ticket_team_open", "ix_ticket_team_done", "ix_ticket_mine", "ix_message_ticket"),
    ),
    "attention": Hot(
        lambda me: [attention.messages(me), attention.payloads(me)], ("ix_message_not_sent", "ix_payload_")
    ),
    "a mail is taken in": Hot(_take_in, ("ix_payload_sender",)),
}


@pytest.fixture
def full(ada: Agent, mail_from: MailFrom, database: Connection) -> Agent:
    """A house of so many tickets; the one who asks sees all of them."""
    first = mail_from(subject="A cup")
    large, small = people.team("Large"), people.team("Small")
    people.agent("Grace Lima", teams=[small])
    message = db.session.scalars(select(Message)).one()
    numbers = range(FIRST, FIRST + MANY)
    _copies(first.customer, [{"id": n, "active_at": _at(n)} for n in numbers])
    _copies(first.identity, [{"id": n, "customer_id": n, "address": f"guest{n}@x.example"} for n in numbers])
    _copies(
        first,
        [
            {"id": n, "identity_id": n, **_standing(n, ada), "team_id": _team(n, large, small)}
            for n in numbers
        ],
    )
    _copies(message.thread, [{"id": n, "ticket_id": n, "external_id": f"t{n}"} for n in numbers])
    _copies(
        message,
        [
            {"id": n, "ticket_id": n, "thread_id": n, "identity_id": n, "external_id": f"c{n}"}
            for n in numbers
        ],
    )
    happened = db.session.scalars(select(Event).where(Event.ticket_id == first.id)).first()
    _copies(happened, [{"id": n, "ticket_id": n} for n in numbers])
    payload = Payload(account=first.account, sha256="0" * 64, size=1, state="parsed")
    db.session.add(payload)
    db.session.flush()
    _copies(payload, [{"id": n} for n in numbers])
    db.session.execute(insert(CustomerWord), [{"customer_id": n, "word": f"guest{n}"} for n in numbers])
    rows = [{"row": row, "ticket": n, "folded": "a cup"} for n in numbers for row in (2 * n, 2 * n + 1)]
    db.session.execute(search._sql().insert, rows)
    db.session.commit()
    if db.dialect() == "postgresql":
        # a house as small as this one may be read whole beside another table; a large one never
        for way in ("seqscan", "mergejoin", "hashjoin"):
            database.execute(text(f"SET LOCAL enable_{way} = off"))
        database.execute(text("ANALYZE"))
    return ada


def _copies(row: Any, others: list[dict[str, Any]]) -> None:
    table = row.__table__
    same = {column.key: getattr(row, column.key) for column in table.columns}
    db.session.execute(insert(table), [{**same, **other} for other in others])


def _at(number: int) -> Any:
    return db.now() - timedelta(minutes=number)


def _standing(number: int, ada: Agent) -> dict[str, Any]:
    status = ("open", "resolved", "closed", "new", "spam")[number % 5]
    return {"status": status, "active_at": _at(number), "assignee_id": ada.id if number % 2 else None}


def _team(number: int, large: Team, small: Team) -> int | None:
    return {0: small.id, 1: None}.get(number % 50, large.id)


# ------------------------------------------------------------------------------------------- hearing


@contextmanager
def heard(connection: Connection) -> Iterator[list[tuple[str, Any]]]:
    """What is asked meanwhile: statements with their values."""
    asked: list[tuple[str, Any]] = []

    def note(
        _connection: object, _cursor: object, said: str, values: Any, _context: object, many: bool
    ) -> None:
        if said.startswith(("SELECT", "WITH", "UPDATE", "DELETE")) and not many:
            asked.append((said, values))

    event.listen(connection, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(connection, "before_cursor_execute", note)


@dataclass(frozen=True)
class Step:
    """How a table is read: by which index, and whether all of it."""

    table: str
    index: str
    whole: bool


def _steps(connection: Connection, said: str, values: Any) -> tuple[list[Step], bool]:
    """The steps of a statement's plan, and whether it sorts."""
    if connection.dialect.name == "postgresql":
        plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {said}", values).scalar_one()
        nodes = [node for node in _nodes(plan[0]["Plan"]) if node["Node Type"] != "ModifyTable"]
        read = [node for node in nodes if {"Index Name", "Relation Name", "Join Filter"} & node.keys()]
        return [_postgres(node) for node in read], any(node["Node Type"].endswith("Sort") for node in nodes)
    lines = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", values)]
    steps = [_sqlite(line) for line in lines if line.startswith(("SCAN", "SEARCH")) and line != NO_TABLE]
    return steps, any("FOR ORDER BY" in line for line in lines)


NO_TABLE = "SCAN CONSTANT ROW"
SQLITE = re.compile(
    r"(?P<how>SCAN|SEARCH) (?P<table>\(?[\w-]+?\)?)(_\d+)?( EXISTS)?"
    r"( USING (?P<made>AUTOMATIC )?(PARTIAL )?(COVERING )?INDEX (?P<index>\w+)?.*"
    r"| VIRTUAL TABLE INDEX 0:(?P<words>.*)| USING (INTEGER )?PRIMARY KEY.*)?( LEFT-JOIN)?$"
)


def _sqlite(line: str) -> Step:
    """An index that is made for this one statement reads all of its table."""
    step = SQLITE.match(line)
    assert step, f"a step that nobody here knows: {line}"
    whole = bool(step["made"]) or (step["how"] == "SCAN" and not step["words"])
    return Step(step["table"], "" if step["made"] else step["index"] or step["words"] or "", whole)


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for inner in node.get("Plans", ()):
        yield from _nodes(inner)


def _postgres(node: dict[str, Any]) -> Step:
    if "Join Filter" in node:  # what is below is gone through for every row of the other side
        below = (inner.get("Relation Name", "") for inner in _nodes(node["Plans"][1]))
        return Step(next((table for table in below if table in BIG), ""), "", whole=True)
    by_bitmap = node["Node Type"] == "Bitmap Heap Scan"  # what it reads is named below it
    whole = "Index Cond" not in node and not by_bitmap
    among = "><" if "&&" in node.get("Index Cond", "") else ""  # as SQLite says it of rows' numbers
    return Step(node.get("Relation Name", ""), node.get("Index Name", "") + among, whole)


def plan_of(hot: Hot, agent: Agent, connection: Connection) -> None:
    """Assert that all it asks stands in indexes."""
    with heard(connection) as asked:
        hot.ask(agent)
    plans = [(said, *_steps(connection, said, values)) for said, values in asked]
    used = " ".join(step.index for _said, steps, _sorts in plans for step in steps)
    for said, steps, sorts in plans:
        for step in steps:
            named = step.index.startswith(hot.indexes) if step.index else False
            assert not (step.whole and step.table in BIG) or named, (step, said)
        assert not (sorts and hot.ordered and any(step.index in hot.indexes for step in steps)), said
    for index in hot.indexes:
        assert index in used, (index, used)
    if hot.words:
        assert re.search(r"(ix_ticket_text_body|M\d)><", used), used


def test_hot_queries_stand_in_their_indexes(full: Agent, database: Connection) -> None:
    """All in one house, which takes longer to fill than to ask."""
    outside = {}
    for name, hot in HOT.items():
        try:
            plan_of(hot, full, database)
        except AssertionError as problem:
            outside[name] = str(problem)
    assert not outside


def test_without_its_index_that_is_seen(full: Agent, database: Connection) -> None:
    for index in ("ix_ticket_open", "ix_message_not_sent", "ix_customer_activity", "ix_ticket_team_done"):
        hot = next(hot for hot in HOT.values() if index in hot.indexes)
        database.execute(text(f"DROP INDEX {index}"))
        with pytest.raises(AssertionError):
            plan_of(hot, full, database)


@pytest.mark.parametrize(
    ("line", "whole"),
    [
        ("SCAN message", True),
        ("SCAN message LEFT-JOIN", True),
        ("SEARCH message USING AUTOMATIC COVERING INDEX (c=?) LEFT-JOIN", True),
        ("SEARCH message USING AUTOMATIC PARTIAL COVERING INDEX (c=?)", True),
        ("SEARCH message_1 USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN", False),
        ("SEARCH message USING COVERING INDEX ix_message_ticket (ticket_id=?)", False),
    ],
)
def test_a_table_that_is_read_whole_is_seen(line: str, whole: bool) -> None:
    assert (_sqlite(line).table, _sqlite(line).whole) == ("message", whole)


@pytest.mark.parametrize(
    "ask",
    [
        lambda me: search.find(me, "cup"),
        lambda me: customers.page(me, Asked(q="marina")),
        lambda me: customers.find(me, "marina"),
        lambda me: customers.people(me, "marina"),
    ],
    ids=["search", "customers", "a customer", "people"],
)
def test_what_was_typed_is_planned_for_these_words(ask: Callable[[Agent], object], ada: Agent) -> None:
    """PostgreSQL would settle on one plan for all words; SQLite has no such mode."""
    ask(ada)
    if db.dialect() == "postgresql":
        assert db.session.scalar(text("SHOW plan_cache_mode")) == "force_custom_plan"


@pytest.mark.parametrize(("table", "seen"), [("customer_word", "customer_word"), ("account", "")])
def test_a_side_that_is_gone_through_for_every_row_is_seen(table: str, seen: str) -> None:
    """As PostgreSQL did with two words of customers that it took for rare: five seconds in a large house."""
    sides = [{"Relation Name": "customer", "Index Name": "pk"}, {"Relation Name": table, "Index Name": "ix"}]
    assert _postgres({"Node Type": "Nested Loop", "Join Filter": "(a = b)", "Plans": sides}) == Step(
        seen, "", True
    )


def test_what_every_page_counts_is_planned_once(full: Agent, database: Connection) -> None:
    """PostgreSQL tries five times whether a plan for the very values is cheaper than one for all."""
    if database.dialect.name != "postgresql":
        pytest.skip("SQLite plans each statement once")
    for _page in range(12):
        lists.counts(full)
    planned = text("SELECT custom_plans FROM pg_prepared_statements WHERE statement LIKE '%tally%'")
    assert database.scalars(planned).all() == [5]
