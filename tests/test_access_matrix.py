"""Every route, every socket event and every file, asked for by those who may not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from inbox import customers, db, drafts, fetch, files, imports, macros, memos, people, signin, tickets, topics
from inbox.channels import Person
from inbox.models import (
    Account,
    Agent,
    Attachment,
    CustomerField,
    CustomerValue,
    Draft,
    KnownBrowser,
    Message,
    Notice,
    Organisation,
    Payload,
    Subscription,
    Team,
    Ticket,
)
from inbox.privacy import holds as legal_holds
from inbox.privacy import requests
from inbox.views import pictures
from inbox.web.permissions import ADMIN, AGENT, PUBLIC, SUPERVISOR, WRITER, holds, needed, right
from tests.clients import Browser, ClientFor, now_of
from tests.mail.pictures import drawing
from tests.people import MailFrom
from tests.people import agent as made

SECRET = "Toalha-Carmesim"
"""Stands in everything that belongs to the linen team, and must be in nothing pottery can fetch."""

PNG = drawing(4, 4, "PNG")
ELSEWHERE = "https://shop.example/logo.png"
IMAGE = pictures.name_of(ELSEWHERE)
PHOTO = "p" * 43
"""The address of a photo of Linus, whom every colleague sees."""


@dataclass
class World:
    """What belongs to the linen team, and is asked for by the pottery team."""

    linus: Agent
    values: dict[str, Any] = field(default_factory=dict)


# What stands in a rule's placeholders. An endpoint that is missing here fails `test_every_route_is_here`.
TICKET = {"ticket_id": "ticket"}
MESSAGE = {"message_id": "message"}
ACCOUNT = {"account_id": "account"}
CUSTOMER = {"customer_id": "customer"}
ORGANISATION = {"organisation_id": "organisation"}
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
    "login.ask_code": (PUBLIC, {}),
    "login.give_code": (PUBLIC, {}),
    "login.sign_out": (AGENT, {}),
    "reset.show": (PUBLIC, {}),
    "reset.ask": (PUBLIC, {}),
    "reset.choose": (PUBLIC, {"token": "=no-such-token"}),
    "reset.save": (PUBLIC, {"token": "=no-such-token"}),
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
    "pick.pick": (WRITER, {**TICKET, "what": "=status"}),
    "facts.assign": (WRITER, TICKET),
    "facts.status": (WRITER, TICKET),
    "facts.priority": (WRITER, TICKET),
    "facts.move": (WRITER, TICKET),
    "facts.rename": (WRITER, TICKET),
    "facts.tag": (WRITER, TICKET),
    "facts.untag": (WRITER, {**TICKET, "name": "=cup"}),
    "facts.resolve": (WRITER, TICKET),
    "facts.reopen": (WRITER, TICKET),
    "facts.mark_spam": (WRITER, TICKET),
    "facts.not_spam": (WRITER, TICKET),
    "replies.reply": (WRITER, TICKET),
    "replies.note": (AGENT, TICKET),
    "replies.forward": (WRITER, TICKET),
    "replies.pass_on": (WRITER, TICKET),
    "replies.passed": (WRITER, TICKET),
    "start.index": (WRITER, {}),
    "start.show": (WRITER, {"draft_id": "new"}),
    "start.send": (WRITER, {}),
    "start.begin": (WRITER, {}),
    "start.save": (WRITER, {"draft_id": "new"}),
    "start.discard": (WRITER, {"draft_id": "new"}),
    "start.attach": (WRITER, {"draft_id": "new"}),
    "start.detach": (WRITER, {"draft_id": "new", "token": "new_file"}),
    "recipients.suggest": (WRITER, {}),
    "recipients.about": (WRITER, {}),
    "later.choices": (WRITER, {}),
    "later.say": (WRITER, {}),
    "replies.undo": (WRITER, {"message_id": "reply"}),
    "replies.deliver": (WRITER, {"message_id": "reply"}),
    "rivals.index": (AGENT, TICKET),
    "rivals.take": (AGENT, {**TICKET, "kind": "=reply", "name": "=0123456789abcdef"}),
    "rivals.drop": (AGENT, {**TICKET, "kind": "=reply", "name": "=0123456789abcdef"}),
    "drafts.save": (AGENT, {**TICKET, "kind": "=reply"}),
    "drafts.discard": (AGENT, {**TICKET, "kind": "=reply"}),
    "drafts.attach": (AGENT, {**TICKET, "kind": "=reply"}),
    "drafts.detach": (AGENT, {**TICKET, "kind": "=reply", "token": "draft_file"}),
    "macros_new.menu_before": (WRITER, {}),
    "macros_new.insert_before": (WRITER, {"draft_id": "new", "macro_id": "macro"}),
    "macros.menu": (WRITER, TICKET),
    "macros.insert": (WRITER, {**TICKET, "macro_id": "macro", "kind": "=reply"}),
    "macros.run": (WRITER, {**TICKET, "macro_id": "macro"}),
    "macros.perform": (WRITER, TICKET),
    "macros.chips": (WRITER, TICKET),
    "messages.show": (AGENT, MESSAGE),
    "messages.frame": (AGENT, MESSAGE),
    "messages.raw": (AGENT, MESSAGE),
    "messages.source": (AGENT, MESSAGE),
    "messages.head": (AGENT, MESSAGE),
    "pictures.remote": (AGENT, {**MESSAGE, "name": "=" + IMAGE}),
    "pictures.small": (AGENT, {"token": "file"}),
    "printing.ticket": (AGENT, TICKET),
    "printing.message": (AGENT, MESSAGE),
    "customer.put": (WRITER, TICKET),
    "customers.index": (AGENT, {}),
    "customers.rows": (AGENT, {}),
    "customers.show": (AGENT, CUSTOMER),
    "customers.history": (AGENT, CUSTOMER),
    "customers.likely": (right("customers"), CUSTOMER),
    "customers.put": (WRITER, {**CUSTOMER, "fact": "=name"}),
    "merges.new": (right("customers"), CUSTOMER),
    "merges.pick": (right("customers"), CUSTOMER),
    "merges.add": (right("customers"), CUSTOMER),
    "merges.undo": (right("customers"), {**CUSTOMER, "merge_id": "merge"}),
    "merges.split": (right("customers"), {**CUSTOMER, "identity_id": "identity"}),
    "organisations.index": (AGENT, {}),
    "organisations.names": (AGENT, {}),
    "organisations.add": (right("customers"), {}),
    "organisations.show": (AGENT, ORGANISATION),
    "organisations.put": (right("customers"), {**ORGANISATION, "fact": "=name"}),
    "organisations.add_domain": (right("customers"), ORGANISATION),
    "organisations.remove_domain": (right("customers"), {**ORGANISATION, "domain": "=x.example"}),
    "organisations.take_along": (right("customers"), ORGANISATION),
    "organisations.merge": (right("customers"), ORGANISATION),
    "organisations.remove": (right("customers"), ORGANISATION),
    "customer_fields.index": (ADMIN, {}),
    "customer_fields.add": (ADMIN, {}),
    "customer_fields.update": (ADMIN, {"field_id": "field"}),
    "files.download": (AGENT, {"token": "file", "filename": "=a.png"}),
    "files.inline": (AGENT, {"token": "file"}),
    "search.index": (AGENT, {}),
    "search.show": (AGENT, TICKET),
    "search.rows": (AGENT, {}),
    "palette.results": (AGENT, {}),
    "attention.index": (WRITER, {}),
    "attention.release": (ADMIN, {}),
    "attention.retry": (WRITER, {"payload_id": "payload"}),
    "attention.ignore": (WRITER, {"payload_id": "payload"}),
    "attention.take_in": (WRITER, {"payload_id": "payload"}),
    "attention.leave_out": (WRITER, {"payload_id": "payload"}),
    "attention.put_aside": (WRITER, {"message_id": "reply"}),
    "attention.write_again": (WRITER, {"message_id": "reply"}),
    "attention.raw": (WRITER, {"payload_id": "payload"}),
    "downloads.show": (PUBLIC, {"token": "=no-such-token"}),
    "downloads.download": (PUBLIC, {"token": "=no-such-token"}),
    "surveys.show": (PUBLIC, {"token": "=no-such-token"}),
    "surveys.answer": (PUBLIC, {"token": "=no-such-token"}),
    "surveys.stop": (PUBLIC, {"token": "=no-such-token"}),
    "figures.index": (WRITER, {}),
    "figures.table": (WRITER, {}),
    "figures.tickets": (WRITER, {}),
    "ratings.index": (AGENT, {}),
    "ratings.mine": (AGENT, {}),
    "ratings.seen": (WRITER, {"answer_id": "=2000000000"}),
    "preview.index": (ADMIN, {}),
    "preview.show": (ADMIN, {"message_id": "reply"}),
    "preview.show_memo": (ADMIN, {"memo_id": "memo"}),
    "preview.frame_memo": (ADMIN, {"memo_id": "memo"}),
    "me.index": (AGENT, {}),
    "me.show": (AGENT, {}),
    "me.save": (AGENT, {}),
    "me.put_photo": (AGENT, {}),
    "me.drop_photo": (AGENT, {}),
    "me.sign": (AGENT, {}),
    "me.set_hours": (AGENT, {}),
    "photos.show": (AGENT, {"token": "=" + PHOTO}),
    "security.show": (AGENT, {}),
    "security.change_password": (AGENT, {}),
    "security.tell": (AGENT, {}),
    "security.end_session": (AGENT, {"sign_in_id": "sign_in"}),
    "security.end_others": (AGENT, {}),
    "security.distrust": (AGENT, {"browser_id": "browser"}),
    "security.require": (ADMIN, {}),
    "security.sign_out": (ADMIN, {"agent_id": "agent"}),
    "security.reset_second_factor": (ADMIN, {"agent_id": "agent"}),
    "second_factor.show": (AGENT, {}),
    "second_factor.begin": (AGENT, {}),
    "second_factor.confirm": (AGENT, {}),
    "second_factor.make_codes": (AGENT, {}),
    "second_factor.turn_off": (AGENT, {}),
    "people.index": (ADMIN, {}),
    "people.invite": (ADMIN, {}),
    "people.show": (ADMIN, {"agent_id": "agent"}),
    "people.update": (ADMIN, {"agent_id": "agent"}),
    "people.invite_again": (ADMIN, {"agent_id": "agent"}),
    "people.withdraw": (ADMIN, {"agent_id": "agent"}),
    "people.ask_leaving": (ADMIN, {"agent_id": "agent"}),
    "people.leave": (ADMIN, {"agent_id": "agent"}),
    "people.come_back": (ADMIN, {"agent_id": "agent"}),
    "teams.index": (ADMIN, {}),
    "teams.add": (ADMIN, {}),
    "teams.show": (ADMIN, {"team_id": "team"}),
    "teams.update": (ADMIN, {"team_id": "team"}),
    "teams.ask_end": (ADMIN, {"team_id": "team"}),
    "teams.end": (ADMIN, {"team_id": "team"}),
    "macro_settings.index": (WRITER, {}),
    "macro_settings.new": (WRITER, {}),
    "macro_settings.add": (WRITER, {}),
    "macro_settings.show": (WRITER, {"macro_id": "macro"}),
    "macro_settings.update": (WRITER, {"macro_id": "macro"}),
    "macro_settings.file": (WRITER, {"macro_id": "macro", "token": "macro_file"}),
    "macro_settings.preview": (WRITER, {}),
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
    "privacy.index": (SUPERVISOR, {}),
    "privacy.new": (SUPERVISOR, {**CUSTOMER, "kind": "=export"}),
    "privacy.ask": (SUPERVISOR, {**CUSTOMER, "kind": "=erasure"}),
    "privacy.show": (SUPERVISOR, {"request_id": "request"}),
    "privacy.progress": (SUPERVISOR, {"request_id": "request"}),
    "privacy.approve": (SUPERVISOR, {"request_id": "request"}),
    "privacy.refuse": (SUPERVISOR, {"request_id": "request"}),
    "privacy.retry": (SUPERVISOR, {"request_id": "request"}),
    "privacy.fetch": (SUPERVISOR, {"token": "export"}),
    "privacy.hold_customer": (SUPERVISOR, CUSTOMER),
    "privacy.hold_page": (SUPERVISOR, TICKET),
    "privacy.hold_ticket": (SUPERVISOR, TICKET),
    "privacy.lift": (SUPERVISOR, {"hold_id": "hold"}),
    "privacy.dry_run": (ADMIN, {}),
    "privacy.save": (ADMIN, {}),
    "facts.set_topic": (WRITER, TICKET),
    "topics.index": (ADMIN, {}),
    "topics.going": (ADMIN, {}),
    "topics.add": (ADMIN, {}),
    "topics.update": (ADMIN, {"topic_id": "topic"}),
    "tags.index": (SUPERVISOR, {}),
    "tags.going": (SUPERVISOR, {}),
    "tags.merge": (SUPERVISOR, {}),
    "tags.update": (SUPERVISOR, {"tag_id": "tag"}),
    "notices.index": (AGENT, {}),
    "notices.rows": (AGENT, {}),
    "notices.read": (AGENT, {}),
    "notices.opened": (AGENT, TICKET),
    "notices.done": (AGENT, {"notice_id": "notice"}),
    "notices.undone": (AGENT, {"notice_id": "notice"}),
    "notices.follow": (AGENT, TICKET),
    "notices.unfollow": (AGENT, TICKET),
    "notices.mentions": (AGENT, TICKET),
    "notices.digest_page": (PUBLIC, {"token": "=no-such-token"}),
    "notices.stop_digest": (PUBLIC, {"token": "=no-such-token"}),
    "push.worker": (PUBLIC, {}),
    "push.manifest": (PUBLIC, {}),
    "push.subscribe": (AGENT, {}),
    "push.end": (AGENT, {"subscription_id": "subscription"}),
    "push.test": (AGENT, {"subscription_id": "subscription"}),
    "notice_settings.show": (AGENT, {}),
    "notice_settings.save": (AGENT, {}),
    "audit.index": (ADMIN, {}),
    "audit.export": (ADMIN, {}),
}

IN_THE_DEMO = {"walk_in.enter": PUBLIC, "tour.show": AGENT, "tour.go": AGENT}
"""What ``demo.enabled`` adds, and no other house has: ``tests/views/test_demo.py`` asks for it, as those who
may and as those who may not."""

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
    browser = KnownBrowser(token_hash="0" * 64, agent_id=linus.id, browser=SECRET, trusted_until=db.now())
    db.session.add(browser)
    macro = macros.add(
        linus, name=SECRET, owner_id=None, team_id=linen.id, texts={"en": f"<p>{SECRET}</p>"}, actions=[]
    )
    macro_file = macros.attach(macro, f"{SECRET}.txt", "text/plain", SECRET.encode())
    wanted = imports.start(linen_mailbox, SECRET, None, linus)
    topic = topics.add("Towels", linus)
    customer, field = came.ticket.customer, CustomerField(name="Size", kind="text")
    customer.note, customer.organisation = SECRET, Organisation(name=SECRET)
    other = customers.identify("mail", Person("nair2@x.example", SECRET)).customer
    db.session.add(field)
    db.session.flush()
    db.session.add(CustomerValue(customer_id=customer.id, field_id=field.id, value=SECRET))
    merge = customers.merge(customer, other, {}, linus)
    linus.photo_token, linus.photo_sha256 = PHOTO, files.put(PNG)
    facts: dict[str, Any] = {"link": "https://barro.example/x", "until": db.now(), "inviter": SECRET}
    memo = memos.write(linus.email, "invitation", "en", agent=linus, **facts)
    memo.state, memo.sent_via = "sent", "preview"
    asked = requests.ask(customer, "export", linus, law="lgpd", proof="called", note=SECRET)
    hold = legal_holds.put_on(customer, SECRET, linus)
    db.session.commit()
    assert sign_in
    notice = Notice(agent_id=linus.id, kind="mention", ticket_id=came.ticket_id)
    told = Subscription(
        agent_id=linus.id, sign_in_id=sign_in.id, endpoint=SECRET, endpoint_hash=SECRET, p256dh="", auth=""
    )
    db.session.add_all([notice, told])
    db.session.commit()
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
            "browser": browser.id,
            "notice": notice.id,
            "subscription": told.id,
            "agent": linus.id,
            "team": linen.id,
            "account": linen_mailbox.id,
            "memo": memo.id,
            "address": linen_mailbox.addresses[0].id,
            "import": wanted.id,
            "customer": customer.id,
            "identity": customer.identities[0].id,
            "organisation": customer.organisation_id,
            "field": field.id,
            "merge": merge.id,
            "request": asked.id,
            "export": asked.token,
            "hold": hold.id,
            "topic": topic.id,
            "tag": came.ticket.tags[0].id,
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


@pytest.mark.slow
def test_the_other_team_finds_nothing(app: Flask, grace: Agent, world: World, client_for: ClientFor) -> None:
    client = client_for(grace)
    for rule, method in rules(app):
        if rule.endpoint == "login.sign_out":
            continue
        answer = ask(app, client, rule, method, world)
        where = f"{method} {rule.rule}"
        assert SECRET.encode() not in answer.data, where
        if names_something(rule) or not holds(now_of(grace), MATRIX[rule.endpoint][0]):
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
    assert SECRET.encode() not in answer.data, where


def test_their_own_team_finds_it_all(app: Flask, world: World, client_for: ClientFor) -> None:
    """Otherwise the tests above would also pass on addresses that lead nowhere."""
    client = client_for(world.linus)
    for rule, method in rules(app):
        if method == "GET" and MATRIX[rule.endpoint][0] == AGENT and names_something(rule):
            assert ask(app, client, rule, method, world).status_code in (200, 302), rule.rule


@pytest.mark.slow
def test_attack_30_a_light_agent_reads_with_their_team_and_changes_nothing(
    app: Flask, linen: Team, world: World, client_for: ClientFor
) -> None:
    lina = made("Lina Reis", role="light", teams=[linen])
    client = client_for(lina)
    for rule, method in rules(app):
        permission, where = MATRIX[rule.endpoint][0], f"{method} {rule.rule}"
        if rule.endpoint == "login.sign_out":
            continue
        answer = ask(app, client, rule, method, world)
        if not holds(now_of(lina), permission):
            assert answer.status_code == 404, where
            assert SECRET.encode() not in answer.data, where
        elif method == "GET" and permission == AGENT and names_something(rule):
            assert answer.status_code in (200, 302) or is_anothers(rule), where
    assert untouched(world)


@pytest.mark.slow
def test_attack_30_a_supervisor_sees_every_team_and_sets_nothing_up(
    app: Flask, world: World, client_for: ClientFor
) -> None:
    sofia = made("Sofia Alves", role="supervisor")
    client = client_for(sofia)
    for rule, method in rules(app):
        permission, where = MATRIX[rule.endpoint][0], f"{method} {rule.rule}"
        if permission == ADMIN:
            assert ask(app, client, rule, method, world).status_code == 404, where
        elif method == "GET" and permission != PUBLIC and not is_anothers(rule):
            assert ask(app, client, rule, method, world).status_code in (200, 302), where
    assert untouched(world)


def is_anothers(rule: Rule) -> bool:
    """What somebody has begun is theirs alone, and their draft's kind may not be ours to write."""
    return rule.endpoint in ("start.show", "permission.back")


@pytest.mark.slow
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
