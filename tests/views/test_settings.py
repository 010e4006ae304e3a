"""Settings: what a form changes, and what it cannot."""

from __future__ import annotations

import re

from inbox import db, vault
from inbox.models import Account, Agent, Team
from tests.clients import ClientFor, now_of
from tests.people import MailFrom


def test_settings_are_kept(grace: Agent, client_for: ClientFor) -> None:
    client = client_for(grace)
    form = {"name": "Grace Lima", "language": "pt-BR", "zone": "Europe/Lisbon", "single_keys": "y"}
    assert client.post("/settings/me", data=form).status_code == 303
    assert (now_of(grace).zone, now_of(grace).single_keys) == ("Europe/Lisbon", True)
    page = client.get("/settings/me").text
    assert '<html lang="pt-BR"' in page
    assert client.post("/settings/me", data={**form, "zone": "Mars/Base"}).status_code == 422
    assert client.post("/settings/me", data={**form, "language": "tlh"}).status_code == 422


def test_an_admin_runs_the_house(ada: Agent, grace: Agent, support: Account, client_for: ClientFor) -> None:
    client = client_for(ada)
    assert (
        client.post("/settings/teams", data={"name": "Exchanges", "members": [grace.id]}).status_code == 303
    )
    team = db.session.query(Team).filter_by(name="Exchanges").one()
    assert [m.name for m in team.members] == ["Grace Lima"]
    assert client.post("/settings/teams", data={"name": "Exchanges"}).status_code == 422
    change = {"name": "Grace", "role": "agent", "teams": [team.id]}
    assert client.post(f"/settings/people/{grace.id}", data=change).status_code == 303
    assert [t.name for t in now_of(grace).teams] == ["Exchanges"]
    company = {"company": "Barro", "public_url": "https://x.example/", "language": "en", "zone": "UTC"}
    assert client.post("/settings/company", data=company).status_code == 303
    assert client.post("/settings/company", data={**company, "public_url": "javascript:x"}).status_code == 422
    form = {
        "name": "Sales",
        "address": "sales@barro.example",
        "team": "0",
        "active": "y",
        "auth": "password",
        "incoming": "none",
        "in_security": "tls",
        "in_after": "keep",
        "smtp_security": "rot13",
    }
    wrong = client.post(f"/settings/mailboxes/{support.id}", data=form)
    assert wrong.status_code == 422 and "Choose one" in wrong.text
    assert (
        client.post(f"/settings/mailboxes/{support.id}", data={**form, "smtp_security": "tls"}).status_code
        == 303
    )
    assert now_of(support).address == "sales@barro.example"


def test_a_deactivated_agent_can_come_back(ada: Agent, grace: Agent, client_for: ClientFor) -> None:
    client, theirs = client_for(ada), client_for(grace)
    client.post(f"/settings/people/{grace.id}/leaving", data={"to": "0", "scheduled": "leave"})
    assert not now_of(grace).active and theirs.get("/views/open").status_code == 303
    client.post(f"/settings/people/{grace.id}/return")
    assert now_of(grace).active and theirs.get("/views/open").status_code == 303


def test_a_session_can_be_ended_from_another_browser(grace: Agent, client_for: ClientFor) -> None:
    here, there = client_for(grace), client_for(grace)
    ended = re.findall(r'hx-delete="(/settings/sessions/\d+)"', here.get("/settings/security").text)
    assert len(ended) == 1 and here.delete(ended[0]).status_code == 200
    assert there.get("/views/open").status_code == 303 and here.get("/views/open").status_code == 200


def test_this_session_is_ended_from_its_own_row(grace: Agent, client_for: ClientFor) -> None:
    client = client_for(grace)
    [row] = re.findall(
        r'<li class="stuck-item" id="session-\d+">.*?</li>', client.get("/settings/security").text, re.S
    )
    assert 'action="/logout"' in row and "hx-delete" not in row


def test_a_form_sets_what_it_shows_and_nothing_else(known: Agent, client_for: ClientFor) -> None:
    hash_before = known.password_hash
    client_for(known).post(
        "/settings/me",
        data={
            "name": "Grace L.",
            "language": "pt-BR",
            "zone": "America/Recife",
            "role": "admin",
            "active": "",
            "id": "1",
            "email": "x@evil.example",
            "password_hash": "x",
            "teams": "1",
            "is_admin": "1",
            "invite_hash": "x",
        },
    )
    me = now_of(known)
    assert (me.name, me.language, me.role, me.active, me.email) == (
        "Grace L.",
        "pt-BR",
        "agent",
        True,
        "grace@barro.example",
    )
    assert (me.id, me.password_hash, me.invite_hash, me.single_keys) == (known.id, hash_before, None, False)


def test_a_reply_cannot_choose_its_author_or_state(
    grace: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    ticket = mail_from()
    answer = client_for(grace).post(
        f"/tickets/{ticket.id}/replies",
        data={
            "html": "<p>Hi</p>",
            "key": "k",
            "author_id": "1",
            "state": "sent",
            "account_id": "9",
            "then": "closed",
        },
    )
    assert answer.status_code == 422
    assert now_of(ticket).message_count == 1


def test_the_last_admin_stays(ada: Agent, client_for: ClientFor) -> None:
    client = client_for(ada)
    leaving = (f"/settings/people/{ada.id}/leaving", {"to": "0", "scheduled": "leave"})
    demoted = (f"/settings/people/{ada.id}", {"name": "Ada", "role": "supervisor"})
    for path, change in (leaving, demoted):
        assert client.post(path, data=change).status_code == 422
        assert (now_of(ada).role, now_of(ada).active) == ("admin", True)


def test_a_secret_is_sealed_and_never_shown(ada: Agent, support: Account, client_for: ClientFor) -> None:
    client, path = client_for(ada), f"/settings/mailboxes/{support.id}"
    form = {
        "name": "Support",
        "address": "support@barro.example",
        "active": "y",
        "team": "0",
        "auth": "password",
        "incoming": "none",
        "in_security": "tls",
        "in_after": "keep",
        "smtp_host": "mail.x.example",
        "smtp_port": "587",
        "smtp_security": "starttls",
        "smtp_user": "u",
    }
    assert (
        client.post(path, data={**form, "smtp_password": "hush-hush", "signing_key": "x"}).status_code == 303
    )
    kept = now_of(support).settings
    assert (
        "hush" not in str(kept)
        and vault.unseal(kept["smtp_password"]) == "hush-hush"
        and "signing_key" not in kept
    )
    page = client.get(path).text
    assert "hush" not in page and kept["smtp_password"] not in page
    client.post(path, data={**form, "smtp_password": ""})
    assert vault.unseal(now_of(support).settings["smtp_password"]) == "hush-hush"
