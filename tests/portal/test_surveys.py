"""A customer follows the link, chooses a face, and may change it: without a script, without a cookie."""

from __future__ import annotations

import re
from datetime import timedelta
from email import message_from_bytes
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select

from inbox import db, files, surveys
from inbox.models import Agent, Answer, Event, Installation, Message, Survey
from tests import asked
from tests.attacks.post import again, send_all
from tests.clients import Browser
from tests.people import MailFrom

CHECKED = re.compile(r'name="score" value="(\d)" checked')


@pytest.fixture
def survey(mail_from: MailFrom, ada: Agent) -> Survey:
    return asked.sent(mail_from, ada)


def send(browser: Browser, survey: Survey, **form: Any) -> Any:
    """What the page's own form sends."""
    given = {"seal": surveys.seal(survey), **form}
    return browser.post(f"/s/{survey.token}", data=given, csrf=False)


def answers() -> int:
    return db.session.scalar(select(func.count()).select_from(Answer)) or 0


def test_the_link_shows_the_form_with_its_face_chosen(survey: Survey, visitor: Browser) -> None:
    page = visitor.get(f"/s/{survey.token}?score=4")
    assert page.status_code == 200 and CHECKED.findall(page.text) == ["4"]
    assert "Hi Marina. How was the conversation?" in page.text and "<b>Ada</b> answered you." in page.text
    assert "Set-Cookie" not in page.headers and "<script" not in page.text and "csrf" not in page.text
    assert "script-src" not in page.headers["Content-Security-Policy"]
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert page.headers["X-Robots-Tag"].startswith("noindex") and page.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("score", ["0", "6", "", "four", "4.0", "04", "-1", "٤"])
def test_a_face_that_does_not_exist_is_not_chosen(score: str, survey: Survey, visitor: Browser) -> None:
    page = visitor.get(f"/s/{survey.token}", query_string={"score": score})
    assert page.status_code == 200 and not CHECKED.findall(page.text)


def test_what_the_form_sends_is_the_answer(survey: Survey, visitor: Browser) -> None:
    done = send(
        visitor, survey, score="4", reason=["kind", "slow"], comment=" Rápida e gentil.\r\nObrigada! "
    )
    assert (done.status_code, done.headers["Location"]) == (303, f"/s/{survey.token}")
    assert "Set-Cookie" not in done.headers
    said = again(survey).answer
    assert said and (said.score, said.reasons) == (4, ["kind"])
    assert said.comment == "Rápida e gentil.\nObrigada!"
    thanks = visitor.get(f"/s/{survey.token}").text
    assert "Thank you, Marina" in thanks and "Rápida e gentil." in thanks and "Change it" in thanks


def test_it_can_be_changed_for_two_weeks_and_then_is_over(survey: Survey, visitor: Browser) -> None:
    send(visitor, survey, score="4")
    said = again(survey).answer
    assert said
    form = visitor.get(f"/s/{survey.token}?change=1").text
    assert CHECKED.findall(form) == ["4"]
    with time_machine.travel(said.first_at + timedelta(days=13, hours=23), tick=False):
        assert CHECKED.findall(visitor.get(f"/s/{survey.token}?score=2").text) == ["2"]
        assert send(visitor, survey, score="2").status_code == 303
    assert again(survey).answer.score == 2  # type: ignore[union-attr]
    with time_machine.travel(said.first_at + timedelta(days=14, minutes=1), tick=False):
        assert visitor.get(f"/s/{survey.token}").status_code == 404
        assert send(visitor, survey, score="5").status_code == 404
    assert again(survey).answer.score == 2  # type: ignore[union-attr]


def test_it_speaks_their_language_or_the_one_they_choose(survey: Survey, visitor: Browser) -> None:
    assert 'lang="en"' in visitor.get(f"/s/{survey.token}", headers={"Accept-Language": "pt-BR"}).text
    other = visitor.get(f"/s/{survey.token}?in=pt-BR&score=4")
    assert '<html lang="pt-BR">' in other.text and "Set-Cookie" not in other.headers
    form = {"seal": surveys.seal(survey), "score": "4"}
    done = visitor.post(f"/s/{survey.token}?in=pt-BR", data=form, csrf=False)
    assert done.headers["Location"] == f"/s/{survey.token}?in=pt-BR"
    assert '<html lang="en">' in visitor.get(f"/s/{survey.token}?in=xx").text


def test_what_does_not_fit_is_said_and_nothing_is_lost(survey: Survey, visitor: Browser) -> None:
    none = send(visitor, survey, comment="Ficou bom")
    assert none.status_code == 422 and "Choose one of the faces" in none.text and "Ficou bom" in none.text
    long = send(visitor, survey, score="5", comment="a" * 4001)
    assert long.status_code == 422 and "shorter" in long.text and "a" * 4001 in long.text
    assert CHECKED.findall(long.text) == ["5"] and not answers()
    assert send(visitor, survey, score="5", comment="a" * 4000).status_code == 303


def test_who_wants_no_more_says_so_there(survey: Survey, visitor: Browser) -> None:
    assert visitor.get(f"/s/{survey.token}/stop").status_code in (404, 405)
    stop = {"seal": surveys.seal(survey)}
    assert visitor.post(f"/s/{survey.token}/stop", data=stop, csrf=False).status_code == 303
    assert again(survey).declined_at is not None
    assert "We will not ask you again." in visitor.get(f"/s/{survey.token}").text
    assert [event.data for event in asked.events("surveys_declined")] == [{"survey": survey.id}]


def test_a_form_of_another_site_is_refused(survey: Survey, visitor: Browser) -> None:
    form = {"seal": surveys.seal(survey), "score": "1"}
    elsewhere = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert visitor.post(f"/s/{survey.token}", data=form, csrf=False, headers=elsewhere).status_code == 403
    assert not answers() and not db.session.scalar(select(Event.id).where(Event.kind == "rated"))


def test_a_mail_program_ends_them_with_one_click(survey: Survey, visitor: Browser) -> None:
    """RFC 8058: it posts, without a cookie and without having seen the page, and follows no redirect."""
    path = f"/s/{survey.token}/stop"
    wrong = ({}, {"List-Unsubscribe": "Maybe"}, {"x": "One-Click"})
    assert [visitor.post(path, data=data, csrf=False).status_code for data in wrong] == [404] * 3
    assert visitor.get(path).status_code == 405 and again(survey).declined_at is None
    answer = visitor.post(path, data={"List-Unsubscribe": "One-Click"}, csrf=False)
    assert answer.status_code == 200 and "Set-Cookie" not in answer.headers
    assert again(survey).declined_at is not None
    nobodys = visitor.post("/s/" + "A" * 32 + "/stop", data={"List-Unsubscribe": "One-Click"}, csrf=False)
    assert nobodys.status_code == 404


@pytest.mark.parametrize("public", ["https://help.barro.example", "http://10.0.0.5"])
def test_the_mail_says_where_they_end(public: str, survey: Survey, ada: Agent, mail_from: MailFrom) -> None:
    """Over https alone: without it a mail program would not ask (RFC 8058, 3.1)."""
    db.session.get_one(Installation, 1).public_url = public
    db.session.commit()
    other = asked.sent(mail_from, again(ada), "Rui <rui@x.example>")
    send_all()
    mail = db.session.get_one(Message, other.message_id, populate_existing=True)
    headers = message_from_bytes(files.get(mail.raw_sha256 or ""))
    there = f"<{public}/s/{other.token}/stop>" if public.startswith("https:") else None
    assert headers["List-Unsubscribe"] == there
    assert headers["List-Unsubscribe-Post"] == ("List-Unsubscribe=One-Click" if there else None)
