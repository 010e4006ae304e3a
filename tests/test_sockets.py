"""Sockets: who hears what, and until when."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask_socketio import SocketIOTestClient

from inbox import db, people, signin, sockets, tickets
from inbox.models import Account, Agent, SignIn, Team
from inbox.sockets import Bus, Watcher
from tests.clients import Browser, ClientFor, now_of
from tests.people import MailFrom
from tests.people import agent as person

HERE = {"Origin": "http://localhost"}

Open = Callable[..., SocketIOTestClient]


@pytest.fixture
def socket(app: Flask) -> Iterator[Open]:
    """A socket of a browser, from a page of ours."""
    opened: list[SocketIOTestClient] = []

    def connect(browser: Browser, headers: dict[str, str] | None = None) -> SocketIOTestClient:
        db.session.commit()
        made = sockets.sockets.test_client(
            app, flask_test_client=browser, headers=HERE if headers is None else headers
        )
        opened.append(made)
        return made

    yield connect
    for made in opened:
        if made.is_connected():
            made.disconnect()
    sockets.watchers.clear()


def watch(client: SocketIOTestClient, wanted: Any) -> set[str]:
    """The rooms it is in afterwards."""
    db.session.commit()
    client.emit("watch", wanted)
    return rooms()


def rooms() -> set[str]:
    (watcher,) = sockets.watchers.values()
    real = set(sockets.sockets.server.rooms(watcher.sid)) - {watcher.sid}
    assert real == watcher.rooms
    return real


def test_it_hears_of_its_view_and_its_ticket(
    grace: Agent, pottery: Team, mail_from: MailFrom, client_for: ClientFor, socket: Open
) -> None:
    ticket = mail_from()
    client = socket(client_for(grace))
    assert rooms() >= {f"agent:{grace.id}", "attention", f"counts:team:{pottery.id}", "counts:team:0"}
    assert {f"ticket:{ticket.id}", f"mine:{grace.id}"} <= watch(client, {"view": "mine", "ticket": ticket.id})
    after = watch(client, {"view": "unassigned", "ticket": 0})
    assert {"unassigned:team:0", f"unassigned:team:{pottery.id}"} <= after
    assert not after & {f"ticket:{ticket.id}", f"mine:{grace.id}"}


def test_the_other_teams_ticket_cannot_be_watched(
    grace: Agent,
    linen: Team,
    linen_mailbox: Account,
    mail_from: MailFrom,
    client_for: ClientFor,
    socket: Open,
) -> None:
    ticket = mail_from(account=linen_mailbox)
    heard = watch(socket(client_for(grace)), {"view": "open", "ticket": ticket.id})
    assert not any(
        room.startswith("ticket:") or room.endswith((f"team:{linen.id}", ":all")) for room in heard
    )


@pytest.mark.parametrize(
    "wanted",
    [
        None,
        "mine",
        7,
        [],
        ["open:all"],
        {"view": "open:all"},
        {"view": ["open"]},
        {"view": "resolved:team:1"},
        {"ticket": "1"},
        {"ticket": True},
        {"ticket": -1},
        {"ticket": 2**80},
        {"ticket": {"$gt": 0}},
        {"view": "x" * 4000},
        {"room": "open:all", "rooms": ["open:all"]},
    ],
)
def test_what_makes_no_sense_changes_nothing(
    wanted: Any, grace: Agent, client_for: ClientFor, socket: Open
) -> None:
    client = socket(client_for(grace))
    before = rooms()
    assert watch(client, wanted) == before


@pytest.mark.parametrize(
    "event", ["changed", "counts", "signed_out", "rewatch", "presence", "join", "message", "enter_room"]
)
def test_a_browser_cannot_speak_for_the_server(
    event: str, ada: Agent, grace: Agent, client_for: ClientFor, socket: Open
) -> None:
    listener = socket(client_for(ada))
    watch(listener, {"view": "open"})
    speaker = socket(client_for(grace))
    speaker.emit(event, {"ticket": 1, "version": 9, "room": "open:all"})
    assert listener.get_received() == []
    assert listener.is_connected()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "https://localhost"},
        {"Origin": ""},
    ],
)
def test_another_sites_page_gets_no_socket(
    headers: dict[str, str], grace: Agent, client_for: ClientFor, socket: Open
) -> None:
    assert not socket(client_for(grace), headers).is_connected()


def test_a_stranger_gets_no_socket(visitor: Browser, socket: Open) -> None:
    assert not socket(visitor).is_connected()
    visitor.set_cookie("prosa", "guessed")
    assert not socket(visitor).is_connected()


@pytest.mark.parametrize("headers", [{}, HERE, {"Origin": "http://evil.example"}])
def test_a_stranger_is_turned_away_before_a_socket_is_made(visitor: Browser, headers: dict[str, str]) -> None:
    answer = visitor.get("/socket.io/?EIO=4&transport=websocket", headers=headers)
    assert answer.status_code == 403


def test_polling_is_not_offered(grace: Agent, client_for: ClientFor) -> None:
    answer = client_for(grace).get("/socket.io/?EIO=4&transport=polling", headers=HERE)
    assert answer.status_code == 400


def test_who_is_deactivated_hears_nothing_more(
    ada: Agent, grace: Agent, client_for: ClientFor, socket: Open
) -> None:
    client = socket(client_for(grace))
    people.deactivate(now_of(grace), now_of(ada))
    watch_quietly(client)
    assert not client.is_connected()
    assert sockets.watchers == {}


def test_attack_31_a_light_agents_socket_hears_their_team_and_no_other(
    pottery: Team,
    linen: Team,
    mail_from: MailFrom,
    linen_mailbox: Account,
    client_for: ClientFor,
    socket: Open,
) -> None:
    elsewhere = mail_from(account=linen_mailbox)
    lina = person("Lina Reis", role="light", teams=[pottery])
    socket_of_hers = socket(client_for(lina))
    heard = watch(socket_of_hers, {"view": "open", "ticket": elsewhere.id})
    assert f"counts:team:{pottery.id}" in heard and "counts:all" not in heard
    assert not heard & {f"ticket:{elsewhere.id}", "open:all", f"open:team:{linen.id}"}


def test_attack_31_a_supervisors_socket_hears_every_team_until_they_are_none(
    ada: Agent, mail_from: MailFrom, linen_mailbox: Account, client_for: ClientFor, socket: Open
) -> None:
    ticket = mail_from(account=linen_mailbox)
    sofia = person("Sofia Alves", role="supervisor")
    client = socket(client_for(sofia))
    assert {"open:all", "counts:all", f"ticket:{ticket.id}"} <= watch(
        client, {"view": "open", "ticket": ticket.id}
    )
    people.update(now_of(sofia), "Sofia", "agent", [], now_of(ada))
    watch_quietly(client)
    assert not client.is_connected() and sockets.watchers == {}


def watch_quietly(client: SocketIOTestClient) -> None:
    db.session.commit()
    client.emit("watch", {"view": "open"})


def test_the_sweep_finds_whom_no_message_reached(
    grace: Agent, linen: Team, mail_from: MailFrom, ada: Agent, client_for: ClientFor, socket: Open
) -> None:
    ticket = mail_from()
    client = socket(client_for(grace))
    assert f"ticket:{ticket.id}" in watch(client, {"view": "open", "ticket": ticket.id})
    tickets.move(now_of(ticket), now_of(linen), now_of(ada))
    db.session.commit()
    sockets.sweep()
    assert f"ticket:{ticket.id}" not in rooms()
    signin.end_all(now_of(grace))
    db.session.commit()
    sockets.sweep()
    assert not client.is_connected()


def test_the_bus_ends_sockets_and_settles_rooms_anew(
    ada: Agent,
    grace: Agent,
    linen: Team,
    client_for: ClientFor,
    socket: Open,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the other processes publish when somebody signs out or changes teams."""
    client = socket(client_for(grace))
    monkeypatch.setattr("socketio.PubSubManager._handle_emit", lambda *_: None)
    bus = Bus("redis://127.0.0.1:1", channel="prosa")
    people.update(now_of(grace), "Grace", "agent", [now_of(linen)], now_of(ada))
    db.session.commit()
    bus._handle_emit({"event": "rewatch", "room": f"agent:{grace.id}", "data": {}})
    assert f"counts:team:{linen.id}" in rooms()
    bus._handle_emit({"event": "signed_out", "room": "signin:0", "data": {}})
    assert client.is_connected()
    sign_in = db.session.query(SignIn).one()
    bus._handle_emit({"event": "signed_out", "room": f"signin:{sign_in.id}", "data": {}})
    assert not client.is_connected()


def test_changing_somebodys_teams_tells_their_sockets(
    ada: Agent, grace: Agent, linen: Team, bells: Any
) -> None:
    people.update(grace, "Grace", "agent", [linen], ada)
    db.session.commit()
    assert ("rewatch", {}, {f"agent:{grace.id}"}) in bells.told


def test_signing_out_tells_the_sockets_of_that_browser(
    grace: Agent, client_for: ClientFor, bells: Any
) -> None:
    browser = client_for(grace)
    sign_in = db.session.query(SignIn).one().id
    browser.post("/logout")
    assert ("signed_out", {}, {f"signin:{sign_in}"}) in bells.told


def test_a_thousand_questions_are_not_answered() -> None:
    watcher = Watcher("sid", 1, 1)
    answered = [not watcher.asks_too_often() for _ in range(1000)]
    assert sum(answered) == sockets.WATCHES


def test_a_socket_that_only_says_it_went_does_not_stay_unwatched(
    grace: Agent, mail_from: MailFrom, client_for: ClientFor, socket: Open
) -> None:
    client = socket(client_for(grace))
    heard = watch(client, {"view": "open", "ticket": mail_from().id})
    client.emit("connect", {})
    assert rooms() == heard
    client.emit("disconnect")
    assert not sockets.watchers and not client.is_connected()
