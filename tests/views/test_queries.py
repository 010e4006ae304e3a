"""How often a page asks the database. Each question is a round trip, and a missing join makes hundreds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, event, select

from inbox import customers, db, drafts, macros, people, tickets
from inbox.customers import fields, organisations
from inbox.models import Account, Agent, Attachment, Customer, Macro, Message, Payload, Team, Ticket
from tests.clients import ClientFor
from tests.people import MailFrom

MOST = 11
MANY = 60
SEARCHED = 2
"""A search asks twice more than a list: which tickets are the newest, and what they hold."""


@contextmanager
def counting(connection: Connection) -> Iterator[list[str]]:
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "SET LOCAL")):
            asked.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(connection, "before_cursor_execute", note)


@pytest.fixture
def busy(ada: Agent, grace: Agent, pottery: Team, support: Account, mail_from: MailFrom) -> Ticket:
    """Sixty people wrote, all about cups; with the last one everything happened that can."""
    for number in range(MANY - 1):
        other = mail_from(
            f"Guest {number} <guest{number}@x.example>", subject=f"Cup {number}", text="One cup please."
        )
        tickets.assign(other, (ada, grace, None)[number % 3], ada)
        db.session.add(Payload(account=support, sha256="0" * 64, size=1, state="failed", reason="broken"))
    message = mail_from.message(subject="Cups", text="Where are the cups?", html="<p>Where are the cups?</p>")
    ticket = message.ticket
    db.session.add_all(
        Attachment(
            message_id=message.id, filename=f"{n}.png", content_type="image/png", size=1, sha256="0" * 64
        )
        for n in range(3)
    )
    for number in range(6):
        tickets.reply(ticket, grace, f"<p>They are on their way {number}</p>", key=f"k{number}")
        tickets.tag(ticket, f"cup {number}", grace)
    tickets.assign(ticket, ada, grace)
    tickets.move(ticket, pottery, grace)
    for kind in drafts.KINDS:
        drafts.attach(ticket, ada, kind, "a.txt", "text/plain", b"a")
    for number in range(9):
        does = [macros.Action("assign", grace.id), macros.Action("team", pottery.id)]
        facts = {"owner_id": None, "team_id": pottery.id, "texts": {"en": "<p>Hi</p>"}, "actions": does}
        macros.add(ada, name=f"Macro {number}", **facts)
    for number in range(3):
        people.invite(f"new{number}@barro.example", f"New {number}", "agent", [pottery], ada)
    _known_well(ada, ticket)
    db.session.commit()
    return ticket


def _known_well(ada: Agent, ticket: Ticket) -> None:
    """All that can be known of a customer: where they belong, what is asked of them, who they are besides."""
    olaria = organisations.add("Olaria", ada)
    for number in range(5):
        organisations.add_domain(olaria, f"olaria{number}.example", ada)
        field = fields.add(ada, f"Field {number}", "text")
        fields.put(ticket.customer, field.id, "known")
    everybody = db.session.scalars(select(Customer).where(Customer.id != ticket.customer.id)).all()
    for other in everybody:
        other.organisation = olaria
    ticket.customer.organisation, ticket.customer.name = olaria, "Marina Guest"
    for other in everybody[-3:]:
        customers.merge(ticket.customer, other, {}, ada)


PAGES = (
    "/",
    "/views/mine",
    "/views/unassigned",
    "/views/open",
    "/views/resolved",
    "/views/mine/tickets/{id}",
    "/views/open/tickets/{id}",
    "/tickets/{id}",
    "/views/open/_rows",
    "/views/open/_rows?ids=1,2,3,4,5,6,7,8",
    "/views/_counts",
    "/search",
    "/search?q=cup",
    "/search?q={id}",
    "/search/tickets/{id}?q=cup",
    "/search/tickets/{id}?q={id}",
    "/search/_rows?q=cup",
    "/palette/_results?q=guest",
    "/customers",
    "/customers?q=guest&tier=standard",
    "/customers/_rows?q=guest",
    "/customers/{customer}",
    "/customers/{customer}/_history",
    "/customers/{customer}/_alike",
    "/customers/{customer}/merges/new",
    "/customers/{customer}/merges/new?with={other}",
    "/organisations",
    "/organisations/{organisation}",
    "/organisations/_names?value=o",
    "/settings/fields",
    "/tickets/{id}/_pane",
    "/tickets/{id}/_head",
    "/tickets/{id}/_turns?since=2",
    "/tickets/{id}/_turns?before=9999999999.000000_0_1",
    "/tickets/{id}/_customer",
    "/tickets/{id}/print?notes=1",
    "/tickets/{id}/_composer",
    "/tickets/{id}/_presence",
    "/presence/_rows?ids=1,2,3,4,5,6,7,8",
    "/tickets/{id}/drafts/_apart",
    "/tickets/{id}/_pick/assignee",
    "/tickets/{id}/_pick/team",
    "/tickets/{id}/_pick/tags",
    "/messages/{message}/_message",
    "/messages/{message}/frame",
    "/new",
    "/new?to=guest1@x.example",
    "/recipients/_suggest?q=guest",
    "/recipients/_about?address=guest1@x.example&address=marina@queiroz.example&open=1",
    "/later/_choices",
    "/later/_say?when=tomorrow",
    "/tickets/{id}/drafts/forward/original",
    "/attention",
    "/figures",
    "/figures?period=90&by=agent",
    "/figures/table.csv?by=day",
    "/figures/tickets?metric=replied",
    "/preview",
    "/settings/me",
    "/settings/security",
    "/settings/security/second-factor",
    "/notices",
    "/notices?show=mentions",
    "/notices/_rows",
    "/tickets/{id}/_mentions",
    "/settings/notices",
    "/settings/ratings",
    "/settings/people",
    "/settings/teams",
    "/settings/mailboxes",
    "/settings/mailboxes/{account}",
    "/settings/company",
    "/settings/topics",
    "/settings/tags",
    "/settings/audit",
    "/settings/audit?ticket={id}",
    "/tickets/{id}/_pick/topic",
    "/settings/macros",
    "/settings/macros/new",
    "/settings/macros/{macro}",
    "/tickets/{id}/macros/_menu",
)


@pytest.mark.slow
def test_no_page_asks_more_than_eleven_times(
    ada: Agent, busy: Ticket, client_for: ClientFor, database: Connection
) -> None:
    client = client_for(ada)
    first = db.session.scalars(select(Message.id).where(Message.ticket_id == busy.id)).first()
    macro = db.session.scalars(select(Macro.id)).first()
    everybody = db.session.scalars(select(Customer.id).where(Customer.merged_into_id.is_(None))).all()
    asked_by: dict[str, int] = {}
    for page in PAGES:
        path = page.format(
            id=busy.id,
            message=first,
            account=busy.account_id,
            macro=macro,
            customer=busy.identity.customer_id,
            other=next(one for one in everybody if one != busy.identity.customer_id),
            organisation=busy.customer.organisation_id,
        )
        with counting(database) as asked:
            answer = client.get(path)
        assert answer.status_code in (200, 302), path
        asked_by[page] = len(asked)
    more = {page: n - (SEARCHED if page.startswith("/search") else 0) for page, n in asked_by.items()}
    assert {page: n for page, n in more.items() if n > MOST} == {}


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_change_stays_small_too(
    method: str, grace: Agent, busy: Ticket, client_for: ClientFor, database: Connection
) -> None:
    client, token = client_for(grace), ""
    token = client.token()
    path, data = (
        ("replies", {"html": "<p>Hi</p>", "key": "new"})
        if method == "POST"
        else ("priority", {"priority": "high"})
    )
    with counting(database) as asked:
        answer = client.open(
            f"/tickets/{busy.id}/{path}", method=method, data=data, csrf=False, headers={"X-CSRFToken": token}
        )
    assert answer.status_code == 200
    assert len(asked) <= 45
