"""Who is seen at a ticket, by whom, and until when (attack 31 for what a socket says of itself)."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from flask_socketio import SocketIOTestClient

from inbox import db, drafts, people, presence, signin, sockets, tickets, valkey
from inbox.models import Account, Agent, Team, Ticket
from inbox.presence import NOTHING, Doing
from tests.clients import ClientFor, now_of
from tests.people import MailFrom
from tests.test_sockets import Open, socket

assert socket  # a fixture


@pytest.fixture(scope="module")
def server() -> Iterator[redis.Redis]:
    with tempfile.TemporaryDirectory() as folder, valkey.running(Path(folder)) as url:
        yield redis.Redis.from_url(url, decode_responses=True)


@pytest.fixture
def board(server: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> redis.Redis:
    server.flushall()
    monkeypatch.setattr(presence, "_valkey", lambda: server)
    monkeypatch.setattr(presence, "_quiet_until", 0.0)
    return server


def seen(agent: Agent, ticket: Ticket) -> list[tuple[str, str]]:
    """Who this agent sees there, and what they do."""
    here = presence.at(now_of(agent), [ticket.id]).by_ticket.get(ticket.id, [])
    return [(one.agent.first_name, one.doing + ("+draft" if one.has_draft else "")) for one in here]


def say(client: SocketIOTestClient, ticket: Any = None, writing: Any = None) -> None:
    db.session.commit()
    client.emit("here", {"ticket": ticket, "writing": writing})


# ------------------------------------------------------------------------------------- what is kept


def test_it_is_seen_by_the_others_and_ends_by_itself(
    ada: Agent, grace: Agent, mail_from: MailFrom, board: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = mail_from()
    assert presence.put(grace.id, "a", NOTHING, Doing(ticket.id)) == {ticket.id}
    assert presence.put(grace.id, "a", Doing(ticket.id), Doing(ticket.id)) == set()  # no news
    assert presence.put(grace.id, "a", Doing(ticket.id), Doing(ticket.id, "reply")) == {ticket.id}
    assert seen(ada, ticket) == [("Grace", "reply")]
    assert seen(grace, ticket) == []
    later = time.time() + 6
    monkeypatch.setattr("inbox.presence.time.time", lambda: later)
    assert seen(ada, ticket) == [("Grace", "viewing")]
    later += 25
    assert seen(ada, ticket) == []
    assert 0 < board.ttl(presence.KEY) <= 30


def test_one_window_that_goes_leaves_the_other(
    ada: Agent, grace: Agent, mail_from: MailFrom, board: redis.Redis
) -> None:
    ticket, other = mail_from(), mail_from("Rui <rui@x.example>")
    presence.put(grace.id, "a", NOTHING, Doing(ticket.id))
    presence.put(grace.id, "b", NOTHING, Doing(ticket.id))
    assert presence.put(grace.id, "a", Doing(ticket.id), Doing(other.id)) == {ticket.id, other.id}
    assert seen(ada, ticket) == seen(ada, other) == [("Grace", "viewing")]
    presence.put(grace.id, "b", Doing(ticket.id), NOTHING)
    assert seen(ada, ticket) == []


def test_who_writes_comes_first_and_a_draft_is_a_badge(
    ada: Agent, grace: Agent, linus: Agent, mail_from: MailFrom, board: redis.Redis, bells: Any
) -> None:
    ticket = mail_from()
    presence.put(linus.id, "l", NOTHING, Doing(ticket.id, "note"))
    presence.put(grace.id, "g", NOTHING, Doing(ticket.id))
    drafts.save(ticket, grace, "reply", "<p>Hello</p>")
    db.session.commit()
    assert ("presence", {"ticket": ticket.id, "agent": grace.id}) in [told[:2] for told in bells.told]
    assert seen(ada, ticket) == [("Linus", "note"), ("Grace", "viewing+draft")]
    presence.put(grace.id, "g", Doing(ticket.id), NOTHING)
    assert seen(ada, ticket) == [("Linus", "note"), ("Grace", "+draft")]
    bells.told.clear()
    tickets.reply(now_of(ticket), now_of(grace), "<p>Hello</p>", key="k")
    db.session.commit()
    assert seen(ada, ticket) == [("Linus", "note")]
    assert "presence" in [what for what, *_rest in bells.told]


def test_an_emptied_draft_and_one_of_who_left_are_none(
    ada: Agent, grace: Agent, mail_from: MailFrom, board: redis.Redis
) -> None:
    ticket = mail_from()
    drafts.save(ticket, grace, "note", "")
    assert seen(ada, ticket) == []
    drafts.save(ticket, grace, "note", "<p>Hm</p>")
    assert seen(ada, ticket) == [("Grace", "+draft")]
    people.deactivate(now_of(grace), now_of(ada))
    assert seen(ada, ticket) == []


def test_without_valkey_nobody_is_seen_and_nobody_waits(
    ada: Agent, grace: Agent, mail_from: MailFrom, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket, asked, valkey_ = mail_from(), [], presence._valkey

    def away() -> redis.Redis:
        asked.append(1)
        return valkey_()  # the settings of tests name one that is not there

    monkeypatch.setattr(presence, "_valkey", away)
    monkeypatch.setattr(presence, "_quiet_until", 0.0)
    drafts.save(ticket, grace, "reply", "<p>Hello</p>")
    assert presence.put(grace.id, "a", NOTHING, Doing(ticket.id)) == set()
    assert seen(ada, ticket) == [("Grace", "+draft")]  # the database still knows
    assert len(asked) == 1


# ------------------------------------------------------------------------------------------ sockets


@pytest.mark.parametrize(
    "said",
    [
        None,
        "42",
        [],
        {"ticket": "1"},
        {"ticket": True},
        {"ticket": -1},
        {"ticket": 2**80},
        {"ticket": [1]},
        {"ticket": {"$gt": 0}},
        {"ticket": "x" * 4000},
    ],
)
def test_attack_31_what_makes_no_sense_means_nothing(said: Any) -> None:
    assert presence.read(said) is None


@pytest.mark.parametrize("writing", [None, "", "forward", "viewing", 7, ["reply"], {"reply": 1}, "reply:9"])
def test_attack_31_only_replies_and_notes_are_written(writing: Any) -> None:
    assert presence.read({"ticket": 1, "writing": writing}) == Doing(1)


def test_a_socket_says_what_it_does_and_the_right_rooms_hear(
    ada: Agent,
    grace: Agent,
    mail_from: MailFrom,
    client_for: ClientFor,
    socket: Open,
    board: redis.Redis,
    bells: Any,
) -> None:
    ticket = mail_from()
    client = socket(client_for(grace))
    say(client, ticket.id, "reply")
    assert seen(ada, ticket) == [("Grace", "reply")]
    [(_what, news, rooms)] = [told for told in bells.told if told[0] == "presence"]
    assert news == {"ticket": ticket.id, "agent": grace.id}
    assert rooms == {f"ticket:{ticket.id}", "open:all", "open:team:0", "unassigned:all", "unassigned:team:0"}
    bells.told.clear()
    say(client, ticket.id, "reply")
    assert bells.told == []  # a heartbeat is no news
    say(client)
    assert seen(ada, ticket) == []
    assert [what for what, *_rest in bells.told] == ["presence"]


def test_attack_31_the_other_teams_ticket_shows_nobody_to_anybody(
    ada: Agent,
    grace: Agent,
    linen_mailbox: Account,
    mail_from: MailFrom,
    client_for: ClientFor,
    socket: Open,
    board: redis.Redis,
    bells: Any,
) -> None:
    ticket = mail_from(account=linen_mailbox)
    bells.told.clear()
    client = socket(client_for(grace))
    say(client, ticket.id, "reply")
    assert seen(ada, ticket) == []
    assert board.zcard(presence.KEY) == 0
    assert [told for told in bells.told if told[0] == "presence"] == []


def test_attack_31_rights_that_end_take_the_eye_along(
    ada: Agent,
    grace: Agent,
    linen: Team,
    mail_from: MailFrom,
    client_for: ClientFor,
    socket: Open,
    board: redis.Redis,
) -> None:
    ticket, other = mail_from(), mail_from("Rui <rui@x.example>")
    client = socket(client_for(grace))
    say(client, ticket.id)
    tickets.move(now_of(ticket), now_of(linen), now_of(ada))
    say(client, ticket.id)
    assert seen(ada, ticket) == []
    say(client, other.id, "note")
    assert seen(ada, other) == [("Grace", "note")]
    signin.end_all(now_of(grace))
    say(client, other.id, "note")
    assert not client.is_connected()
    assert seen(ada, other) == []


@pytest.mark.parametrize("how", ["gone", "says it went", "swept"])
def test_who_hangs_up_is_gone_at_once(
    how: str,
    ada: Agent,
    grace: Agent,
    mail_from: MailFrom,
    client_for: ClientFor,
    socket: Open,
    board: redis.Redis,
) -> None:
    ticket = mail_from()
    client = socket(client_for(grace))
    say(client, ticket.id, "reply")
    assert seen(ada, ticket) != []
    if how == "gone":
        client.disconnect()
    elif how == "says it went":
        client.emit("disconnect")
    else:
        signin.end_all(now_of(grace))
        db.session.commit()
        sockets.sweep()
    assert seen(ada, ticket) == []
    assert sockets.watchers == {}


def test_attack_31_a_thousand_sayings_are_not_heard(
    grace: Agent,
    mail_from: MailFrom,
    client_for: ClientFor,
    socket: Open,
    board: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticket = mail_from()
    client = socket(client_for(grace))
    done: list[Any] = []
    monkeypatch.setattr(sockets, "_do", lambda _watcher, doing: done.append(doing))
    db.session.commit()
    for _ in range(1000):
        client.emit("here", {"ticket": ticket.id})
    assert len(done) == sockets.SAYINGS
    client.emit("watch", {"view": "open", "ticket": ticket.id})  # has a measure of its own
    assert f"ticket:{ticket.id}" in next(iter(sockets.watchers.values())).rooms


# -------------------------------------------------------------------------------------------- pages


def test_the_fragments_name_who_is_there(
    ada: Agent, grace: Agent, mail_from: MailFrom, client_for: ClientFor, board: redis.Redis
) -> None:
    ticket, other = mail_from(), mail_from("Rui <rui@x.example>")
    presence.put(grace.id, "g", NOTHING, Doing(ticket.id, "reply"))
    client = client_for(ada)
    page = client.get(f"/tickets/{ticket.id}/_presence").text
    assert "Grace Lima is replying" in page and "i-pencil" in page and "data-lapses" in page
    rows = client.get(f"/presence/_rows?ids={ticket.id},{other.id},999,x").text
    assert f'data-ticket="{ticket.id}"' in rows and f'data-ticket="{other.id}"' not in rows
    assert "Grace Lima is replying" in rows
    assert client.get("/presence/_rows?ids=").text.strip() == ""
    assert "Grace" not in client_for(grace).get(f"/tickets/{ticket.id}/_presence").text


def test_a_lists_answer_says_who_is_at_its_rows(
    ada: Agent, grace: Agent, mail_from: MailFrom, client_for: ClientFor, board: redis.Redis
) -> None:
    """So that no refresh of a list asks a second time."""
    ticket, other = mail_from(), mail_from("Rui <rui@x.example>")
    presence.put(grace.id, "g", NOTHING, Doing(ticket.id, "reply"))
    client = client_for(ada)
    for path in ("/views/open/_rows", f"/views/open/_rows?ids={ticket.id},{other.id}", "/search/_rows?q=cup"):
        rows = client.get(path).text
        assert f'data-presence="{other.id},{ticket.id}"' in rows and "Grace Lima is replying" in rows, path
        assert f'data-ticket="{ticket.id}"' in rows and f'data-ticket="{other.id}"' not in rows, path
    assert "data-presence" not in client.get(f"/views/open/_rows?ids={ticket.id + 1000}").text
    assert "data-presence" not in client.get("/views/open").text, "a page asks once, when it is there"


def test_the_other_team_sees_nobody(
    grace: Agent,
    linus: Agent,
    linen_mailbox: Account,
    mail_from: MailFrom,
    client_for: ClientFor,
    board: redis.Redis,
) -> None:
    ticket = mail_from(account=linen_mailbox)
    presence.put(linus.id, "l", NOTHING, Doing(ticket.id, "note"))
    drafts.save(ticket, linus, "reply", "<p>Hello</p>")
    client = client_for(grace)
    assert client.get(f"/tickets/{ticket.id}/_presence").status_code == 404
    assert client.get(f"/presence/_rows?ids={ticket.id}").text.strip() == ""


def test_rows_ask_the_database_as_often_for_many(
    ada: Agent, grace: Agent, mail_from: MailFrom, board: redis.Redis, database: Any
) -> None:
    from tests.views.test_queries import counting

    many = [mail_from(f"Guest {n} <guest{n}@x.example>") for n in range(20)]
    for ticket in many:
        presence.put(grace.id, f"g{ticket.id}", NOTHING, Doing(ticket.id))
        drafts.save(ticket, grace, "reply", "<p>Hello</p>")
    db.session.commit()
    agent, ids = now_of(ada), [ticket.id for ticket in many]
    db.session.expunge_all()
    with counting(database) as asked:
        assert len(presence.at(agent, ids).by_ticket) == 20
    assert len(asked) <= 4
