"""One's own ratings, and what the company wants to be asked."""

from __future__ import annotations

import re

import pytest

from inbox import db, ratings, surveys, tickets
from inbox.feedback import Policy
from inbox.models import Agent, Installation, Team, Ticket
from tests import asked
from tests.attacks.post import again
from tests.clients import ClientFor
from tests.people import MailFrom

FORM = {"on": "y", "wait_minutes": "15", "every_days": "30", "low": "1", "low_vip": "3", "then": "tell"}


def sent(**form: str) -> dict[str, str]:
    return {f"feedback-{name}": value for name, value in form.items()}


@pytest.fixture
def three(mail_from: MailFrom, ada: Agent, grace: Agent) -> list[int]:
    """Ada was asked about twice and answered once; Grace once."""
    asked.want(every_days=0)
    first = asked.sent(mail_from, ada, subject="First")
    asked.sent(mail_from, ada, subject="Second")
    other = asked.sent(mail_from, grace, subject="Third")
    tickets.rate(again(first), 4, ["kind"], "Muito bom")
    tickets.rate(again(other), 1)
    db.session.commit()
    return [first.ticket_id, other.ticket_id]


def test_ones_own_are_counted_and_lead_to_their_tickets(
    three: list[int], ada: Agent, client_for: ClientFor
) -> None:
    mine = ratings.figures(again(ada))
    assert (mine.asked, mine.answered, mine.average, mine.rate) == (2, 1, 4.0, 0.5)
    assert [answer.survey.ticket_id for answer in ratings.of(again(ada))] == three[:1]
    page = client_for(ada).get("/settings/ratings").text
    assert "50%" in page and f'href="/tickets/{three[0]}"' in page and "Muito bom" in page
    assert "Third" not in page and "Second" not in page
    fragment = client_for(ada).get("/settings/ratings/_mine").text
    assert fragment.lstrip().startswith('<div id="my-ratings"') and "Muito bom" in fragment


def test_a_ticket_that_went_to_another_team_is_counted_and_not_shown(
    three: list[int], grace: Agent, linen: Team, client_for: ClientFor
) -> None:
    tickets.move(db.session.get_one(Ticket, three[1]), linen, None)
    db.session.commit()
    assert ratings.figures(again(grace)).answered == 1 and not ratings.of(again(grace))
    assert "Third" not in client_for(grace).get("/settings/ratings").text


def test_who_was_never_rated_is_told_so(grace: Agent, client_for: ClientFor) -> None:
    assert "Nobody was asked yet." in client_for(grace).get("/settings/ratings").text


def test_the_company_sets_when_how_often_and_what_follows(ada: Agent, client_for: ClientFor) -> None:
    client = client_for(ada)
    assert 'id="feedback-wait_minutes"' in client.get("/settings/company").text
    assert client.post("/settings/company/feedback", data=sent(**FORM)).status_code == 303
    assert surveys.policy() == Policy(True, 15, 30, 1, 3, "tell")
    [event] = asked.events("feedback_set")
    assert event.agent_id == ada.id and event.data["then"] == ["reopen", "tell"]
    off = {name: value for name, value in FORM.items() if name != "on"}
    client.post("/settings/company/feedback", data=sent(**off))
    assert not surveys.policy().on


@pytest.mark.parametrize(
    "wrong", [{"then": "explode"}, {"low": "9"}, {"wait_minutes": "-5"}, {"every_days": ""}]
)
def test_what_is_not_on_the_list_is_refused(wrong: dict[str, str], ada: Agent, client_for: ClientFor) -> None:
    answer = client_for(ada).post("/settings/company/feedback", data=sent(**{**FORM, **wrong}))
    assert answer.status_code == 422 and 'aria-invalid="true"' in answer.text
    assert not db.session.get_one(Installation, 1).feedback


def test_a_mailbox_can_be_left_out(ada: Agent, mail_from: MailFrom, client_for: ClientFor) -> None:
    client, path = client_for(ada), f"/settings/mailboxes/{mail_from.account.id}"
    ticked = re.compile(r'id="field-survey" name="survey" value="y"( checked)?')
    assert ticked.findall(client.get(path).text) == [" checked"]
    form = dict(re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', client.get(path).text))
    form |= {"auth": "password", "incoming": "none", "in_security": "tls", "in_after": "keep",
             "smtp_security": "starttls", "team": "0"}  # fmt: skip
    form.pop("survey")
    assert client.post(path, data=form).status_code == 303
    assert ticked.findall(client.get(path).text) == [""]
    assert not surveys.is_on(again(mail_from.account))
