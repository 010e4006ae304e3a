"""Security, of one's own: the second step, sessions, browsers, and what an admin asks of everybody."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from inbox import db, second_factor, signin
from inbox.models import Agent, Event, KnownBrowser, Memo, SecondStep, SignIn
from tests.clients import PASSWORD, Browser, ClientFor, log_in, now_of
from tests.conftest import Bells
from tests.test_second_factor import code_of, set_up

SET_UP = "/settings/security/second-factor"


@pytest.fixture
def guarded(known: Agent) -> list[str]:
    """Grace, who has a password and a second factor; her backup codes."""
    return set_up(known)


def give(browser: Browser, code: str, **more: Any) -> Any:
    return browser.post("/login/code", data={"code": code, **more})


# ------------------------------------------------------------------------------------- setting it up


def test_it_is_set_up_with_a_first_code(known: Agent, client_for: ClientFor) -> None:
    client = client_for(known)
    assert "Set it up" in client.get("/settings/security").text
    assert client.post(SET_UP, data={"password": "guessed it"}).status_code == 422
    assert client.post(SET_UP, data={"password": PASSWORD}).status_code == 303
    page = client.get(SET_UP).text
    assert "<svg" in page and "otpauth://totp/Barro" in page and "style=" not in page.split("<svg")[1]
    assert client.post(f"{SET_UP}/confirmation", data={"code": "12345"}).status_code == 422
    shown = client.post(f"{SET_UP}/confirmation", data={"code": code_of(now_of(known))})
    codes = re.findall(r"<code>([a-z2-9]{5}-[a-z2-9]{5})</code>", shown.text)
    assert len(codes) == 10 and shown.headers["Cache-Control"] == "no-store"
    assert second_factor.is_on(now_of(known))
    assert not any(code in client.get(SET_UP).text for code in codes)


def test_setting_it_up_signs_out_the_other_browsers(known: Agent, client_for: ClientFor) -> None:
    here, there = client_for(known), client_for(known)
    here.post(SET_UP, data={"password": PASSWORD})
    here.post(f"{SET_UP}/confirmation", data={"code": code_of(now_of(known))})
    assert there.get("/views/open").status_code == 303 and here.get("/views/open").status_code == 200


def test_it_is_turned_off_with_password_and_code(
    known: Agent, guarded: list[str], client_for: ClientFor
) -> None:
    client = client_for(known)
    for wrong in ({"password": "guessed it", "code": code_of(known)}, {"password": PASSWORD, "code": "1"}):
        assert client.post(f"{SET_UP}/end", data=wrong).status_code == 422
    assert second_factor.is_on(now_of(known))
    right = {"password": PASSWORD, "code": code_of(known)}
    assert client.post(f"{SET_UP}/end", data=right).status_code == 303
    assert not second_factor.is_on(now_of(known))


def test_backup_codes_are_made_anew(known: Agent, guarded: list[str], client_for: ClientFor) -> None:
    answer = client_for(known).post(f"{SET_UP}/codes", data={"password": PASSWORD, "code": code_of(known)})
    fresh = re.findall(r"<code>([a-z2-9-]{11})</code>", answer.text)
    assert len(fresh) == 10 and not set(fresh) & set(guarded)
    assert not second_factor.is_right(now_of(known), guarded[0])


# ----------------------------------------------------------------------------------- the second step


def test_signing_in_asks_for_the_code(known: Agent, guarded: list[str], visitor: Browser) -> None:
    visitor.get("/login?next=/views/open")
    data = {"email": known.email, "password": PASSWORD, "next": "/views/open"}
    answer = visitor.post("/login", data=data)
    assert answer.headers["Location"] == "/login/code?next=%2Fviews%2Fopen"
    assert visitor.get_cookie("prosa") is None
    assert visitor.get("/views/open").headers["Location"].startswith("/login?")
    wrong = give(visitor, "000000")
    assert wrong.status_code == 422 and "4 tries are left" in wrong.text
    done = visitor.post("/login/code?next=/views/open", data={"code": code_of(known)})
    assert (done.status_code, done.headers["Location"]) == (303, "/views/open")
    assert visitor.get("/views/open").status_code == 200
    assert db.session.scalar(select(SecondStep.id)) is None


def test_a_backup_code_signs_in_once(
    known: Agent, guarded: list[str], visitor: Browser, client_for: ClientFor
) -> None:
    log_in(visitor)
    assert give(visitor, guarded[3]).status_code == 303
    assert "9 backup codes are left" in visitor.get("/settings/security").text
    other = visitor.application.test_client()
    log_in(other)
    assert give(other, guarded[3]).status_code == 422


def test_a_trusted_browser_is_not_asked_again(known: Agent, guarded: list[str], visitor: Browser) -> None:
    log_in(visitor)
    give(visitor, code_of(known), trust="y")
    page = visitor.get("/settings/security").text
    [forget] = re.findall(r'hx-delete="(/settings/browsers/\d+)"', page)
    visitor.post("/logout")
    assert log_in(visitor).headers["Location"] == "/"
    assert visitor.delete(forget).status_code == 200
    visitor.post("/logout")
    assert log_in(visitor).headers["Location"] == "/login/code"


def test_the_code_page_without_a_password_leads_to_the_door(visitor: Browser) -> None:
    assert visitor.get("/login/code").headers["Location"] == "/login"
    assert give(visitor, "123456").headers["Location"] == "/login"


# ------------------------------------------------------------------------------- required of everybody


def require(ada: Agent, client: Browser) -> None:
    set_up(ada)
    assert client.post("/settings/security/everybody", data={"required": "y"}).status_code == 303


def test_an_admin_without_one_does_not_lock_herself_out(ada: Agent, client_for: ClientFor) -> None:
    client = client_for(ada)
    assert client.post("/settings/security/everybody", data={"required": "y"}).status_code == 422
    assert client.get("/views/open").status_code == 200


def test_who_lacks_it_is_led_to_it_and_reaches_nothing_else(
    ada: Agent, known: Agent, client_for: ClientFor
) -> None:
    client = client_for(known)
    require(ada, client_for(ada))
    assert client.get("/views/open").headers["Location"] == SET_UP
    fragment = client.get("/views/_counts", headers={"HX-Request": "true"})
    assert (fragment.status_code, fragment.headers["HX-Redirect"], fragment.text) == (401, SET_UP, "")
    page = client.get(SET_UP).text
    assert "asks everybody" in page and "Not now" not in page
    assert "/views/" not in client.get("/no-such-page").text
    client.post(SET_UP, data={"password": PASSWORD})
    client.post(f"{SET_UP}/confirmation", data={"code": code_of(now_of(known))})
    assert client.get("/views/open").status_code == 200


def test_open_screens_ask_anew_when_it_is_required(
    ada: Agent, known: Agent, client_for: ClientFor, bells: Bells
) -> None:
    signed_in = signin.of(signin.begin(known, "", ""))
    admin = client_for(ada)
    assert signed_in and signin.still_valid({signed_in.id}) == {signed_in.id}
    require(ada, admin)
    assert ("rewatch", {}, {"attention"}) in bells.told
    assert signin.still_valid({signed_in.id}) == set()


def test_a_colleagues_is_reset_by_an_admin_alone(
    ada: Agent, known: Agent, guarded: list[str], linus: Agent, client_for: ClientFor
) -> None:
    path = f"/settings/security/people/{known.id}"
    assert client_for(linus).post(path).status_code == 404 and second_factor.is_on(now_of(known))
    assert client_for(ada).post(path).status_code == 303
    assert not second_factor.is_on(now_of(known))


def test_attack_37_an_admins_own_is_not_turned_off_without_password_and_code(
    known: Agent, guarded: list[str], client_for: ClientFor
) -> None:
    known.role = "admin"
    db.session.commit()
    answer = client_for(known).post(f"/settings/security/people/{known.id}")
    assert (answer.status_code, answer.headers["Location"]) == (303, SET_UP)
    assert second_factor.is_on(now_of(known))


# ------------------------------------------------------------------------------ sessions and browsers


def test_an_admin_signs_a_colleague_out(
    ada: Agent, known: Agent, linus: Agent, client_for: ClientFor, bells: Bells
) -> None:
    there, admin = client_for(known), client_for(ada)
    path = f"/settings/security/people/{known.id}/sessions"
    assert client_for(linus).post(path).status_code == 404
    assert there.get("/views/open").status_code == 200
    assert admin.post(path).status_code == 303
    assert there.get("/views/open").status_code == 303 and admin.get("/views/open").status_code == 200
    assert any(what == "signed_out" for what, _news, _rooms in bells.told)


def test_everywhere_else_is_signed_out_at_once(known: Agent, client_for: ClientFor, bells: Bells) -> None:
    here, there = client_for(known), client_for(known)
    ended = db.session.scalars(select(SignIn.id).order_by(SignIn.id)).all()[1]
    assert here.post("/settings/sessions/elsewhere").status_code == 303
    assert there.get("/views/open").status_code == 303 and here.get("/views/open").status_code == 200
    assert ("signed_out", {}, {f"signin:{ended}"}) in bells.told


def test_a_browser_never_seen_before_is_told(known: Agent, visitor: Browser) -> None:
    log_in(visitor)
    assert told() == []  # the first of all is nobody's surprise
    visitor.post("/logout")
    log_in(visitor)
    assert told() == []
    stranger = visitor.application.test_client()
    log_in(stranger, headers={"User-Agent": "Mozilla/5.0 (X11; Linux) Firefox/130.0"})
    [memo] = told()
    assert memo.address == known.email and "Firefox, Linux" in memo.text and "127.0.0.1" in memo.text


def test_who_does_not_want_to_hear_of_it_does_not(known: Agent, visitor: Browser) -> None:
    log_in(visitor)
    visitor.post("/settings/security/notices", data={})
    assert not now_of(known).tell_sign_ins
    log_in(visitor.application.test_client())
    assert told() == []


def told() -> list[Memo]:
    return list(db.session.scalars(select(Memo).where(Memo.template == "new_sign_in")))


def test_what_is_about_signing_in_stands_in_the_audit(
    known: Agent, guarded: list[str], visitor: Browser
) -> None:
    log_in(visitor)
    give(visitor, "000000")
    give(visitor, code_of(known))
    visitor.post("/settings/sessions/elsewhere")
    data = {"current": PASSWORD, "new": "duas colheres de sol"}
    visitor.post("/settings/security/password", data=data)
    visitor.post("/logout")
    kinds = db.session.scalars(select(Event.kind).order_by(Event.id)).all()
    assert kinds == [
        "second_factor_on", "sign_in_failed", "signed_in", "signed_out_elsewhere", "password_changed",
        "signed_in", "signed_out",
    ]  # fmt: skip


def test_a_changed_password_is_told_and_said(known: Agent, client_for: ClientFor) -> None:
    client = client_for(known)
    data = {"current": PASSWORD, "new": "duas colheres de sol"}
    page = client.post("/settings/security/password", data=data, follow_redirects=True)
    assert "Your password is changed" in page.text
    assert db.session.scalars(select(Memo.template)).all() == ["password_changed"]


def test_old_browsers_and_steps_are_forgotten(known: Agent, guarded: list[str]) -> None:
    token = second_factor.owe(known)
    old = db.now() - signin.REMEMBERED * 2
    db.session.add(KnownBrowser(token_hash="1" * 64, agent_id=known.id, seen_at=old))
    db.session.execute(SecondStep.__table__.update().values(expires_at=old))
    db.session.commit()
    signin.forget_expired()
    assert db.session.scalar(select(KnownBrowser.id)) is None
    assert second_factor.owing(token) is None and db.session.scalar(select(SecondStep.id)) is None
