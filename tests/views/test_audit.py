"""The audit page: sentences with today's names, filters, and the trail as a file."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest

from inbox import db, files, signin, tickets
from inbox.audit import seal, trail
from inbox.models import Account, Agent, Event, SignIn, Team, Ticket
from inbox.web import sheets
from tests.clients import ClientFor
from tests.people import MailFrom


def happened(kind: str, by: Agent, minutes_ago: int = 0, **data: object) -> None:
    at = db.now() - timedelta(minutes=minutes_ago)
    db.session.add(Event(kind=kind, agent_id=by.id, data=data, at=at))
    db.session.commit()


def test_it_says_who_did_what_by_the_names_of_today(
    ada: Agent, grace: Agent, pottery: Team, support: Account, client_for: ClientFor
) -> None:
    happened("team_changed", ada, team=pottery.id, name=["Clay", "Pottery"], members=[[], [grace.id]])
    happened("account_changed", ada, account=support.id, active=[True, False], fields=["smtp_host"])
    happened("person_changed", grace, agent=ada.id, role=["agent", "admin"])
    happened("macro_removed", ada, macro=4711)
    ada.name = "Ada <b>Lovelace</b>"
    page = client_for(ada).get("/settings/audit").text
    assert "Ada &lt;b&gt;Lovelace&lt;/b&gt;</a> changed the team" in page
    assert f'href="/settings/teams/{pottery.id}">Pottery</a>' in page
    assert "<del>Clay</del>" in page and "<ins>Grace Lima</ins>" in page
    assert "<del>Yes</del>" in page and "Changed: smtp host" in page
    assert "<del>Agent</del>" in page and "<ins>Admin</ins>" in page
    assert "the macro <b>#4711</b>" in page


def test_a_ticket_is_in_the_same_trail(
    ada: Agent, grace: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    ticket = mail_from()
    tickets.assign(ticket, grace, ada)
    tickets.tag(ticket, "broken", grace)
    page = client_for(ada).get("/settings/audit", query_string={"ticket": f"#{ticket.id}"}).text
    assert "<ins>Grace Lima</ins>" in page and ">broken</a>" in page
    assert page.count(f'href="/tickets/{ticket.id}">#{ticket.id}</a>') == 4


def test_filters_stand_in_the_address_and_lead_on(
    ada: Agent, grace: Agent, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trail, "PAGE", 2)
    monkeypatch.setattr(trail.page, "__defaults__", (None, 2))
    for number in range(3):
        happened("macro_removed", grace, macro=9000 + number)
    happened("signed_in", ada)
    client = client_for(ada)
    asked = {"agent": str(grace.id), "group": "settings", "since": "2020-01-01", "until": "2099-01-01"}
    page = client.get("/settings/audit", query_string=asked).text
    assert "#9002" in page and "#9001" in page and "#9000" not in page and "signed in" not in page
    link = page.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    assert "group=settings" in link and "before=" in link
    more = client.get(link).text
    assert "#9000" in more and "#9001" not in more and 'rel="next"' not in more


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"ticket": "cup"}, "That is not the number of a conversation."),
        ({"since": "yesterday"}, "That is not a date."),
        ({"until": "9999-12-31"}, "That is not a date."),
        ({"since": "2026-03-02", "until": "2026-03-01"}, "That is before the first day."),
        ({"group": "x"}, "Not a valid choice"),
        ({"agent": "1 OR 1=1"}, "Not a valid choice"),
    ],
)
def test_what_cannot_be_asked_is_said(
    asked: dict[str, str], said: str, ada: Agent, client_for: ClientFor
) -> None:
    answer = client_for(ada).get("/settings/audit", query_string=asked)
    assert answer.status_code == 422 and said in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_where_from_is_known_as_long_as_the_sign_in(ada: Agent, client_for: ClientFor) -> None:
    client = client_for(ada)
    client.post("/settings/topics", data={"name": "Returns"})
    [event] = db.session.query(Event).filter_by(kind="topic_added")
    page = client.get("/settings/audit").text
    assert 'title="Firefox, Linux">127.0.0.1<' in page
    assert "127.0.0.1" not in json.dumps(event.data)
    db.session.query(SignIn).filter_by(id=event.data["sign_in"]).delete()
    other = signin.begin(ada, "Safari, iOS", "10.9.9.9")  # SQLite may give it the same number
    db.session.commit()
    client.set_cookie("prosa", other)
    page = client.get("/settings/audit").text
    assert "127.0.0.1" not in page and "10.9.9.9" not in page


def test_an_old_mail_that_is_downloaded_is_written_down(
    grace: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    message = mail_from.message()
    tickets.note(message.ticket, grace, "<p>x</p>", key="n")
    number = message.id
    message.raw_sha256 = files.put(b"Subject: x\r\n\r\nx")
    assert client_for(grace).get(f"/messages/{number}/raw").status_code == 200
    [event] = db.session.query(Event).filter_by(kind="raw_downloaded")
    assert (event.agent_id, event.data["message"]) == (grace.id, number)


def test_the_seal_is_shown(ada: Agent, client_for: ClientFor) -> None:
    client = client_for(ada)
    assert "Nothing is sealed yet" in client.get("/settings/audit").text
    happened("team_changed", ada, minutes_ago=5)
    assert seal.make()
    last = seal.last()
    assert last and last.digest in client.get("/settings/audit").text


# ------------------------------------------------------------------------------------------ as a file


@pytest.fixture
def history(ada: Agent, grace: Agent, mail_from: MailFrom) -> Ticket:
    ticket = mail_from()
    tickets.prioritise(ticket, "high", grace)
    for number in range(5):
        happened("topic_changed", ada, topic=7000 + number, name=["a", f'=HYPERLINK("http://x/{number}")'])
    return ticket


def test_jsonl_is_every_event_as_it_is_kept_and_is_written_down(
    ada: Agent, history: Ticket, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trail, "BATCH", 2)
    answer = client_for(ada).post("/settings/audit/export", data={"format": "jsonl"})
    assert answer.status_code == 200 and "attachment" in answer.headers["Content-Disposition"]
    rows = [json.loads(line) for line in answer.text.splitlines()]
    assert [row["id"] for row in rows] == sorted((row["id"] for row in rows), reverse=True)
    assert rows[0]["kind"] == "export_made" and len(rows) == db.session.query(Event).count()
    assert rows[1]["data"]["name"][1].startswith("=HYPERLINK")
    some = client_for(ada).post("/settings/audit/export", data={"format": "jsonl", "group": "tickets"})
    assert {json.loads(line)["ticket_id"] for line in some.text.splitlines()} == {history.id}
    made = db.session.query(Event).filter_by(kind="export_made").order_by(Event.id).all()
    assert [event.data.get("group", "") for event in made] == ["", "tickets"]


@pytest.mark.parametrize(("language", "between"), [("en", ","), ("pt-BR", ";")])
def test_csv_opens_in_a_spreadsheet_of_the_readers_language(
    language: str, between: str, ada: Agent, history: Ticket, client_for: ClientFor
) -> None:
    ada.language = language
    answer = client_for(ada).post("/settings/audit/export", data={"format": "csv"})
    assert answer.data.startswith(b"\xef\xbb\xbf") and answer.content_type == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=between))
    assert len(rows[0]) == 8 and len(rows) == 1 + db.session.query(Event).count()
    assert {len(row) for row in rows} == {8}


def test_attack_42_no_cell_of_an_export_is_a_formula(
    ada: Agent, history: Ticket, client_for: ClientFor
) -> None:
    ada.name = "=cmd|' /C calc'!A0"
    answer = client_for(ada).post("/settings/audit/export", data={"format": "csv"})
    cells = [cell for row in csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))) for cell in row]
    assert "'=cmd|' /C calc'!A0" in cells
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize(
    "begins", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1", "|x", "%0A"]
)
def test_attack_42_what_begins_like_a_formula_is_text(begins: str) -> None:
    assert sheets.cell(begins) == f"'{begins}"
    assert sheets.cell("Cup (3)") == "Cup (3)" and sheets.cell(-3) == -3 and sheets.cell(None) == ""


def test_an_unknown_format_makes_nothing(ada: Agent, client_for: ClientFor) -> None:
    assert client_for(ada).post("/settings/audit/export", data={"format": "xlsx"}).status_code == 422
    assert db.session.query(Event).filter_by(kind="export_made").count() == 0


def test_only_admins_see_it(grace: Agent, client_for: ClientFor) -> None:
    grace.role = "supervisor"
    client = client_for(grace)
    assert client.get("/settings/audit").status_code == 404
    assert client.post("/settings/audit/export", data={"format": "csv"}).status_code == 404


# --------------------------------------------------------------------------- what settings write down


def kinds() -> list[str]:
    return [event.kind for event in db.session.query(Event).order_by(Event.id)]


def test_the_company_says_what_changed(ada: Agent, client_for: ClientFor) -> None:
    client = client_for(ada)
    form = {
        "company": "Barro",
        "public_url": "https://x.example/",
        "language": "en",
        "zone": "America/Recife",
    }
    for _ in range(2):
        assert client.post("/settings/company", data=form).status_code == 303
    [event] = db.session.query(Event).filter_by(kind="company_changed")
    assert event.data["company"] == ["Barro & Linho", "Barro"]
    assert event.data["public_url"][1] == "https://x.example" and "zone" not in event.data


def test_a_mailbox_says_which_settings_changed_and_never_what_stands_in_them(
    ada: Agent, support: Account, client_for: ClientFor
) -> None:
    client = client_for(ada)
    account = support.id
    client.post(f"/settings/mailboxes/{account}/addresses", data={"address": "shop@barro.example"})
    form = {
        "name": "Barro", "address": "support@barro.example", "team": "0", "active": "y",
        "smtp_host": "smtp.x.example", "smtp_password": "geheim",
    }  # fmt: skip
    client.post(f"/settings/mailboxes/{account}", data=form)
    said = json.dumps([event.data for event in db.session.query(Event)])
    assert "address_added" in kinds() and "account_changed" in kinds()
    assert '"smtp_password"' in said and "geheim" not in said and "@" not in said


def test_shared_macros_are_written_down_and_ones_own_are_not(
    ada: Agent, grace: Agent, client_for: ClientFor
) -> None:
    form = {"name": "Refund", "html_en": "<p>Hi</p>"}
    client_for(grace).post("/settings/macros", data=form | {"whose": "me"})
    assert kinds() == []
    client = client_for(ada)
    where = client.post("/settings/macros", data=form | {"whose": "0"}).location
    client.post(where, data=form | {"whose": "0", "name": "Money back"})
    client.post(where, data={"remove": "1"})
    assert kinds() == ["macro_added", "macro_changed", "macro_removed"]
