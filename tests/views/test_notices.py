"""The centre, the bell, following, mentioning, and what one chooses to be told."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from inbox import db, tickets
from inbox.models import Agent, Subscription, Team, Ticket
from inbox.notices import centre, choices, digest, following, push
from inbox.notices.bell import bell
from tests import told
from tests.attacks.post import again
from tests.clients import Browser, ClientFor
from tests.peers.push import Subscriber
from tests.people import MailFrom

BELL = re.compile(r'id="bell"[^>]*data-unread="(\d+)" data-tickets="([\d ?]*)"')


@pytest.fixture
def ticket(mail_from: MailFrom) -> Ticket:
    made = mail_from(subject="Cracked cup")
    told.happen()
    return made


def test_every_page_has_the_bell_and_it_counts_what_is_new(
    ticket: Ticket, ada: Agent, grace: Agent, client_for: ClientFor
) -> None:
    told.note(ticket, ada, told.mention(grace))
    client = client_for(grace)
    assert BELL.findall(client.get("/settings/me").text) == [("1", "?")]
    assert BELL.findall(client.get("/views/_counts").text) == [("1", str(ticket.id))]
    assert "Notices, 1 new" in client.get("/views/open").text


def test_the_centre_says_who_did_what_and_leads_there(
    ticket: Ticket, ada: Agent, grace: Agent, client_for: ClientFor
) -> None:
    note = told.note(ticket, ada, told.mention(grace))
    told.give(ticket, grace, by=ada)
    page = client_for(grace).get("/notices").text
    assert "Ada mentioned you" in page and "Ada gave it to you" in page and "Cracked cup" in page
    assert f'href="/tickets/{ticket.id}#message-{note.id}"' in page and ">Today</h2>" in page
    mentions = client_for(grace).get("/notices?show=mentions").text
    assert "Ada mentioned you" in mentions and "Ada gave it to you" not in mentions


@pytest.mark.parametrize(
    ("show", "says"),
    [("all", "Nothing to tell you."), ("unread", "All read."), ("mentions", "Nobody has mentioned you."),
     ("nonsense", "Nothing to tell you.")],
)  # fmt: skip
def test_an_empty_centre_says_what_would_stand_there(
    show: str, says: str, grace: Agent, client_for: ClientFor
) -> None:
    assert says in client_for(grace).get(f"/notices?show={show}").text


def test_opening_the_ticket_reads_what_was_told_of_it_in_every_browser(
    ticket: Ticket, ada: Agent, grace: Agent, client_for: ClientFor
) -> None:
    told.note(ticket, ada, told.mention(grace))
    here, there = client_for(grace), client_for(grace)
    here.get(f"/tickets/{ticket.id}")
    assert BELL.findall(there.get("/views/_counts").text)[0][0] == "1"  # a GET changes nothing
    assert BELL.findall(here.post(f"/tickets/{ticket.id}/notices").text) == [("0", "")]
    assert BELL.findall(there.get("/views/_counts").text) == [("0", "")]


def test_done_undone_and_all_read(ticket: Ticket, ada: Agent, grace: Agent, client_for: ClientFor) -> None:
    told.note(ticket, ada, told.mention(grace))
    told.give(ticket, grace, by=ada)
    client = client_for(grace)
    first, second = told.of(grace)
    path = f"/notices/{first.id}/done"
    fragment = {"HX-Request": "true"}
    assert client.post(path, headers=fragment).status_code == 200
    assert "Ada gave it to you" not in client.get("/notices").text
    assert "Ada gave it to you" in client.delete(path, headers=fragment).text
    assert client.post(path).status_code == 303  # without scripts
    assert client.post("/notices/read").status_code == 303
    assert bell(again(grace)).unread == 0 and again(second).read_at


def test_older_ones_come_on_request_and_the_day_is_said_once(
    ticket: Ticket, ada: Agent, grace: Agent, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(centre, "PAGE", 2)
    for _ in range(3):
        told.note(ticket, ada, told.mention(grace))
        centre.read_all(again(grace))
    client = client_for(grace)
    page = client.get("/notices").text
    before = re.search(r'data-before="([\d._]+)"', page)
    day = re.search(r'class="told-day" data-day="([\d-]+)"', page)
    assert before and day and page.count('class="told"') == 2
    rest = client.get(f"/notices/_rows?show=all&before={before[1]}&day={day[1]}").text
    assert rest.count('class="told"') == 1 and "<h2" not in rest and "data-before" not in rest


def test_following_is_told_by_the_head_and_undone(
    ticket: Ticket, ada: Agent, grace: Agent, client_for: ClientFor
) -> None:
    client = client_for(grace)
    path = f"/tickets/{ticket.id}/following"
    assert "data-followed" in client.put(path).text
    assert client.put(path).status_code == 200  # twice is once
    assert following.followers(again(ticket)) == {grace.id}
    assert "data-followed" not in client.delete(path).text


def test_one_can_mention_whom_the_ticket_is_shown_to_and_learns_who_is_not(
    ticket: Ticket, ada: Agent, grace: Agent, linus: Agent, pottery: Team, client_for: ClientFor
) -> None:
    tickets.move(again(ticket), again(pottery), again(ada))
    db.session.commit()
    offered = client_for(ada).get(f"/tickets/{ticket.id}/_mentions").text
    grace_option, linus_option = offered.split("<li")[1:]
    assert f'data-agent="{grace.id}"' in grace_option and "disabled" not in grace_option
    assert f'data-agent="{linus.id}" data-label="Linus Costa" aria-disabled="true"' in linus_option
    assert "does not see this conversation" in linus_option and f'data-agent="{ada.id}"' not in offered


def test_attack_32_a_note_is_in_no_answer_about_notices(
    ticket: Ticket, ada: Agent, grace: Agent, client_for: ClientFor
) -> None:
    told.note(ticket, ada, told.mention(grace).replace("look", "Toalha-Carmesim"))
    client = client_for(grace)
    for path in ("/notices", "/notices/_rows", "/views/_counts"):
        assert "Toalha" not in client.get(path).text


# ------------------------------------------------------------------------------------------ settings


def ticked(page: str) -> set[str]:
    return set(re.findall(r'name="way" value="([\w.]+)"[^>]* checked', page))


def test_one_chooses_by_kind_and_place(ada: Agent, grace: Agent, client_for: ClientFor) -> None:
    client = client_for(grace)
    page = client.get("/settings/notices").text
    assert "message.push" in ticked(page) and "note.push" not in ticked(page) and "rating.app" not in page
    ways = ["note.push", "mention.app", "nonsense.app", "mention.pigeon", "rating.app"]
    form = {"way": ways, "quiet": "times",
            "quiet_from": "22:00", "quiet_until": "06:30", "digest": "daily", "digest_hour": "7"}  # fmt: skip
    assert client.post("/settings/notices", data=form).status_code == 303
    choice = choices.of(again(grace))
    assert (
        choice.wants("note", "push") and choice.wants("mention", "app") and not choice.wants("message", "app")
    )
    assert (choice.quiet, choice.quiet_from, choice.quiet_until) == ("times", 22 * 60, 6 * 60 + 30)
    assert (choice.digest, choice.digest_hour) == ("daily", 7)
    page = client.get("/settings/notices").text
    assert ticked(page) == {"note.push", "mention.app"}
    assert 'value="22:00"' in page and 'value="06:30"' in page
    assert 'value="rating.app"' in client_for(ada).get("/settings/notices").text  # she looks after the team


@pytest.mark.parametrize(
    "wrong", [{"quiet": "always"}, {"digest": "weekly"}, {"digest_hour": "25"}, {"quiet_from": "noon"}]
)
def test_what_cannot_be_chosen_is_refused_and_what_was_ticked_stays(
    wrong: dict[str, str], grace: Agent, client_for: ClientFor
) -> None:
    form = {"way": ["note.push"], "quiet": "never", "quiet_from": "22:00", "quiet_until": "06:00",
            "digest": "off", "digest_hour": "8", **wrong}  # fmt: skip
    answer = client_for(grace).post("/settings/notices", data=form)
    assert answer.status_code == 422 and 'aria-invalid="true"' in answer.text
    assert ticked(answer.text) == {"note.push"}


# --------------------------------------------------------------------------------------------- browsers


def test_a_browser_is_turned_on_listed_tried_and_turned_off(
    grace: Agent, ada: Agent, client_for: ClientFor
) -> None:
    client, firefox = client_for(grace), Subscriber("/wpush/v2/x")
    assert client.post("/push/subscriptions", data=firefox.form).status_code == 303
    page = client.get("/settings/notices").text
    [number] = re.findall(r'id="browser-(\d+)"', page)
    assert "this one" in page and f'data-this="{number}"' in page and firefox.endpoint not in page
    other = client_for(ada)
    assert other.post(f"/push/subscriptions/{number}/test").status_code == 404
    assert other.delete(f"/push/subscriptions/{number}").status_code == 404
    assert client.post(f"/push/subscriptions/{number}/test").status_code == 200
    assert client.delete(f"/push/subscriptions/{number}").status_code == 200
    assert not db.session.scalars(select(Subscription)).all()


def test_attack_25_an_address_that_is_no_push_services_is_refused_with_a_sentence(
    grace: Agent, client_for: ClientFor
) -> None:
    form = Subscriber("/latest/meta-data", host="169.254.169.254").form
    answer = client_for(grace).post("/push/subscriptions", data=form, headers={"HX-Request": "true"})
    assert answer.status_code == 422 and "notices.push_hosts" in answer.text
    assert client_for(grace).post("/push/subscriptions", data={}).status_code == 422


def test_attack_36_signing_out_takes_the_browser_along(grace: Agent, client_for: ClientFor) -> None:
    client = client_for(grace)
    client.post("/push/subscriptions", data=Subscriber("/wpush/v2/x").form)
    assert push.of(again(grace))
    client.post("/logout")
    assert not push.of(again(grace))


def test_the_service_worker_is_for_the_whole_house_and_fresh(visitor: Browser) -> None:
    answer = visitor.get("/sw.js", buffered=True)
    assert answer.status_code == 200 and answer.mimetype == "text/javascript"
    assert answer.headers["Service-Worker-Allowed"] == "/" and answer.headers["Cache-Control"] == "no-cache"
    assert "notificationclick" in answer.text and "Set-Cookie" not in answer.headers


def test_it_can_stand_on_a_home_screen(visitor: Browser) -> None:
    answer = visitor.get("/manifest.webmanifest")
    assert answer.mimetype == "application/manifest+json" and answer.json["display"] == "standalone"
    assert '<link rel="manifest" href="/manifest.webmanifest">' in visitor.get("/login").text


# ----------------------------------------------------------------------------------------------- digest


def test_the_link_in_a_digest_asks_and_a_button_stops_it_without_signing_in(
    grace: Agent, visitor: Browser
) -> None:
    told.choose(grace, digest="hourly")
    path = f"/digests/{digest.token(grace)}"
    asked = visitor.get(path)
    assert "No more digests by mail?" in asked.text and "grace" not in asked.text.lower()
    assert choices.of(again(grace)).digest == "hourly"  # a scanner that follows links stops nothing
    done = visitor.post(path, data={"List-Unsubscribe": "One-Click"}, csrf=False)
    assert done.status_code == 200 and "You get no more digests." in done.text
    assert choices.of(again(grace)).digest == "off"
    assert visitor.post("/digests/1-forged", csrf=False).status_code == 404
