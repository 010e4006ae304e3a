"""The pages about people and teams, invitations at the door, and what a light agent's screens offer."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from inbox import db, memos, people, signin, tickets
from inbox.models import Account, Agent, Draft, Memo, Message, PasswordReset, Team
from inbox.models.agent import ROLES
from tests.clients import PASSWORD, Browser, ClientFor, now_of
from tests.people import MailFrom, agent

INVITATION = re.compile(r"http://127\.0\.0\.1:8000/invitations/([\w-]{43})")
NOT_OFFERED = (
    'id="tab-reply"', 'id="tab-forward"', 'data-do="resolve"', 'data-pick="', 'data-do="spam"', 'href="/new"',
    'data-do="forward"', 'data-do="macros"', 'href="/settings/macros"', 'href="/attention"',
    'data-do="reply"',
)  # fmt: skip
"""What a light agent cannot do anyway."""

ACCEPTED = {"name": "Rui", "password": PASSWORD, "language": "en", "zone": "UTC"}


@pytest.fixture
def lina(linen: Team) -> Agent:
    """A light agent of the linen team."""
    return agent("Lina Reis", role="light", teams=[linen])


@pytest.fixture
def server(support: Account) -> Account:
    """support@, which leaves by a server."""
    support.settings = {"smtp_host": "127.0.0.1"}
    db.session.commit()
    return support


def invited(address: str) -> Agent:
    return db.session.scalars(select(Agent).where(Agent.email == address)).one()


# --------------------------------------------------------------------------------------- inviting


def test_a_list_of_people_is_invited_at_once(
    ada: Agent, server: Account, pottery: Team, client_for: ClientFor
) -> None:
    client = client_for(ada)
    emails = "Rui Dias <Rui@x.example>, eva@x.example\n\nrui@x.example; leo@x.example"
    form = {"emails": emails, "role": "light", "teams": [pottery.id]}
    answer = client.post("/settings/people", data=form, follow_redirects=True)
    assert answer.status_code == 200 and "3 mails with the links are on their way." in answer.text
    assert not INVITATION.search(answer.text), "the links are for those who are invited"
    rui = invited("rui@x.example")
    assert (rui.name, rui.role, [team.name for team in rui.teams]) == ("Rui Dias", "light", ["Pottery"])
    assert set(db.session.scalars(select(Memo.address))) == {f"{n}@x.example" for n in ("rui", "eva", "leo")}
    assert "invited" in client.get("/settings/people").text


def test_without_a_server_the_links_are_shown_once(
    ada: Agent, support: Account, client_for: ClientFor
) -> None:
    client = client_for(ada)
    page = client.post("/settings/people", data={"emails": "c@x.example,d@x.example", "role": "agent"})
    assert page.status_code == 200 and len(INVITATION.findall(page.text)) == 2
    assert not INVITATION.search(client.get("/settings/people").text)


@pytest.mark.parametrize(
    ("emails", "said"),
    [
        ("", "This cannot be empty."),
        ("rui@x.example, not an address", "Not an e-mail address: not an address"),
        ("eva@x.example, GRACE@barro.example", "grace@barro.example is here already."),
        (",".join(f"a{n}@x.example" for n in range(people.MOST_AT_ONCE + 1)), "At most 50 at once"),
        (" , ;\n ", "That is not an e-mail address."),
    ],
)
def test_a_list_with_something_wrong_invites_nobody(
    emails: str, said: str, ada: Agent, grace: Agent, support: Account, client_for: ClientFor
) -> None:
    page = client_for(ada).post("/settings/people", data={"emails": emails, "role": "agent"})
    assert page.status_code == 422 and said in page.text and 'aria-invalid="true"' in page.text
    assert db.session.scalar(select(func.count()).select_from(Agent)) == 2
    assert db.session.scalar(select(func.count()).select_from(Memo)) == 0


def test_an_invitation_says_how_it_stands(ada: Agent, server: Account, client_for: ClientFor) -> None:
    rui, _token = people.invite("rui@x.example", "Rui", "agent", [], ada)
    number = rui.id
    client = client_for(ada)
    page = client.get(f"/settings/people/{number}").text
    assert "Invited:" in page and "The link works until" in page and "Its mail is on its way." in page
    db.session.get_one(Agent, number).invited_until = db.now() - timedelta(minutes=1)
    db.session.commit()
    assert "invitation ended" in client.get("/settings/people").text
    assert client.post(f"/settings/people/{number}/invitation").status_code == 303
    memo = memos.newest("invitation")[number]
    memo.state, memo.failure = "failed", memos.TOO_MANY
    db.session.commit()
    assert memos.TOO_MANY in client.get(f"/settings/people/{number}").text
    assert client.post(f"/settings/people/{number}/invitation/withdrawal").status_code == 303
    assert "withdrawn" in client.get("/settings/people").text
    assert client.post(f"/settings/people/{number}/invitation").status_code == 422


# ------------------------------------------------------------------------------ attack 35: invitations


def test_attack_35_looking_uses_nothing_up_and_coming_in_does(
    ada: Agent, support: Account, visitor: Browser
) -> None:
    rui, token = people.invite("rui@x.example", "Rui", "agent", [], ada)
    for _ in range(3):
        page = visitor.get(f"/invitations/{token}")
        assert page.status_code == 200 and page.headers["Referrer-Policy"] in ("same-origin", "no-referrer")
        assert visitor.head(f"/invitations/{token}").status_code == 200
    assert visitor.post(f"/invitations/{token}", data={**ACCEPTED, "password": "short"}).status_code == 422
    assert visitor.post(f"/invitations/{token}", data=ACCEPTED).status_code == 303
    assert not now_of(rui).is_invited and now_of(rui).invite_hash is None
    for method in (visitor.get, visitor.post):
        assert method(f"/invitations/{token}", data=ACCEPTED).status_code == 404


def test_attack_35_a_link_ends_is_withdrawn_or_replaced(
    ada: Agent, support: Account, visitor: Browser
) -> None:
    rui, first = people.invite("rui@x.example", "Rui", "agent", [], ada)
    assert visitor.get(f"/invitations/{first}").status_code == 200
    second = people.invite_again(now_of(rui), now_of(ada))
    assert visitor.post(f"/invitations/{first}", data=ACCEPTED).status_code == 404
    now_of(rui).invited_until = db.now() - timedelta(seconds=1)
    assert visitor.post(f"/invitations/{second}", data=ACCEPTED).status_code == 404
    third = people.invite_again(now_of(rui), now_of(ada))
    people.withdraw_invitation(now_of(rui), now_of(ada))
    assert visitor.get(f"/invitations/{third}").status_code == 404
    assert visitor.post(f"/invitations/{third}", data=ACCEPTED).status_code == 404
    assert now_of(rui).password_hash == ""


def test_attack_35_only_the_token_itself_opens_it(
    ada: Agent, grace: Agent, support: Account, visitor: Browser
) -> None:
    _rui, token = people.invite("rui@x.example", "Rui", "agent", [], ada)
    reset = PasswordReset(
        address=grace.email, agent_id=grace.id, token_hash=signin.digest("of-another-purpose"),
        expires_at=db.now() + timedelta(hours=1),
    )  # fmt: skip
    db.session.add(reset)
    db.session.commit()
    wrong = ["0", "None", "null", "[]", "%00", token.swapcase(), token[:-1], f"{token}=", f"{token}%20"]
    for given in [*wrong, signin.digest(token), "of-another-purpose", "x" * 5000]:
        assert visitor.get(f"/invitations/{given}").status_code == 404, given
        assert visitor.post(f"/invitations/{given}", data=ACCEPTED).status_code == 404, given
    assert visitor.get(f"/invitations/?token={token}").status_code == 404
    assert visitor.get("/invitations/[]", query_string={"token[]": token}).status_code == 404
    assert visitor.get(f"/login/forgotten/{token}").status_code != 200 or token not in str(
        db.session.scalars(select(PasswordReset.token_hash)).all()
    )


def test_attack_35_the_host_header_writes_no_link(ada: Agent, server: Account, client_for: ClientFor) -> None:
    client = client_for(ada)
    headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Server": "evil.example"}
    form = {"emails": "rui@x.example", "role": "agent"}
    client.post("/settings/people", data=form, headers=headers)
    text = db.session.scalar(select(Memo.text)) or ""
    assert INVITATION.search(text) and "evil" not in text


def test_attack_35_a_link_for_somebody_who_left_opens_nothing(
    ada: Agent, grace: Agent, support: Account, visitor: Browser
) -> None:
    token = people.invite_again(grace, ada)
    people.deactivate(grace, ada)
    assert visitor.get(f"/invitations/{token}").status_code == 404
    assert visitor.post(f"/invitations/{token}", data=ACCEPTED).status_code == 404


# ------------------------------------------------------------------------ attack 29: mass assignment


def test_attack_29_accepting_an_invitation_gives_no_more_than_was_offered(
    ada: Agent, support: Account, pottery: Team, visitor: Browser
) -> None:
    rui, token = people.invite("rui@x.example", "Rui", "light", [], ada)
    more = {"role": "admin", "teams": [pottery.id], "rights": "export", "active": "", "email": "x@y.example"}
    assert visitor.post(f"/invitations/{token}", data={**ACCEPTED, **more}).status_code == 303
    rui = now_of(rui)
    assert (rui.role, rui.teams, rui.active, rui.email) == ("light", [], True, "rui@x.example")


def test_attack_29_ones_own_settings_set_no_role_team_or_right(
    grace: Agent, pottery: Team, linen: Team, client_for: ClientFor
) -> None:
    form = {"name": "Grace", "language": "en", "zone": "UTC", "role": "admin", "handover": "{}"}
    teams = {"teams": [linen.id, pottery.id], "rights": ["export", "figures"]}
    client = client_for(grace)
    client.post("/settings/me", data={**form, **teams})
    me = now_of(grace)
    assert (me.role, [team.id for team in me.teams], now_of(pottery).rights) == ("agent", [pottery.id], [])
    assert client.post(f"/settings/people/{grace.id}", data={**form, **teams}).status_code == 404
    assert client.post(f"/settings/teams/{pottery.id}", data={"name": "P", **teams}).status_code == 404


@pytest.mark.parametrize("role", ["owner", "", "admin,agent", "Admin", "0"])
def test_attack_29_there_are_only_the_roles_there_are(
    role: str, ada: Agent, grace: Agent, support: Account, client_for: ClientFor
) -> None:
    client = client_for(ada)
    assert client.post(f"/settings/people/{grace.id}", data={"name": "G", "role": role}).status_code == 422
    asked = {"emails": "rui@x.example", "role": role}
    assert client.post("/settings/people", data=asked).status_code == 422
    assert now_of(grace).role == "agent" and not db.session.scalars(select(Memo)).all()


def test_attack_29_a_team_has_only_the_rights_and_people_there_are(
    ada: Agent, pottery: Team, client_for: ClientFor
) -> None:
    client = client_for(ada)
    for more in ({"rights": "everything"}, {"members": 99999}, {"accounts": 99999}, {"addresses": 99999}):
        assert client.post(f"/settings/teams/{pottery.id}", data={"name": "P", **more}).status_code == 422
    assert (now_of(pottery).name, now_of(pottery).rights) == ("Pottery", [])


# ------------------------------------------------------------------------------ attack 36: role change


def test_attack_36_a_demoted_admin_is_none_in_any_browser(ada: Agent, client_for: ClientFor) -> None:
    eva = agent("Eva Nunes", role="admin")
    theirs, client = client_for(eva), client_for(ada)
    assert theirs.get("/settings/people").status_code == 200
    change = {"name": "Eva", "role": "agent"}
    assert client.post(f"/settings/people/{eva.id}", data=change).status_code == 303
    assert theirs.get("/settings/people").headers["Location"].startswith("/login")
    assert client_for(now_of(eva)).get("/settings/people").status_code == 404


def test_attack_36_who_demotes_themself_begins_anew_in_this_browser(
    ada: Agent, client_for: ClientFor
) -> None:
    agent("Eva Nunes", role="admin")
    client, elsewhere = client_for(ada), client_for(ada)
    before = client.get_cookie("prosa")
    answer = client.post(f"/settings/people/{ada.id}", data={"name": "Ada", "role": "agent"})
    after = client.get_cookie("prosa")
    assert answer.status_code == 303 and before and after and before.value != after.value
    assert client.get("/settings/me").status_code == 200 and client.get("/settings/people").status_code == 404
    assert elsewhere.get("/settings/me").status_code == 303


# --------------------------------------------------------------------------------------- letting go


def test_the_page_says_what_is_open_and_gives_it_away(
    ada: Agent, grace: Agent, linus: Agent, lina: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    ticket = mail_from()
    tickets.assign(ticket, grace, ada)
    tickets.reply(ticket, grace, "<p>Monday</p>", key="k", send_at=db.now() + timedelta(days=2))
    client, path = client_for(ada), f"/settings/people/{grace.id}/leaving"
    page = client.get(path).text
    assert re.search(r'Open conversations</dt><dd class="num">1<', page)
    assert re.search(r'Replies scheduled</dt><dd class="num">1<', page)
    assert f'value="{linus.id}"' in page and f'value="{lina.id}"' not in page
    for wrong in (grace.id, lina.id, 99999):
        assert client.post(path, data={"to": wrong, "scheduled": "hold"}).status_code == 422
    assert client.post(path, data={"to": linus.id, "scheduled": "hold"}).status_code == 303
    assert now_of(ticket).assignee_id == linus.id and not now_of(grace).active
    history = client.get(f"/tickets/{ticket.id}/_pane").text
    assert "<b>You</b> handed it over from <b>Grace Lima</b> to <b>Linus Costa</b>" in history
    assert db.session.scalars(select(Message.state).where(Message.kind == "reply")).one() == "failed"
    assert client.post(path, data={"to": linus.id, "scheduled": "hold"}).status_code == 303  # twice is once
    assert "Let them in again" in client.get(f"/settings/people/{grace.id}").text


# -------------------------------------------------------------------------------------------- teams


def test_a_team_has_a_page_of_its_own(
    ada: Agent, grace: Agent, lina: Agent, pottery: Team, support: Account, client_for: ClientFor
) -> None:
    client, path = client_for(ada), f"/settings/teams/{pottery.id}"
    page = client.get(path).text
    assert "support@barro.example" in page and "Take data out" in page
    form = {"name": "Clay", "members": [lina.id], "rights": ["figures", "export"], "accounts": [support.id]}
    assert client.post(path, data=form).status_code == 303
    team = now_of(pottery)
    assert (team.name, [one.name for one in team.members], team.rights) == (
        "Clay",
        ["Lina Reis"],
        ["figures", "export"],
    )
    assert now_of(support).team_id == pottery.id
    assert "support@barro.example" in client.get("/settings/teams").text
    assert client.post("/settings/teams", data={"name": "Clay"}).status_code == 422


def test_dissolving_asks_where_everything_goes(
    ada: Agent,
    pottery: Team,
    linen: Team,
    pottery_mailbox: Account,
    mail_from: MailFrom,
    client_for: ClientFor,
) -> None:
    ticket = mail_from(account=pottery_mailbox)
    client, path = client_for(ada), f"/settings/teams/{pottery.id}/end"
    assert 'class="num">1<' in client.get(path).text
    for wrong in (pottery.id, 99999, ""):
        assert client.post(path, data={"to": wrong}).status_code == 422
    assert client.post(path, data={"to": linen.id}).status_code == 303
    assert now_of(ticket).team_id == linen.id and client.get(path).status_code == 404


# ------------------------------------------------------------------------------------ light agents


def test_a_light_agents_screen_offers_notes_and_nothing_else(
    lina: Agent, mail_from: MailFrom, linen_mailbox: Account, client_for: ClientFor
) -> None:
    ticket = mail_from(account=linen_mailbox)
    client = client_for(lina)
    page = client.get(f"/views/open/tickets/{ticket.id}").text
    assert "Add note" in page and 'data-kind="note"' in page and "Only the team sees this." in page
    page = page[: page.index('id="keys"')]
    assert not [one for one in NOT_OFFERED if one in page]
    note = client.post(f"/tickets/{ticket.id}/notes", data={"html": "<p>Seen it</p>", "key": "k"})
    assert note.status_code == 200 and "Seen it" in note.text


def test_a_light_agent_drafts_notes_only(
    lina: Agent, mail_from: MailFrom, linen_mailbox: Account, client_for: ClientFor
) -> None:
    ticket = mail_from(account=linen_mailbox)
    client, path = client_for(lina), f"/tickets/{ticket.id}/drafts"
    assert client.put(f"{path}/note", data={"html": "<p>For us</p>"}).status_code == 200
    for kind in ("reply", "forward"):
        assert client.put(f"{path}/{kind}", data={"html": "<p>x</p>"}).status_code == 404
        assert client.delete(f"{path}/{kind}").status_code == 404
    assert list(db.session.scalars(select(Draft.kind))) == ["note"]


def test_nobody_gives_a_ticket_to_a_light_agent(
    ada: Agent, lina: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    ticket, client = mail_from(), client_for(ada)
    assert "Lina Reis" not in client.get(f"/tickets/{ticket.id}/_pick/assignee").text
    answer = client.put(f"/tickets/{ticket.id}/assignee", data={"agent_id": lina.id})
    assert answer.status_code == 422 and now_of(ticket).assignee_id is None


@pytest.mark.parametrize("role", ROLES)
def test_every_role_has_a_house_to_come_into(
    role: str, linen: Team, mail_from: MailFrom, linen_mailbox: Account, client_for: ClientFor
) -> None:
    ticket = mail_from(account=linen_mailbox)
    client: Any = client_for(agent("Rita Melo", role=role, teams=[linen]))
    for path in ("/views/open", f"/views/open/tickets/{ticket.id}", "/settings/me", "/search?q=cup"):
        assert client.get(path).status_code == 200, path
