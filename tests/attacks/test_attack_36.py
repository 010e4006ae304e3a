"""Row 36: a sign-in is made anew, and ends everywhere at once, open sockets included."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask_socketio import SocketIOTestClient
from sqlalchemy import select

from inbox import db, people, second_factor, signin, sockets
from inbox.models import Account, Agent, KnownBrowser, SignIn
from tests.clients import PASSWORD, Browser, ClientFor, log_in, now_of
from tests.test_second_factor import code_of, set_up
from tests.test_sockets import Open, socket
from tests.views.test_forgotten import NEW, ask, link, outgoing

assert outgoing and socket  # fixtures

End = Callable[[Agent, Agent, Browser], None]


def _signs_out(_ada: Agent, _grace: Agent, there: Browser) -> None:
    there.post("/logout")


def _changes_password(_ada: Agent, grace: Agent, there: Browser) -> None:
    here = there.application.test_client()
    log_in(here)
    data = {"current": PASSWORD, "new": NEW}
    assert here.post("/settings/security/password", data=data).status_code == 303


def _forgets_password(_ada: Agent, _grace: Agent, there: Browser) -> None:
    ask(there.application.test_client())
    assert there.application.test_client().post(link(), data={"password": NEW}).status_code == 303


def _signs_out_elsewhere(_ada: Agent, _grace: Agent, there: Browser) -> None:
    here = there.application.test_client()
    log_in(here)
    here.post("/settings/sessions/elsewhere")


def _gets_another_role(ada: Agent, grace: Agent, _there: Browser) -> None:
    people.update(now_of(grace), grace.name, "light", [], now_of(ada))
    db.session.commit()


def _is_deactivated(ada: Agent, grace: Agent, _there: Browser) -> None:
    people.deactivate(now_of(grace), now_of(ada))
    db.session.commit()


@pytest.mark.parametrize(
    "end",
    [
        _signs_out,
        _changes_password,
        _forgets_password,
        _signs_out_elsewhere,
        _gets_another_role,
        _is_deactivated,
    ],
)
def test_attack_36_a_cookie_and_its_socket_do_not_outlive_it(
    end: End, ada: Agent, known: Agent, outgoing: Account, client_for: ClientFor, socket: Open
) -> None:
    there = client_for(known)
    cookie = there.get_cookie("prosa")
    listening: SocketIOTestClient = socket(there)
    assert cookie and there.get("/views/open").status_code == 200 and len(sockets.watchers) == 1
    end(ada, known, there)
    there.set_cookie("prosa", cookie.value)
    assert there.get("/views/open").status_code in (303, 401)
    assert there.post("/settings/me", data={"name": "x"}).status_code in (303, 401)
    sockets.sweep()
    assert not listening.is_connected() and sockets.watchers == {}
    assert not socket(there).is_connected()


def test_attack_36_a_planted_cookie_is_no_sign_in_after_the_code_either(
    known: Agent, visitor: Browser
) -> None:
    set_up(known)
    for name in ("prosa", "prosa-step"):
        visitor.set_cookie(name, "planted-by-somebody")
    log_in(visitor)
    step = visitor.get_cookie("prosa-step")
    assert step and step.value != "planted-by-somebody"
    visitor.post("/login/code", data={"code": code_of(known)})
    fresh = visitor.get_cookie("prosa")
    assert fresh and fresh.value not in ("planted-by-somebody", step.value) and len(fresh.value) >= 43
    assert visitor.get_cookie("prosa-step") is None
    assert db.session.query(SignIn).one().token_hash == signin.digest(fresh.value)


def test_attack_36_the_owed_code_opens_nothing_else(known: Agent, visitor: Browser, socket: Open) -> None:
    set_up(known)
    log_in(visitor)
    step = visitor.get_cookie("prosa-step")
    assert step
    visitor.set_cookie("prosa", step.value)
    for path in ("/", "/views/open", "/settings/me", "/settings/security/second-factor"):
        assert visitor.get(path).headers["Location"].startswith("/login")
    assert not socket(visitor).is_connected()


def test_attack_36_who_has_to_set_up_a_second_factor_hears_nothing(
    ada: Agent, known: Agent, client_for: ClientFor, socket: Open
) -> None:
    there, admin = client_for(known), client_for(ada)
    listening = socket(there)
    set_up(ada)
    admin.post("/settings/security/everybody", data={"required": "y"})
    sockets.sweep()
    assert not listening.is_connected() and not socket(there).is_connected()
    second_factor.begin(now_of(known))
    db.session.commit()
    assert second_factor.turn_on(now_of(known), code_of(known))
    db.session.commit()
    assert socket(there).is_connected()


def test_attack_36_a_changed_password_ends_every_trust(known: Agent, visitor: Browser) -> None:
    set_up(known)
    log_in(visitor)
    visitor.post("/login/code", data={"code": code_of(known), "trust": "y"})
    visitor.post("/settings/security/password", data={"current": PASSWORD, "new": NEW})
    assert db.session.scalars(select(KnownBrowser.trusted_until)).all() == [None]
    visitor.post("/logout")
    assert log_in(visitor, password=NEW).headers["Location"] == "/login/code"


def test_attack_36_a_cookie_that_was_taken_before_the_next_sign_in_trusts_nobody(
    known: Agent, visitor: Browser
) -> None:
    """The browser\'s token is new with every sign-in: an old copy of it is worth nothing."""
    set_up(known)
    log_in(visitor)
    visitor.post("/login/code", data={"code": code_of(known), "trust": "y"})
    stolen = {cookie.key: cookie.value for cookie in visitor._cookies.values() if "browser" in cookie.key}
    assert len(stolen) == 1
    visitor.post("/logout")
    log_in(visitor)
    thief = visitor.application.test_client()
    for name, value in stolen.items():
        thief.set_cookie(name, value)
    assert log_in(thief).headers["Location"] == "/login/code"
