"""Rows 24, 29, 33 and 49: a copy of somebody's data is asked for by who may not have it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from inbox import db, passwords, tickets
from inbox.db import session
from inbox.models import Agent, Event, Hold, PrivacyRequest, Ticket
from tests.clients import CSRF, PASSWORD, ClientFor
from tests.people import MailFrom
from tests.privacy.conftest import (
    ask,
    at_once,
    carried_out,
    grown,
    no_compacting,
    supervisor,
    tombstone_file,
)

pytestmark = pytest.mark.usefixtures("grown")

HOUSE = "/settings/privacy"


@pytest.fixture
def ticket(mail_from: MailFrom) -> Ticket:
    return mail_from()


def form(**more: object) -> dict[str, object]:
    return {"law": "lgpd", "asked_on": f"{db.now():%Y-%m-%d}", "proof": "answered", "note": "", **more}


def count(model: type) -> int:
    return session.query(model).count()


def test_attack_49_a_spoofed_mail_that_asks_for_everything_is_a_mail_like_any_other(
    mail_from: MailFrom, support: object
) -> None:
    """No mail begins a request: a person takes it down, and says how they know who asks."""
    mail_from(subject="LGPD: send me all my data", text="Under art. 18 send everything to evil@x.example")
    assert count(PrivacyRequest) == 0


def test_attack_49_without_saying_how_one_knows_nothing_begins(
    ticket: Ticket, ada: Agent, supervisor: Agent, client_for: ClientFor
) -> None:
    path, client = f"{HOUSE}/customers/{ticket.customer.id}/export", client_for(ada)
    for proof in ("", "replayed", "a mail"):
        answer = client.post(path, data=form(proof=proof))
        assert answer.status_code == 422 and "A mail alone proves nothing" in answer.text
    assert count(PrivacyRequest) == 0


@pytest.mark.parametrize("role", ["agent", "light"])
def test_attack_49_an_agent_without_the_role_gets_nowhere(
    ticket: Ticket, ada: Agent, supervisor: Agent, grace: Agent, client_for: ClientFor, role: str
) -> None:
    number = ticket.customer.id
    done = carried_out(ask(ticket.customer, "export", ada), supervisor)
    grace.role = role
    client = client_for(grace)
    assert client.get(f"{HOUSE}/customers/{number}/export").status_code == 404
    assert client.post(f"{HOUSE}/customers/{number}/export", data=form()).status_code == 404
    assert client.post(f"{HOUSE}/requests/{done.id}/approval").status_code == 404
    assert client.post(f"{HOUSE}/exports/{done.token}").status_code == 404
    assert client.get(HOUSE).status_code == 404
    assert HOUSE not in client.get(f"/customers/{number}").text


def test_attack_49_nobody_approves_their_own_by_any_field(
    ticket: Ticket, ada: Agent, supervisor: Agent, client_for: ClientFor
) -> None:
    ada.password_hash = passwords.hash_of(PASSWORD)
    client, path = client_for(ada), f"{HOUSE}/customers/{ticket.customer.id}/export"
    sneaky = form(password=PASSWORD, state="approved", decided_by_id=str(supervisor.id), by_id="99")
    assert client.post(path, data=sneaky).status_code == 303
    [made] = session.query(PrivacyRequest)
    assert (made.state, made.by_id, made.decided_by_id) == ("waiting", ada.id, None)
    answer = client.post(f"{HOUSE}/requests/{made.id}/approval", data={"password": PASSWORD})
    assert answer.status_code == 409 and "Somebody else has to approve" in answer.text
    assert client_for(supervisor).post(f"{HOUSE}/requests/{made.id}/approval").status_code == 303
    assert session.get_one(PrivacyRequest, made.id, populate_existing=True).state == "approved"


def test_attack_49_who_is_alone_types_the_password_again(
    ticket: Ticket, ada: Agent, client_for: ClientFor
) -> None:
    ada.password_hash = passwords.hash_of(PASSWORD)
    client, path = client_for(ada), f"{HOUSE}/customers/{ticket.customer.id}/export"
    wrong = client.post(path, data=form(password="not the one"))
    assert wrong.status_code == 422 and "That is not your password." in wrong.text
    assert count(PrivacyRequest) == 0
    assert client.post(path, data=form(password=PASSWORD)).status_code == 303
    [made] = session.query(PrivacyRequest)
    assert (made.state, made.decided_by_id) == ("approved", ada.id)


def test_attack_24_the_address_of_an_export_opens_nothing_but_itself_and_ends(
    ticket: Ticket, ada: Agent, supervisor: Agent, client_for: ClientFor, visitor: object
) -> None:
    done = carried_out(ask(ticket.customer, "export", ada), supervisor)
    client, number = client_for(supervisor), done.id
    assert client.get(f"{HOUSE}/exports/{done.token}").status_code == 405
    missing = client.post(f"{HOUSE}/exports/{'x' * 32}")
    assert missing.status_code == 404
    fetched = client.post(f"{HOUSE}/exports/{done.token}")
    assert fetched.status_code == 200 and fetched.data.startswith(b"PK")
    assert fetched.headers["Cache-Control"] == "no-store"
    assert "attachment" in fetched.headers["Content-Disposition"]
    fetched.close()
    assert session.query(Event).filter_by(kind="export_fetched", agent_id=supervisor.id).count() == 1
    over = session.get_one(PrivacyRequest, number)
    over.expires_at = db.now() - timedelta(seconds=1)
    session.commit()
    gone = client.post(f"{HOUSE}/exports/{over.token}")
    assert gone.status_code == 404 and CSRF.sub("", gone.text) == CSRF.sub("", missing.text)
    assert visitor.post(f"{HOUSE}/exports/{over.token}").status_code in (302, 303, 401)  # type: ignore[attr-defined]


def test_attack_33_nothing_happens_without_the_forms_token(
    ticket: Ticket, ada: Agent, supervisor: Agent, client_for: ClientFor
) -> None:
    asked = ask(ticket.customer, "erasure", ada)
    client = client_for(supervisor)
    assert client.post(f"{HOUSE}/requests/{asked.id}/approval", csrf=False).status_code == 403
    path = f"{HOUSE}/customers/{asked.customer_id}/erasure"
    assert client.post(path, data=form(confirm="1"), csrf=False).status_code == 403
    assert session.get_one(PrivacyRequest, asked.id, populate_existing=True).state == "waiting"


def test_an_erasure_is_begun_by_typing_the_number_and_says_what_goes(
    ticket: Ticket, ada: Agent, supervisor: Agent, client_for: ClientFor
) -> None:
    tickets.note(ticket, ada, "<p>She sounds sad.</p>", key="n")
    number, open_ticket = ticket.customer.id, ticket.id
    client, path = client_for(ada), f"{HOUSE}/customers/{number}/erasure"
    page = client.get(path).text
    assert "marina<wbr>@queiroz.example" in page and "note of colleagues" in page
    assert f"#{open_ticket}" in page and "would be closed" in page
    wrong = client.post(path, data=form(confirm=str(number + 1), note="She called."))
    assert wrong.status_code == 422 and "This cannot be undone." in wrong.text and "She called." in wrong.text
    assert client.post(path, data=form(confirm=str(number))).status_code == 303
    twice = client.post(path, data=form(confirm=str(number)))
    assert twice.status_code == 422 and "asked for already" in twice.text
    [made] = session.query(PrivacyRequest)
    shown = client_for(supervisor).get(f"{HOUSE}/requests/{made.id}").text
    assert "They answered a mail of ours" in shown and "Approve and erase" in shown
    assert "15 days left" in client.get(HOUSE).text or "14 days left" in client.get(HOUSE).text


def test_the_person_that_was_erased_is_a_page_that_says_so(
    ticket: Ticket, ada: Agent, supervisor: Agent, client_for: ClientFor
) -> None:
    done = carried_out(ask(ticket.customer, "erasure", ada), supervisor)
    client = client_for(ada)
    shown = client.get(f"{HOUSE}/requests/{done.id}").text
    assert "Nothing of them is left but this" in shown and "Marina" not in shown
    page = client.get(f"/customers/{done.customer_id}")
    assert page.status_code == 200 and "This person was erased" in page.text and "Marina" not in page.text
    assert "was erased" in client.get(f"/tickets/{ticket.id}", follow_redirects=True).text
    again = client.post(f"{HOUSE}/customers/{done.customer_id}/export", data=form())
    assert again.status_code == 422 and "erased already" in again.text
    answer = client.post(f"/tickets/{ticket.id}/replies", data={"html": "<p>Hi</p>", "key": "k"})
    assert answer.status_code == 422, "there is nobody to write to"


def test_a_hold_is_set_seen_and_lifted(
    ticket: Ticket, ada: Agent, supervisor: Agent, client_for: ClientFor
) -> None:
    number, customer = ticket.id, ticket.customer.id
    client = client_for(supervisor)
    nothing = client.post(f"{HOUSE}/tickets/{number}/hold", data={"reason": " "})
    assert nothing.status_code == 422 and "Say why it is held" in nothing.text and count(Hold) == 0
    client.post(f"{HOUSE}/tickets/{number}/hold", data={"reason": "The court of Recife"})
    assert "The court of Recife" in client.get(HOUSE).text
    assert "Legal hold" in client.get(f"/tickets/{number}/_pane").text
    stopped = client_for(ada).post(f"{HOUSE}/customers/{customer}/erasure", data=form(confirm=str(customer)))
    assert stopped.status_code == 422 and "A legal hold stands" in stopped.text
    [hold] = session.query(Hold)
    client.post(f"{HOUSE}/holds/{hold.id}/lifting", data={"back": "//evil.example"})
    told = session.query(Event).filter(Event.kind.like("hold_%")).order_by(Event.id)
    assert [event.kind for event in told] == ["hold_set", "hold_lifted"]


def test_retention_is_seen_before_it_is_saved_and_only_an_admin_sets_it(
    ticket: Ticket, ada: Agent, supervisor: Agent, client_for: ClientFor
) -> None:
    tickets.resolve(ticket, ada)
    ticket.active_at = db.now() - timedelta(days=400)
    session.commit()
    number, client = ticket.id, client_for(ada)
    shown = client.get(f"{HOUSE}/retention?done=365").text
    assert f"/tickets/{number}" in shown and "In the coming night" in shown
    wrong = client.get(f"{HOUSE}/retention?done=ten&spam=-1")
    assert wrong.status_code == 422 and wrong.text.count('aria-invalid="true"') == 2
    assert client.post(f"{HOUSE}/retention", data={"done": "0"}).status_code == 422
    assert client.post(f"{HOUSE}/retention", data={"done": "365"}).status_code == 303
    assert 'value="365"' in client.get(HOUSE).text
    assert client_for(supervisor).get(f"{HOUSE}/retention?done=1").status_code == 404
    assert session.get_one(Ticket, number).subject == "Cracked cup"


assert at_once and grown and no_compacting and supervisor and tombstone_file  # fixtures
