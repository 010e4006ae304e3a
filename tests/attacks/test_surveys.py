"""Rows 27, 34, 35 and 42 at the public page of a survey, and where its comment is read."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select

from inbox import db, downloads, files, surveys
from inbox.models import Agent, Answer, Attachment, Event, Handling, Survey
from tests import asked
from tests.attacks.post import again, react, send_all, signer
from tests.clients import Browser, ClientFor
from tests.people import MailFrom

EVIL = "<script>alert(1)</script>{{7*7}}{{config}} \u202egnp.exe =cmd|'/c calc'!A1"


@pytest.fixture
def survey(mail_from: MailFrom, ada: Agent) -> Survey:
    return asked.sent(mail_from, ada)


def state_of_all() -> list[Any]:
    """Everything that a visit could change."""
    found = db.session.execute(
        select(Survey.id, Survey.state, Survey.reason, Survey.attempts, Survey.declined_at)
    )
    counts = [db.session.scalar(select(func.count()).select_from(t)) for t in (Answer, Event, Handling)]
    return [*map(tuple, found), counts]


def test_row_34_whatever_is_wrong_with_an_address_looks_the_same(
    survey: Survey, mail_from: MailFrom, ada: Agent, visitor: Browser
) -> None:
    waiting = asked.of(asked.resolved(mail_from, ada, "Rui <rui@x.example>"))
    skipped = asked.of(asked.resolved(mail_from, ada, "no-reply@x.example"))
    skipped.state, skipped.reason = "skipped", "machine"
    db.session.commit()
    token = survey.token
    swapped = token.swapcase()
    wrong = {
        "none": "A" * 32,
        "not sent": waiting.token,
        "skipped": skipped.token,
        "cut": token[:-1],
        "longer": token + "A",
        "another case": swapped,
        "a wild card": "%" * 32,
        "an id": str(survey.id),
        "nothing": "None",
        "space": "%20",
    }
    bodies, headers = set(), set()
    for what, tried in wrong.items():
        for method, path in (("GET", ""), ("POST", ""), ("POST", "/stop")):
            form = {"seal": surveys.seal(survey), "score": "1"} if method == "POST" else None
            answer = visitor.open(f"/s/{tried}{path}", method=method, data=form, csrf=False)
            assert answer.status_code == 404, (what, method, path)
            bodies.add(answer.data)
            headers.add(tuple(sorted((k, v) for k, v in answer.headers.items())))
    with time_machine.travel(db.now() + timedelta(days=31), tick=False):  # its time is over
        bodies.add(visitor.get(f"/s/{token}").data)
    assert len(bodies) == 1 and len(headers) == 1
    assert again(survey).answer is None


def test_row_35_a_token_of_another_purpose_opens_nothing(
    survey: Survey, ada: Agent, visitor: Browser
) -> None:
    file = Attachment(
        message_id=survey.message_id, filename="a", content_type="a/b", size=1, sha256="0" * 64,
        linked_until=downloads.ends(),
    )  # fmt: skip
    db.session.add(file)
    db.session.commit()
    assert file.linked_until
    signed = signer().reply_address(1, "support@barro.example").partition("@")[0]
    others = (downloads.token(file, file.linked_until), file.token, signed, surveys.seal(survey))
    for other in others:
        assert visitor.get(f"/s/{other}").status_code == 404
    for path in (f"/f/{survey.token}", f"/invitation/{survey.token}", f"/files/{survey.token}/a"):
        assert visitor.get(path).status_code in (303, 404), path


def test_row_35_who_only_follows_links_changes_nothing(survey: Survey, visitor: Browser) -> None:
    """A mail scanner opens every link of the mail, twice, and looks at what it finds."""
    before = state_of_all()
    for score in (1, 2, 3, 4, 5):
        for method in ("GET", "HEAD", "GET"):
            assert visitor.open(f"/s/{survey.token}?score={score}", method=method).status_code == 200
    assert visitor.get(f"/s/{survey.token}?score=1&seal={surveys.seal(survey)}").status_code == 200
    assert state_of_all() == before


@pytest.mark.parametrize(
    "form",
    [{}, {"seal": ""}, {"seal": "0" * 32}, {"seal": "None"}, {"seal[]": "SEAL"}, {"seal": ["SEAL", "SEAL"]},
     {"seal": "é" * 32}],
)  # fmt: skip
def test_row_35_what_was_not_sent_from_the_page_is_refused(
    form: dict[str, Any], survey: Survey, visitor: Browser
) -> None:
    real = surveys.seal(survey)
    given = {k: [real if one == "SEAL" else one for one in v] if isinstance(v, list) else
             real if v == "SEAL" else v for k, v in form.items()}  # fmt: skip
    before = state_of_all()
    assert visitor.post(f"/s/{survey.token}", data={"score": "1", **given}, csrf=False).status_code == 404
    assert visitor.post(f"/s/{survey.token}/stop", data=given, csrf=False).status_code == 404
    assert state_of_all() == before


def test_row_35_the_seal_of_one_survey_is_none_for_another(
    survey: Survey, mail_from: MailFrom, ada: Agent, visitor: Browser
) -> None:
    other = asked.sent(mail_from, ada, "Rui <rui@x.example>")
    form = {"seal": surveys.seal(other), "score": "1"}
    assert visitor.post(f"/s/{survey.token}", data=form, csrf=False).status_code == 404


@pytest.mark.parametrize(
    "form",
    [{}, {"score": ""}, {"score": "0"}, {"score": "None"}, {"score": ["4", "1"]}, {"score[]": "4"},
     {"score": "4; DROP"}, {"score": "1e0"}, {"score": "4", "comment": ["a", "b"]}],
)  # fmt: skip
def test_row_35_an_empty_or_a_doubled_value_is_no_answer(
    form: dict[str, Any], survey: Survey, visitor: Browser
) -> None:
    before = state_of_all()
    given = {"seal": surveys.seal(survey), **form}
    assert visitor.post(f"/s/{survey.token}", data=given, csrf=False).status_code == 422
    assert visitor.post(f"/s/{survey.token}", json={"score": 1}, csrf=False).status_code == 400
    assert state_of_all() == before


def test_row_35_the_address_is_the_public_one_and_leaks_to_nobody(survey: Survey, visitor: Browser) -> None:
    """Not what a Host header says, and the page passes it on to no other site."""
    assert surveys.address(survey) == f"http://127.0.0.1:8000/s/{survey.token}"
    page = visitor.get(f"/s/{survey.token}", headers={"Host": "evil.example"})
    assert "evil.example" not in page.text and page.headers["Referrer-Policy"] == "same-origin"
    done = visitor.post(
        f"/s/{survey.token}", data={"seal": surveys.seal(survey), "score": "5"}, csrf=False,
        headers={"Host": "evil.example"},
    )  # fmt: skip
    assert done.headers.get("Location", "/s/").startswith("/s/")


def test_row_27_and_42_a_comment_is_text_wherever_it_is_read(
    survey: Survey, ada: Agent, visitor: Browser, client_for: ClientFor
) -> None:
    form = {"seal": surveys.seal(survey), "score": "1", "comment": EVIL, "reason": ["<b>", "slow"]}
    assert visitor.post(f"/s/{survey.token}", data=form, csrf=False).status_code == 303
    react()
    client, ticket = client_for(ada), survey.ticket_id
    pages = {
        path: client.get(path).text
        for path in (f"/tickets/{ticket}/_pane", "/attention", "/settings/ratings")
    }
    pages["thanks"] = visitor.get(f"/s/{survey.token}").text
    pages["form"] = visitor.get(f"/s/{survey.token}?change=1").text
    for where, page in pages.items():
        assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page, where
        assert "{{7*7}}{{config}}" in page and 'dir="auto"' in page, where
    said = again(survey).answer
    assert said and said.comment == EVIL and said.reasons == ["slow"]
    told = "".join(str(event.data) for event in db.session.scalars(select(Event)))
    assert "script" not in told and "7*7" not in told  # events say that, never what


def test_row_27_a_name_and_a_subject_are_no_templates(
    mail_from: MailFrom, ada: Agent, visitor: Browser
) -> None:
    sender = '"{{config}} <b>{agent}</b>" <eve@evil.example>'
    survey = asked.sent(
        mail_from, ada, sender, subject="{{7*7}} {name} <img src=x> %(x)s\r\nBcc: a@b.example"
    )
    send_all()
    [mail] = asked.mails()
    sent = message_from_bytes(files.get(again(mail).raw_sha256 or ""), policy=policy.default)
    assert "{{7*7}} {name} <img src=x> %(x)s Bcc: a@b.example" in sent["Subject"] and not sent["Bcc"]
    html = sent.get_body(["html"]).get_content()  # type: ignore[union-attr]
    assert "<img" not in html and html.count("/s/") == 6
    page = visitor.get(f"/s/{survey.token}").text
    assert "{{7*7}} {name} &lt;img src=x&gt;" in page and "<bdi>" in page
