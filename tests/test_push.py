"""Browsers that are told: sealed for one of them, to a push service and nobody else, and never in the way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import func, select, update

from inbox import db, fetch, people, quarantine, signin, tickets
from inbox.config import settings
from inbox.models import Agent, Message, Push, SignIn, Subscription, Team, Ticket
from inbox.notices import centre, push, webpush
from tests import told
from tests.attacks.post import again
from tests.conftest import Bells
from tests.peers.push import HOST, PushService, Subscriber, read
from tests.people import MailFrom, inbound

PUBLIC = "93.184.216.34"


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PushService]:
    """Mozilla's, behind a public address that is on loopback."""
    with PushService(tmp_path) as made:
        monkeypatch.setattr(fetch, "resolve", lambda host, port: [PUBLIC] if host == HOST else [])
        monkeypatch.setattr(fetch, "connect", made.connect)
        monkeypatch.setattr(fetch, "tls", made.trust)
        yield made


def sign_in(agent: Agent) -> SignIn:
    token = signin.begin(agent, "Firefox, Linux", "127.0.0.1")
    db.session.commit()
    found = signin.of(token)
    assert found
    return found


def browser(agent: Agent, path: str = "/wpush/v2/grace") -> tuple[Subscriber, Subscription]:
    made = Subscriber(path)
    subscription = push.subscribe(sign_in(agent), made.endpoint, **made.keys)
    db.session.commit()
    return made, subscription


@pytest.fixture
def ticket(mail_from: MailFrom) -> Ticket:
    made = mail_from("Marina Carmesim <marina@queiroz.example>", subject="Toalha-Carmesim")
    told.happen()
    return made


def waiting() -> list[int]:
    return list(db.session.scalars(select(Push.id).order_by(Push.id)))


def send_all() -> None:
    for push_id in waiting():
        push.send_now(push_id)


def test_a_browser_reads_a_kind_and_a_number_and_no_words(
    service: PushService, ticket: Ticket, ada: Agent, grace: Agent, bells: Bells
) -> None:
    firefox, _ = browser(grace)
    made = told.note(ticket, ada, told.mention(grace).replace("look", "Toalha"))
    assert [(queue, run) for queue, run, _ in bells.rung if queue == "push"] == [("push", "send_now")]
    send_all()
    [taken] = service.taken
    assert firefox.read(taken) == {
        "title": "You were mentioned",
        "body": f"#{ticket.id}",
        "tag": f"mention-{ticket.id}",
        "url": f"/tickets/{ticket.id}#message-{made.id}",
        "unread": 1,
    }
    assert taken.path == "/wpush/v2/grace" and taken.headers["content-encoding"] == "aes128gcm"
    assert (taken.headers["ttl"], taken.headers["urgency"]) == ("43200", "high")
    assert re.fullmatch(r"[\w-]{32}", taken.headers["topic"])
    claims = taken.signed()
    assert claims["sub"] == "mailto:support@barro.example" and claims["aud"] == f"https://{HOST}"
    assert not waiting()
    [notice] = told.of(grace)
    assert notice.pushed_at and again(browser_of(grace)).told_at


def browser_of(agent: Agent) -> Subscription:
    return db.session.scalars(select(Subscription).where(Subscription.agent_id == agent.id)).one()


def test_every_message_is_of_one_length(
    service: PushService, ticket: Ticket, ada: Agent, grace: Agent
) -> None:
    grace.language = "pt-BR"
    firefox, subscription = browser(grace)
    told.give(ticket, grace, by=ada)
    push.test(subscription)
    db.session.commit()
    send_all()
    assert len({len(taken.body) for taken in service.taken}) == 1
    assert [firefox.read(taken)["url"] for taken in service.taken] == [
        f"/tickets/{ticket.id}",
        "/settings/notices",
    ]


def test_several_that_wait_leave_as_one_and_a_later_one_replaces_it(
    service: PushService, ticket: Ticket, ada: Agent, grace: Agent, mail_from: MailFrom
) -> None:
    told.give(ticket, grace, by=grace)
    firefox, _ = browser(grace)
    thread = db.session.scalars(select(Message).where(Message.kind == "customer")).one()
    thread_id, header = thread.thread_id, thread.message_id_header
    for number in range(3):
        tickets.receive(
            again(mail_from.account),
            inbound("Marina <marina@queiroz.example>", thread=thread_id, refers_to=(header,)),
        )
        told.happen()
        if number == 1:
            send_all()
    send_all()
    assert [firefox.read(taken)["title"] for taken in service.taken] == ["2 new messages", "3 new messages"]
    first, second = service.taken
    assert first.headers["topic"] == second.headers["topic"]


# -------------------------------------------------------------------------------------- who is not told


@pytest.mark.parametrize("why", ["read", "moved", "looking", "quiet", "late", "inactive", "held", "unwanted"])
def test_asked_at_the_last_moment_whether_it_is_news(
    why: str,
    service: PushService,
    ticket: Ticket,
    ada: Agent,
    grace: Agent,
    linen: Team,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if why == "unwanted":
        told.choose(grace, ways={"mention": ("app",)})
    browser(grace)
    told.note(ticket, ada, told.mention(grace))
    ticket, grace = again(ticket), again(grace)
    if why == "read":
        centre.opened(grace, ticket)
    elif why == "moved":
        tickets.move(ticket, linen, ada)
    elif why == "looking":
        told.looks_at(monkeypatch, ticket, grace)
    elif why == "quiet":
        told.choose(grace, quiet="times", quiet_from=1, quiet_until=0)
    elif why == "late":
        db.session.execute(update(Push).values(created_at=db.now() - timedelta(hours=13)))
    elif why == "inactive":
        grace.active = False
    elif why == "held":
        quarantine.begin(db.now())
    db.session.commit()
    send_all()
    assert service.taken == [] and waiting() == []
    assert len(told.of(grace)) == 1 and not told.of(grace)[0].pushed_at


def test_attack_36_a_browser_that_is_signed_out_is_told_nothing_more(
    service: PushService, ticket: Ticket, ada: Agent, grace: Agent
) -> None:
    browser(grace, "/one")
    browser(grace, "/two")
    first, second = db.session.scalars(select(SignIn).where(SignIn.agent_id == grace.id).order_by(SignIn.id))
    told.note(ticket, ada, told.mention(grace))
    signin.end(again(first))
    db.session.commit()
    send_all()
    assert [taken.path for taken in service.taken] == ["/two"]
    people.deactivate(again(grace), again(ada))
    db.session.commit()
    assert db.session.scalar(select(func.count()).select_from(Subscription)) == 0 and second


def test_a_sign_in_that_is_too_old_tells_no_browser(
    service: PushService, ticket: Ticket, ada: Agent, grace: Agent
) -> None:
    browser(grace)
    told.note(ticket, ada, told.mention(grace))
    db.session.execute(update(SignIn).values(expires_at=db.now() - timedelta(days=1)))
    db.session.commit()
    send_all()
    assert service.taken == []


# ------------------------------------------------------------------------------------- what it answers


@pytest.mark.parametrize("status", [404, 410, 401, 403])
def test_an_address_that_is_gone_is_forgotten(
    status: int, service: PushService, ticket: Ticket, ada: Agent, grace: Agent
) -> None:
    browser(grace)
    told.note(ticket, ada, told.mention(grace))
    service.answer = status
    send_all()
    assert not db.session.scalars(select(Subscription)).all() and not waiting()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_service_in_trouble_is_asked_later_and_then_no_more(
    status: int, service: PushService, ticket: Ticket, ada: Agent, grace: Agent
) -> None:
    browser(grace)
    told.note(ticket, ada, told.mention(grace))
    service.answer, service.retry_after = status, "600"
    [push_id] = waiting()
    push.send_now(push_id)
    left = again(db.session.get_one(Push, push_id))
    assert left.state == "queued" and left.not_before > db.now() + timedelta(seconds=590)
    push.send_now(push_id)  # too early
    assert len(service.taken) == 1 and push.sweep() == 0
    with time_machine.travel(db.now() + timedelta(hours=1), tick=False):
        assert push.sweep() == 1
    db.session.execute(update(Push).values(attempts=push.ATTEMPTS - 1, not_before=db.now()))
    db.session.commit()
    push.send_now(push_id)
    assert not waiting() and len(db.session.scalars(select(Subscription)).all()) == 1


def test_one_that_is_refused_is_dropped_and_the_browser_is_kept(
    service: PushService, ticket: Ticket, ada: Agent, grace: Agent
) -> None:
    browser(grace)
    told.note(ticket, ada, told.mention(grace))
    service.answer = 413
    send_all()
    assert not waiting() and len(db.session.scalars(select(Subscription)).all()) == 1


def test_a_sender_that_died_is_followed_by_one_that_replaces_what_it_sent(
    service: PushService, ticket: Ticket, ada: Agent, grace: Agent
) -> None:
    firefox, _ = browser(grace)
    told.note(ticket, ada, told.mention(grace))
    [push_id] = waiting()
    claim = push._claim(push_id)
    assert claim
    fetch.post_bytes(claim.endpoint, claim.body, claim.headers, limit=100, timeout=5)  # and here it dies
    assert push._claim(push_id) is None
    with time_machine.travel(db.now() + 2 * push.LEASE, tick=False):
        assert push.sweep() == 1
        push.send_now(push_id)
    assert not waiting() and len(service.taken) == 2
    assert len({taken.headers["topic"] for taken in service.taken}) == 1
    assert len({firefox.read(taken)["tag"] for taken in service.taken}) == 1
    push._again(claim, "")  # one that was only slow changes nothing
    push._arrived(claim)
    assert not waiting()


@pytest.mark.parametrize("is_in_hand", [False, True], ids=["queued", "in hand"])
def test_f17_what_is_new_while_the_clock_is_ahead_does_not_wait_for_it(
    service: PushService, ticket: Ticket, ada: Agent, grace: Agent, is_in_hand: bool
) -> None:
    browser(grace)
    with time_machine.travel(db.now() + timedelta(hours=1), tick=False):
        told.note(ticket, ada, told.mention(grace))
        [push_id] = waiting()
        assert not is_in_hand or push._claim(push_id)  # and its sender dies
    assert push.sweep() == 1
    push.send_now(push_id)
    assert not waiting() and len(service.taken) == 1


def test_what_is_new_while_one_is_on_its_way_is_sent_after_it(
    service: PushService, ticket: Ticket, ada: Agent, grace: Agent
) -> None:
    firefox, _ = browser(grace)
    told.note(ticket, ada, told.mention(grace))
    [push_id] = waiting()
    claim = push._claim(push_id)
    assert claim
    told.note(ticket, ada, told.mention(grace))
    push._arrived(claim)
    assert waiting() == [push_id]
    send_all()
    assert firefox.read(service.taken[0])["title"] == "You were mentioned 2 times"


def test_a_service_that_does_not_answer_holds_up_no_reaction(
    service: PushService, ticket: Ticket, ada: Agent, grace: Agent, bells: Bells
) -> None:
    """Telling only queues: nothing calls out before the worker of this queue does."""
    browser(grace)
    service.gate.clear()
    told.note(ticket, ada, told.mention(grace))
    assert service.taken == [] and len(waiting()) == 1
    assert [run for queue, run, _ in bells.rung if queue == "push"] == ["send_now"]


# ------------------------------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/x", "https://fcm.googleapis.com:8443/x", "https://evil.example/x",
        "https://fcm.googleapis.com.evil.example/x", "https://fcm.googleapis.com@evil.example/",
        "https://notify.windows.com/x", "https://xnotify.windows.com/x", "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://169.254.169.254/latest", "https://push.apple.com/x", "//x", "",
        "gopher://fcm.googleapis.com/",
        "https://fcm.googleapis.com\\@evil.example/", "https://fcm.googleapis.com/x\r\nX: y",
        "https://evil.example/?fcm.googleapis.com", "https://fcm.googleapis.com:99999/",
        "https://ｆcm.googleapis.com/",
    ],
)  # fmt: skip
def test_attack_25_only_push_services_that_are_known_are_addresses(endpoint: str, grace: Agent) -> None:
    with pytest.raises(push.Refused, match="address"):
        push.subscribe(sign_in(grace), endpoint, **Subscriber("/x").keys)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc", "https://web.push.apple.com/abc",
        "https://wns2-bl2p.notify.windows.com/w/?token=abc", f"https://{HOST}/wpush/v2/abc",
    ],
)  # fmt: skip
def test_the_browsers_own_are(endpoint: str) -> None:
    assert push.is_known(endpoint)


def test_attack_25_a_push_service_that_points_into_our_network_is_not_called(
    service: PushService, ticket: Ticket, ada: Agent, grace: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser(grace)
    told.note(ticket, ada, told.mention(grace))
    monkeypatch.setattr(fetch, "resolve", lambda _host, _port: ["10.0.0.7"])
    send_all()
    assert service.taken == [] and not db.session.scalars(select(Subscription)).all()


def test_attack_44_a_huge_address_and_keys_that_are_none_are_refused(grace: Agent) -> None:
    good = Subscriber("/x").keys
    long = f"https://{HOST}/" + "x" * 5_000
    for endpoint, keys, why in (
        (long, good, "address"),
        (f"https://{HOST}/x", {**good, "auth": "short"}, "keys"),
        (f"https://{HOST}/x", {**good, "p256dh": good["auth"]}, "keys"),
        (f"https://{HOST}/x", {**good, "p256dh": webpush.encode(b"\x04" + bytes(64))}, "keys"),
        (f"https://{HOST}/x", {**good, "p256dh": good["p256dh"] + "="}, "keys"),
        (f"https://{HOST}/x", {**good, "auth": "é" * 22}, "keys"),
        (f"https://{HOST}/x", {**good, "auth": "x" * 100_000}, "keys"),
    ):
        with pytest.raises(push.Refused, match=why):
            push.subscribe(sign_in(grace), endpoint, **keys)


def test_an_address_belongs_to_who_signed_in_last_and_a_person_has_a_few(
    ada: Agent, grace: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "MOST", 3)
    for number in range(5):
        browser(grace, f"/{number}")
    assert [one.endpoint[-1] for one in push.of(grace)] == ["4", "3", "2"]
    browser(ada, "/4")
    assert [one.endpoint[-1] for one in push.of(again(grace))] == ["3", "2"]
    assert push.one(again(grace), push.of(again(ada))[0].id) is None


def test_subscribing_twice_is_once(grace: Agent) -> None:
    here, made = sign_in(grace), Subscriber("/x")
    for _ in range(2):
        push.subscribe(again(here), made.endpoint, **made.keys)
        db.session.commit()
    push.subscribe(again(here), made.endpoint + "y", **made.keys)  # the browser has a new address
    assert [one.endpoint[-1] for one in push.of(again(grace))] == ["y"]


def test_the_settings_may_name_a_service_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    notices = settings().notices.model_copy(update={"push_hosts": "push.barro.example:8443"})
    monkeypatch.setattr(push, "settings", lambda: settings().model_copy(update={"notices": notices}))
    assert push.is_known("https://push.barro.example:8443/x")
    assert not push.is_known("https://push.barro.example/x") and not push.is_known(f"https://{HOST}/x")


# ---------------------------------------------------------------------------------------- on the wire


def test_it_is_sealed_as_the_standard_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 8291, appendix A."""
    said = b"When I grow up, I want to be a watermelon"
    once = private("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")
    theirs = private("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94")
    monkeypatch.setattr(webpush, "PADDED", len(said))
    monkeypatch.setattr(webpush.secrets, "token_bytes", lambda _n: webpush.decode("DGv6ra1nlYgDCS1FRnbzlw"))
    monkeypatch.setattr(webpush.ec, "generate_private_key", lambda _curve: once)
    sealed = webpush.encrypt(
        said,
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "BTBZMqHH6r4Tts7J_aSIgg",
    )
    assert webpush.encode(sealed) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8w"
        "EqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    assert read(sealed, theirs, webpush.decode("BTBZMqHH6r4Tts7J_aSIgg")) == said


def private(number: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(webpush.decode(number)), ec.SECP256R1())


def test_our_key_is_the_same_tomorrow_and_another_in_another_house(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = webpush.public_key()
    assert ours == webpush.public_key() and len(webpush.decode(ours)) == 65
    monkeypatch.setattr(webpush.vault, "derived", lambda _purpose: b"\xff" * 32)
    assert webpush.public_key() != ours
