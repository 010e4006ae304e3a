"""Every route, every socket event and every file, asked for by those who may not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from inbox import db, drafts, fetch, files, imports, macros, people, signin, tickets
from inbox.models import Account, Agent, Attachment, Draft, Message, Payload, Team, Ticket
from inbox.views import pictures
from inbox.web.permissions import ADMIN, AGENT, PUBLIC, needed
from tests.clients import Browser, ClientFor
from tests.mail.pictures import drawing
from tests.people import MailFrom

SECRET = "Toalha-Carmesim"
"""Stands in everything that belongs to the linen team, and must be in nothing pottery can fetch."""

PNG = drawing(4, 4, "PNG")
ELSEWHERE = "https://shop.example/logo.png"
IMAGE = pictures.name_of(ELSEWHERE)


@dataclass
class World:
    """What belongs to the linen team, and is asked for by the pottery team."""

    linus: Agent
    values: dict[str, Any] = field(default_factory=dict)


# What stands in a rule's placeholders. An endpoint that is missing here fails `test_every_route_is_here`.
TICKET = {"ticket_id": "ticket"}
MESSAGE = {"message_id": "message"}
ACCOUNT = {"account_id": "account"}
MATRIX: dict[str, tuple[str, dict[str, str]]] = {
    "static": (PUBLIC, {"filename": "=icons.svg"}),
    "favicon": (PUBLIC, {}),
    "health.alive": (PUBLIC, {}),
    "health.ready": (PUBLIC, {}),
    "metrics.show": (PUBLIC, {}),
    "setup.show": (PUBLIC, {"token": "=no-such-token"}),
    "setup.complete": (PUBLIC, {"token": "=no-such-token"}),
    "login.show": (PUBLIC, {}),
    "login.sign_in": (PUBLIC, {}),
    "login.sign_out": (AGENT, {}),
    "invitations.show": (PUBLIC, {"token": "=no-such-token"}),
    "invitations.accept": (PUBLIC, {"token": "=no-such-token"}),
    "lists.home": (AGENT, {}),
    "lists.index": (AGENT, {"view": "=open"}),
    "lists.show": (AGENT, {"view": "=open", **TICKET}),
    "lists.permalink": (AGENT, TICKET),
    "lists.rows": (AGENT, {"view": "=open"}),
    "lists.counts": (AGENT, {}),
    "pane.pane": (AGENT, TICKET),
    "pane.head": (AGENT, TICKET),
    "pane.turns": (AGENT, TICKET),
    "pane.customer": (AGENT, TICKET),
    "pane.composer": (AGENT, TICKET),
    "presence.ticket": (AGENT, TICKET),
    "presence.rows": (AGENT, {}),
    "pick.pick": (AGENT, {**TICKET, "what": "=status"}),
    "facts.assign": (AGENT, TICKET),
    "facts.status": (AGENT, TICKET),
    "facts.priority": (AGENT, TICKET),
    "facts.move": (AGENT, TICKET),
    "facts.rename": (AGENT, TICKET),
    "facts.tag": (AGENT, TICKET),
    "facts.untag": (AGENT, {**TICKET, "name": "=cup"}),
    "facts.resolve": (AGENT, TICKET),
    "facts.reopen": (AGENT, TICKET),
    "facts.mark_spam": (AGENT, TICKET),
    "facts.not_spam": (AGENT, TICKET),
    "replies.reply": (AGENT, TICKET),
    "replies.note": (AGENT, TICKET),
    "replies.forward": (AGENT, TICKET),
    "replies.pass_on": (AGENT, TICKET),
    "replies.passed": (AGENT, TICKET),
    "start.index": (AGENT, {}),
    "start.show": (AGENT, {"draft_id": "new"}),
    "start.send": (AGENT, {}),
    "start.begin": (AGENT, {}),
    "start.save": (AGENT, {"draft_id": "new"}),
    "start.discard": (AGENT, {"draft_id": "new"}),
    "start.attach": (AGENT, {"draft_id": "new"}),
    "start.detach": (AGENT, {"draft_id": "new", "token": "new_file"}),
    "recipients.suggest": (AGENT, {}),
    "recipients.about": (AGENT, {}),
    "later.choices": (AGENT, {}),
    "later.say": (AGENT, {}),
    "replies.undo": (AGENT, {"message_id": "reply"}),
    "replies.deliver": (AGENT, {"message_id": "reply"}),
    "rivals.index": (AGENT, TICKET),
    "rivals.take": (AGENT, {**TICKET, "kind": "=reply", "name": "=0123456789abcdef"}),
    "rivals.drop": (AGENT, {**TICKET, "kind": "=reply", "name": "=0123456789abcdef"}),
    "drafts.save": (AGENT, {**TICKET, "kind": "=reply"}),
    "drafts.discard": (AGENT, {**TICKET, "kind": "=reply"}),
    "drafts.attach": (AGENT, {**TICKET, "kind": "=reply"}),
    "drafts.detach": (AGENT, {**TICKET, "kind": "=reply", "token": "draft_file"}),
    "macros.menu": (AGENT, TICKET),
    "macros.insert": (AGENT, {**TICKET, "macro_id": "macro", "kind": "=reply"}),
    "macros.run": (AGENT, {**TICKET, "macro_id": "macro"}),
    "macros.perform": (AGENT, TICKET),
    "macros.chips": (AGENT, TICKET),
    "messages.show": (AGENT, MESSAGE),
    "messages.frame": (AGENT, MESSAGE),
    "messages.raw": (AGENT, MESSAGE),
    "messages.source": (AGENT, MESSAGE),
    "messages.head": (AGENT, MESSAGE),
    "pictures.remote": (AGENT, {**MESSAGE, "name": "=" + IMAGE}),
    "pictures.small": (AGENT, {"token": "file"}),
    "printing.ticket": (AGENT, TICKET),
    "printing.message": (AGENT, MESSAGE),
    "customer.put": (AGENT, TICKET),
    "files.download": (AGENT, {"token": "file", "filename": "=a.png"}),
    "files.inline": (AGENT, {"token": "file"}),
    "search.index": (AGENT, {}),
    "search.show": (AGENT, TICKET),
    "search.rows": (AGENT, {}),
    "palette.results": (AGENT, {}),
    "attention.index": (AGENT, {}),
    "attention.release": (ADMIN, {}),
    "attention.retry": (AGENT, {"payload_id": "payload"}),
    "attention.ignore": (AGENT, {"payload_id": "payload"}),
    "attention.take_in": (AGENT, {"payload_id": "payload"}),
    "attention.leave_out": (AGENT, {"payload_id": "payload"}),
    "attention.put_aside": (AGENT, {"message_id": "reply"}),
    "attention.write_again": (AGENT, {"message_id": "reply"}),
    "attention.raw": (AGENT, {"payload_id": "payload"}),
    "downloads.show": (PUBLIC, {"token": "=no-such-token"}),
    "downloads.download": (PUBLIC, {"token": "=no-such-token"}),
    "surveys.show": (PUBLIC, {"token": "=no-such-token"}),
    "surveys.answer": (PUBLIC, {"token": "=no-such-token"}),
    "surveys.stop": (PUBLIC, {"token": "=no-such-token"}),
    "ratings.index": (AGENT, {}),
    "ratings.mine": (AGENT, {}),
    "ratings.seen": (AGENT, {"answer_id": "=2000000000"}),
    "preview.index": (ADMIN, {}),
    "preview.show": (ADMIN, {"message_id": "reply"}),
    "me.index": (AGENT, {}),
    "me.show": (AGENT, {}),
    "me.save": (AGENT, {}),
    "me.end_session": (AGENT, {"sign_in_id": "sign_in"}),
    "people.index": (ADMIN, {}),
    "people.invite": (ADMIN, {}),
    "people.update": (ADMIN, {"agent_id": "agent"}),
    "people.invite_again": (ADMIN, {"agent_id": "agent"}),
    "teams.index": (ADMIN, {}),
    "teams.add": (ADMIN, {}),
    "teams.update": (ADMIN, {"team_id": "team"}),
    "macro_settings.index": (AGENT, {}),
    "macro_settings.new": (AGENT, {}),
    "macro_settings.add": (AGENT, {}),
    "macro_settings.show": (AGENT, {"macro_id": "macro"}),
    "macro_settings.update": (AGENT, {"macro_id": "macro"}),
    "macro_settings.file": (AGENT, {"macro_id": "macro", "token": "macro_file"}),
    "macro_settings.preview": (AGENT, {}),
    "mailboxes.index": (ADMIN, {}),
    "mailboxes.show": (ADMIN, ACCOUNT),
    "mailboxes.update": (ADMIN, ACCOUNT),
    "mailboxes.check": (ADMIN, ACCOUNT),
    "mailboxes.make_dkim_key": (ADMIN, ACCOUNT),
    "connect.new": (ADMIN, {}),
    "connect.begin": (ADMIN, {}),
    "connect.show": (ADMIN, ACCOUNT),
    "connect.save": (ADMIN, ACCOUNT),
    "connect.look_again": (ADMIN, ACCOUNT),
    "permission.ask": (ADMIN, {**ACCOUNT, "name": "=google"}),
    "permission.back": (ADMIN, {}),
    "permission.keep": (ADMIN, {}),
    "addresses.add": (ADMIN, ACCOUNT),
    "addresses.update": (ADMIN, {**ACCOUNT, "address_id": "address"}),
    "addresses.add_picture": (ADMIN, {**ACCOUNT, "address_id": "address"}),
    "history.show": (ADMIN, ACCOUNT),
    "history.folders": (ADMIN, ACCOUNT),
    "history.start": (ADMIN, ACCOUNT),
    "history.stop": (ADMIN, {**ACCOUNT, "import_id": "import"}),
    "company.show": (ADMIN, {}),
    "company.save": (ADMIN, {}),
    "feedback.save": (ADMIN, {}),
}

QUERY = {
    "q": "toalha",
    "ids": "1,2,3,4,5,6,7,8,9",
    "view": "open",
    "when": "tomorrow",
    "address": "nair@x.example",
    "open": "1",
}


def serve_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody's server, which has the picture that a mail shows."""
    answer = fetch.Response(200, "image/png", PNG, ELSEWHERE)
    monkeypatch.setattr(fetch, "get", lambda *_asked, **_how: answer)
    monkeypatch.setattr(pictures, "_shelf", pictures.Shelf(1_000_000, 60))


@pytest.fixture
def world(
    linus: Agent,
    linen: Team,
    linen_mailbox: Account,
    mail_from: MailFrom,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    serve_elsewhere(monkeypatch)
    raw = files.put(f"Subject: {SECRET}\r\n\r\n{SECRET}".encode())
    came = mail_from.message(
        f"{SECRET} <nair@x.example>",
        account=linen_mailbox,
        subject=SECRET,
        text=SECRET,
        html=f'<p>{SECRET}<img src="{ELSEWHERE}"></p>',
    )
    payload = Payload(
        account=linen_mailbox, sha256=raw, size=9, state="failed", reason=SECRET, recipients=[SECRET]
    )
    picture = Attachment(
        message_id=came.id, filename=f"{SECRET}.png", content_type="image/png", size=28, sha256=files.put(PNG)
    )
    db.session.add_all([payload, picture])
    db.session.flush()
    came.payload = payload
    reply = tickets.reply(came.ticket, linus, f"<p>{SECRET}</p>", key="k1")
    reply.raw_sha256, reply.sent_via = raw, "preview"
    waiting = drafts.attach(came.ticket, linus, "reply", f"{SECRET}.txt", "text/plain", SECRET.encode())
    to = {"to": "nair@x.example"}
    new = drafts.write(drafts.begin(linus), f"<p>{SECRET}</p>", subject=SECRET, fields=to)
    new_file = drafts.put(new, f"{SECRET}.txt", "text/plain", SECRET.encode())
    tickets.tag(came.ticket, "cup", linus)
    sign_in = signin.of(signin.begin(linus, SECRET, "10.0.0.9"))
    macro = macros.add(
        linus, name=SECRET, owner_id=None, team_id=linen.id, texts={"en": f"<p>{SECRET}</p>"}, actions=[]
    )
    macro_file = macros.attach(macro, f"{SECRET}.txt", "text/plain", SECRET.encode())
    wanted = imports.start(linen_mailbox, SECRET, None, linus)
    db.session.commit()
    assert sign_in
    return World(
        linus,
        {
            "ticket": came.ticket_id,
            "message": came.id,
            "reply": reply.id,
            "file": picture.token,
            "draft_file": waiting.token,
            "new": new.id,
            "new_file": new_file.token,
            "payload": payload.id,
            "macro": macro.id,
            "macro_file": macro_file.token,
            "sign_in": sign_in.id,
            "agent": linus.id,
            "team": linen.id,
            "account": linen_mailbox.id,
            "address": linen_mailbox.addresses[0].id,
            "import": wanted.id,
        },
    )


def rules(app: Flask) -> Iterator[tuple[Rule, str]]:
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method


def ask(app: Flask, client: Browser, rule: Rule, method: str, world: World) -> Any:
    placeholders = MATRIX[rule.endpoint][1]
    values = {
        name: given[1:] if given.startswith("=") else world.values[given]
        for name, given in placeholders.items()
    }
    path = app.url_map.bind("localhost").build(rule.endpoint, values, method)
    with client.open(path, method=method, query_string=QUERY, buffered=True) as answer:
        return answer


def names_something(rule: Rule) -> bool:
    return any(not given.startswith("=") for given in MATRIX[rule.endpoint][1].values())


def test_every_route_is_here_and_declares_what_it_says(app: Flask) -> None:
    declared = {rule.endpoint: needed(app, rule.endpoint) for rule in app.url_map.iter_rules()}
    assert declared == {endpoint: permission for endpoint, (permission, _values) in MATRIX.items()}
    assert all(hasattr(view, "permission") for view in app.view_functions.values())


def test_a_view_without_a_permission_keeps_the_app_from_starting(app: Flask) -> None:
    from inbox.web import permissions

    bare = Flask("bare", static_folder=None)
    bare.add_url_rule("/", "open_door", lambda: "")
    with pytest.raises(permissions.Undeclared, match="open_door"):
        permissions.check_all(bare)
    assert permissions.needed(bare, "open_door") == ADMIN


def test_the_other_team_finds_nothing(app: Flask, grace: Agent, world: World, client_for: ClientFor) -> None:
    client = client_for(grace)
    for rule, method in rules(app):
        if rule.endpoint == "login.sign_out":
            continue
        answer = ask(app, client, rule, method, world)
        where = f"{method} {rule.rule}"
        assert SECRET not in answer.text, where
        if names_something(rule) or MATRIX[rule.endpoint][0] == ADMIN:
            assert answer.status_code == 404, where
        else:
            assert answer.status_code < 500 or rule.endpoint == "health.ready", where
    assert untouched(world)


def test_a_stranger_is_sent_to_the_door(app: Flask, visitor: Browser, world: World) -> None:
    for rule, method in rules(app):
        if MATRIX[rule.endpoint][0] != PUBLIC:
            assert_sent_away(ask(app, visitor, rule, method, world), f"{method} {rule.rule}")
    assert untouched(world)


def test_who_was_deactivated_is_a_stranger_at_once(
    app: Flask, ada: Agent, linus: Agent, world: World, client_for: ClientFor
) -> None:
    client = client_for(linus)
    people.deactivate(linus, ada)
    for rule, method in rules(app):
        if MATRIX[rule.endpoint][0] != PUBLIC:
            assert_sent_away(ask(app, client, rule, method, world), f"{method} {rule.rule}")


def assert_sent_away(answer: Any, where: str) -> None:
    assert answer.status_code in (303, 401), where
    sent = answer.headers.get("Location") or answer.headers.get("HX-Redirect") or ""
    assert sent.startswith("/login"), where
    assert SECRET not in answer.text, where


def test_their_own_team_finds_it_all(app: Flask, world: World, client_for: ClientFor) -> None:
    """Otherwise the tests above would also pass on addresses that lead nowhere."""
    client = client_for(world.linus)
    for rule, method in rules(app):
        if method == "GET" and MATRIX[rule.endpoint][0] == AGENT and names_something(rule):
            assert ask(app, client, rule, method, world).status_code in (200, 302), rule.rule


def test_an_admin_sees_every_page(app: Flask, ada: Agent, world: World, client_for: ClientFor) -> None:
    client = client_for(ada)
    for rule, method in rules(app):
        # what somebody else has begun is theirs alone
        own = rule.endpoint in ("start.show", "permission.back")
        if method == "GET" and MATRIX[rule.endpoint][0] != PUBLIC and not own:
            assert ask(app, client, rule, method, world).status_code in (200, 302), rule.rule


def test_a_draft_and_its_files_are_their_writers_alone(
    ada: Agent, world: World, client_for: ClientFor
) -> None:
    client, token = client_for(ada), world.values["draft_file"]
    assert client.get(f"/files/{token}/a.txt").status_code == 404
    assert client.delete(f"/tickets/{world.values['ticket']}/drafts/reply/files/{token}").status_code == 404
    assert SECRET + ".txt" not in client.get(f"/tickets/{world.values['ticket']}/_pane").text


def test_nobody_ends_anothers_session(ada: Agent, world: World, client_for: ClientFor) -> None:
    assert client_for(ada).delete(f"/settings/sessions/{world.values['sign_in']}").status_code == 404


def test_a_ticket_that_is_moved_away_is_gone(
    grace: Agent, linen: Team, mail_from: MailFrom, client_for: ClientFor
) -> None:
    ticket = mail_from(subject="For everybody")
    client = client_for(grace)
    assert client.get(f"/tickets/{ticket.id}/_pane").status_code == 200
    answer = client.put(f"/tickets/{ticket.id}/team", data={"team_id": linen.id})
    assert (answer.status_code, answer.text) == (200, "")
    assert client.get(f"/tickets/{ticket.id}/_pane").status_code == 404


def test_numbers_nobody_can_have_are_not_found(grace: Agent, client_for: ClientFor) -> None:
    client = client_for(grace)
    for path in (
        "/tickets/99999999999999999999",
        "/messages/99999999999/frame",
        "/tickets/0/_pane",
        "/views/nope",
    ):
        assert client.get(path).status_code == 404


def untouched(world: World) -> bool:
    db.session.remove()
    ticket, new = db.session.get(Ticket, world.values["ticket"]), db.session.get(Draft, world.values["new"])
    assert new and len(new.files) == 1
    message = db.session.get(Message, world.values["reply"])
    draft = db.session.query(Draft).filter_by(agent_id=world.linus.id, kind="reply").one()
    payload = db.session.get(Payload, world.values["payload"])
    assert ticket and message and payload
    return (
        ticket.status,
        ticket.subject,
        ticket.assignee_id,
        [t.name for t in ticket.tags],
        message.state,
        len(draft.files),
        payload.state,
    ) == ("open", SECRET, None, ["cup"], "queued", 1, "failed")
