"""Two people at the same moment: committed for real, for one transaction cannot show it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, func, select

from inbox import db, drafts, tickets
from inbox.models import Account, AccountAddress, Agent, Draft, Event, Message, Tag, Ticket
from inbox.models.tally import drift
from tests.emptying import empty
from tests.people import inbound

Verb = Callable[[Ticket, Agent], object]


@pytest.fixture
def together(engine: Engine) -> Iterator[None]:
    """A ticket (1), another (2) and two agents, in the database itself; nothing is left of it."""
    db.bind(engine, join_transaction_mode="conditional_savepoint")
    empty()
    with db.writing() as session:
        support = Account(kind="mail", name="Barro", address="support@barro.example", settings={})
        support.addresses = [AccountAddress(address="support@barro.example")]
        session.add(support)
        session.add_all(
            Agent(name=name, email=f"{name}@barro.example", role="admin") for name in ("ada", "bob")
        )
        session.flush()
        for _ticket in range(2):
            tickets.receive(support, inbound())
    yield
    empty()


def at_once(*verbs: Verb, on: tuple[int, ...] = (0,)) -> list[BaseException]:
    """Each in a thread of its own, after all have loaded what they change."""
    ready, problems = threading.Barrier(len(verbs)), list[BaseException]()

    def run(number: int, verb: Verb) -> None:
        try:
            ready.wait(10)
            with db.writing() as session:
                agents = session.scalars(select(Agent).order_by(Agent.id)).all()
                found = session.scalars(select(Ticket).order_by(Ticket.id)).all()
                if db.dialect() == "postgresql":  # on SQLite a writer already waits for its turn here
                    ready.wait(10)
                verb(found[on[number % len(on)]], agents[number % 2])
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(verbs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return problems


def count(what: type[db.Base]) -> int:
    with db.reading():
        return db.session.scalar(select(func.count()).select_from(what)) or 0


def write(key: str) -> Verb:
    return lambda ticket, _agent: tickets.reply(ticket, _ada(), "<p>Hi</p>", key=key)


def _ada() -> Agent:
    return db.session.scalars(select(Agent).where(Agent.name == "ada")).one()


def test_a_double_click_is_one_reply(together: None) -> None:
    assert at_once(write("same"), write("same"), write("same")) == []
    with db.reading():
        assert len(db.session.scalars(select(Message).where(Message.kind == "reply")).all()) == 1


def test_no_change_is_lost(together: None) -> None:
    verbs: list[Verb] = [
        write("1"),
        write("2"),
        lambda ticket, agent: tickets.note(ticket, agent, "<p>Between us</p>", key="n"),
        lambda ticket, agent: tickets.assign(ticket, agent, agent),
        lambda ticket, agent: tickets.prioritise(ticket, "high", agent),
    ]
    assert at_once(*verbs) == []
    with db.reading():
        ticket = db.session.scalars(select(Ticket).order_by(Ticket.id)).first()
        assert ticket is not None and (ticket.message_count, ticket.version) == (4, 6)
        assert ticket.assignee_id is not None and ticket.priority == "high" and not drift()
        assert db.session.scalar(select(func.max(Event.version))) == 6


def test_a_customer_who_writes_while_we_answer_waits(together: None) -> None:
    def answered(ticket: Ticket, _agent: Agent) -> None:
        more = inbound(refers_to=("<x@y>",), conversation=ticket_thread(ticket))
        tickets.receive(ticket.account, more)

    def ticket_thread(ticket: Ticket) -> str:
        message = db.session.scalars(select(Message).where(Message.ticket_id == ticket.id)).first()
        assert message is not None and message.thread is not None
        return message.thread.external_id

    assert at_once(write("1"), answered) == []
    with db.reading():
        ticket = db.session.scalars(select(Ticket).order_by(Ticket.id)).first()
        last = db.session.scalars(select(Message).order_by(Message.id.desc())).first()
        assert ticket is not None and last is not None and ticket.message_count == 3
        assert (ticket.waiting_since is not None) == (last.kind == "customer")


@pytest.mark.parametrize("on", [(0,), (0, 1)])
def test_a_new_tag_is_made_once(together: None, on: tuple[int, ...]) -> None:
    def mark(ticket: Ticket, agent: Agent) -> None:
        tickets.tag(ticket, "exchange", agent)

    assert at_once(mark, mark, on=on) == [] and count(Tag) == 1


def test_two_windows_begin_one_draft(together: None) -> None:
    def save(ticket: Ticket, _agent: Agent) -> None:
        drafts.save(ticket, _ada(), "reply", "<p>Hi</p>")

    assert at_once(save, save) == [] and count(Draft) == 1
