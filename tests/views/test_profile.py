"""Oneself: photo, signature and working hours, and where colleagues and customers see them."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from inbox import db, profile, tickets
from inbox.models import Account, Agent, DoomedFile
from inbox.views import at_work
from tests.clients import Browser, ClientFor, now_of
from tests.mail.pictures import drawing
from tests.people import MailFrom


def photo(client: Browser, content: bytes, name: str = "me.png") -> Any:
    return client.post("/settings/me/photo", data={"file": (BytesIO(content), name)})


# --------------------------------------------------------------------------------------------- photo


def test_a_photo_is_cut_square_and_shown_in_place_of_initials(grace: Agent, client_for: ClientFor) -> None:
    client = client_for(grace)
    assert photo(client, drawing(900, 300, "JPEG")).status_code == 303
    page = client.get("/views/open").text
    [address] = set(re.findall(r'src="(/photos/[\w-]+)"', page))
    answer = client.get(address)
    with Image.open(BytesIO(answer.data)) as image:
        assert image.size == (256, 256)
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"


def test_another_photo_has_another_address_and_none_has_none(grace: Agent, client_for: ClientFor) -> None:
    client = client_for(grace)
    photo(client, drawing(40, 40, "PNG"))
    first = now_of(grace).photo_token
    photo(client, drawing(50, 50, "PNG"))
    assert now_of(grace).photo_token != first and client.get(f"/photos/{first}").status_code == 404
    client.post("/settings/me/photo/removal")
    assert now_of(grace).photo_token is None and "/photos/" not in client.get("/views/open").text


@pytest.mark.parametrize(
    "content", [b"", b"<svg onload=alert(1)>", b"\x89PNG\r\n\x1a\n broken", b"GIF89a<script>"]
)
def test_what_is_no_picture_is_said_so(content: bytes, grace: Agent, client_for: ClientFor) -> None:
    answer = photo(client_for(grace), content)
    assert answer.status_code == 422 and "is no picture" in answer.text
    assert now_of(grace).photo_token is None


def test_no_file_at_all_is_refused(grace: Agent, client_for: ClientFor) -> None:
    assert client_for(grace).post("/settings/me/photo", data={}).status_code == 422


def test_a_photo_that_was_taken_away_does_not_stay_on_the_disk(grace: Agent, client_for: ClientFor) -> None:
    client = client_for(grace)
    photo(client, drawing(40, 40, "PNG"))
    first = now_of(grace).photo_sha256
    photo(client, drawing(50, 30, "JPEG"))
    second = now_of(grace).photo_sha256
    client.post("/settings/me/photo/removal")
    assert set(db.session.scalars(select(DoomedFile.name))) == {first, second}


# ----------------------------------------------------------------------------------------- signature


def test_ones_own_signature_stands_above_that_of_the_address(
    grace: Agent, support: Account, mail_from: MailFrom, client_for: ClientFor
) -> None:
    support.addresses[0].signature = "<b>Barro &amp; Linho</b>"
    client = client_for(grace)
    client.post("/settings/me/signature", data={"signature": "Best wishes,\nGrace"})
    assert now_of(grace).signature == "Best wishes,<br>Grace"
    both = "<div>Best wishes,<br>Grace</div><div><b>Barro &amp; Linho</b></div>"
    assert both in client.get("/settings/me").text
    ticket = mail_from()
    assert both in client.get(f"/tickets/{ticket.id}/_composer").text
    ticket = now_of(ticket)
    reply = tickets.reply(ticket, now_of(grace), "<p>On its way</p>", key="k1")
    assert reply.signature == both
    unsigned = tickets.reply(ticket, now_of(grace), "<p>Again</p>", key="k2", signed=False)
    assert unsigned.signature == ""


def test_it_stands_alone_where_the_address_has_none(
    grace: Agent, support: Account, mail_from: MailFrom
) -> None:
    profile.set_signature(grace, "<p>Grace</p>")
    db.session.commit()
    assert tickets.reply(mail_from(), grace, "<p>Hi</p>", key="k1").signature == "<p>Grace</p>"


def test_attack_27_a_signature_is_words_and_links(grace: Agent, client_for: ClientFor) -> None:
    evil = '<p onclick="x">{{7*7}} <script>1</script><img src="https://x.example/p.gif">'
    evil += '<a href="javascript:1">a</a></p>'
    client_for(grace).post("/settings/me/signature", data={"signature": evil})
    kept = now_of(grace).signature
    assert "{{7*7}}" in kept
    assert not any(word in kept for word in ("script", "onclick", "<img", "javascript"))


def test_an_empty_one_is_none(grace: Agent, client_for: ClientFor) -> None:
    client = client_for(grace)
    client.post("/settings/me/signature", data={"signature": "<p><br></p>"})
    assert now_of(grace).signature == ""
    assert client.post("/settings/me/signature", data={"signature": "x" * 6000}).status_code == 422


# --------------------------------------------------------------------------------------------- hours


def test_hours_are_kept_by_day(grace: Agent, client_for: ClientFor) -> None:
    client = client_for(grace)
    typed = {"mon-from": ["09:00", "13:00"], "mon-to": ["12:00", "18:00"], "tue-from": "", "tue-to": ""}
    assert client.post("/settings/me/hours", data=typed).status_code == 303
    assert now_of(grace).hours == {"mon": [["09:00", "12:00"], ["13:00", "18:00"]]}
    page = client.get("/settings/me").text
    assert page.count('name="mon-from" value=') - page.count('name="mon-from" value=""') == 2


def test_what_does_not_fit_is_said_at_its_day_and_kept_on_the_page(
    grace: Agent, client_for: ClientFor
) -> None:
    typed = {"wed-from": ["09:00", "11:00"], "wed-to": ["12:00", "13:00"]}
    answer = client_for(grace).post("/settings/me/hours", data=typed)
    assert answer.status_code == 422 and "Two of these overlap" in answer.text
    assert 'id="wed-problem"' in answer.text and 'value="11:00"' in answer.text
    assert now_of(grace).hours == {}


def test_colleagues_see_who_works_now_where_they_choose(
    ada: Agent, grace: Agent, mail_from: MailFrom, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile.set_hours(grace, {"mon": [["09:00", "12:00"]]})
    db.session.commit()
    client, ticket = client_for(ada), mail_from()
    for moment, said in (
        ("2026-11-23T10:00-03:00", "working now"),
        ("2026-11-23T08:00-03:00", "back 9:00"),
        ("2026-11-20T18:00-03:00", "back Monday 9:00"),
        ("2026-11-23T18:00-03:00", "back 30 Nov, 09:00"),
    ):
        at = db.now().fromisoformat(moment)
        monkeypatch.setattr(at_work, "now", lambda at=at: at)
        assert said in client.get(f"/tickets/{ticket.id}/_pick/assignee").text


def test_who_did_not_say_is_said_nothing_of(
    ada: Agent, grace: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    assert "at-work" not in client_for(ada).get(f"/tickets/{mail_from().id}/_pick/assignee").text
