"""Mailboxes that let us in by permission: asking, refreshing, and being sent away."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import Engine, select, update

from inbox import attention, channels, collector, config, connections, db, oauth, outbox, tickets, vault
from inbox.channels import Outbound, Sent
from inbox.channels.email import imap
from inbox.channels.email import oauth as protocol
from inbox.models import Account, AccountAddress, Agent, Authorisation, Message
from tests.emptying import empty
from tests.peers import dovecot
from tests.peers.oauth import AuthorisationServer, let_in_by_token, visit
from tests.people import MailFrom

pytestmark = pytest.mark.slow

CALLBACK = "https://help.barro.example/oauth/callback"


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[AuthorisationServer]:
    """Google, as far as this installation knows."""
    with AuthorisationServer() as server:
        registered = config.load(oauth=server.settings())
        monkeypatch.setattr(oauth, "settings", lambda: registered)
        yield server


@pytest.fixture
def mailbox(support: Account, ada: Agent, provider: AuthorisationServer) -> Account:
    """support@, connected with Google."""
    return connected(support, ada)


def connected(account: Account, by: Agent | None) -> Account:
    back = visit(oauth.request_url(account, "google", CALLBACK, 7))
    asked = oauth.requested(back["state"], 7)
    registered = oauth.application("google", account)
    assert registered
    oauth.keep(account, "google", oauth.exchange(asked, registered, back["code"], CALLBACK), by)
    db.session.commit()
    return account


def expire(account: Account, **columns: Any) -> None:
    values = {"expires_at": db.now() - timedelta(minutes=1), **columns}
    db.session.execute(update(Authorisation).where(Authorisation.account_id == account.id).values(**values))
    db.session.commit()


def row(account: Account) -> Authorisation:
    db.session.expire_all()
    return db.session.get_one(Authorisation, account.id)


# --------------------------------------------------------------------------------------------- asking


def test_what_is_asked_for_is_a_code_with_pkce_for_the_mail_and_for_longer(
    support: Account, provider: AuthorisationServer
) -> None:
    asked = {
        k: v[0]
        for k, v in parse_qs(urlsplit(oauth.request_url(support, "google", CALLBACK, 7)).query).items()
    }
    assert asked["redirect_uri"] == CALLBACK and asked["login_hint"] == "support@barro.example"
    assert asked["scope"] == "https://mail.google.com/" and asked["access_type"] == "offline"
    assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256"
    again = parse_qs(urlsplit(oauth.request_url(support, "google", CALLBACK, 7)).query)
    assert again["state"][0] != asked["state"] and again["code_challenge"][0] != asked["code_challenge"]


def test_microsoft_is_asked_at_the_tenant_and_the_cloud_of_the_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chosen = config.load(
        oauth={"microsoft_tenant": "barro.example", "microsoft_resource": "https://outlook.office365.us"}
    )
    monkeypatch.setattr(oauth, "settings", lambda: chosen)
    microsoft = oauth.provider("microsoft")
    assert microsoft.token_url == "https://login.microsoftonline.com/barro.example/oauth2/v2.0/token"
    assert microsoft.scopes == (
        "https://outlook.office365.us/IMAP.AccessAsUser.All",
        "https://outlook.office365.us/SMTP.Send",
        "offline_access",
    )


def test_the_permission_is_kept_sealed(mailbox: Account, ada: Agent, provider: AuthorisationServer) -> None:
    kept = row(mailbox)
    token = vault.unseal(kept.access_token)
    assert token in provider.access and token not in kept.access_token
    assert vault.unseal(kept.refresh_token) in provider.permissions[0].refresh_tokens
    assert (kept.state, kept.by_id, kept.provider) == ("ok", ada.id, "google")
    assert mailbox.settings["auth"] == "google"
    assert token not in repr(kept) and token not in repr(protocol.Tokens(token, token))


def test_a_state_is_good_for_the_sign_in_it_was_made_for_and_not_for_long(
    support: Account, provider: AuthorisationServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = visit(oauth.request_url(support, "google", CALLBACK, 7))["state"]
    assert oauth.requested(state, 7).account_id == support.id
    for wrong, sign_in in ((state, 8), ("x" + state, 7), ("", 7), ("a.b.c", 7)):
        with pytest.raises(oauth.BadState):
            oauth.requested(wrong, sign_in)
    monkeypatch.setattr(oauth, "STATE_SECONDS", -1)
    with pytest.raises(oauth.BadState):
        oauth.requested(state, 7)


def test_a_code_that_was_asked_for_by_others_is_worth_nothing(
    support: Account, provider: AuthorisationServer
) -> None:
    """PKCE: somebody slips us the code of a permission that was not asked for by us."""
    ours = visit(oauth.request_url(support, "google", CALLBACK, 7))
    theirs = visit(oauth.request_url(support, "google", CALLBACK, 8))
    registered = oauth.application("google")
    assert registered
    with pytest.raises(protocol.Refused, match="invalid_grant"):
        oauth.exchange(oauth.requested(ours["state"], 7), registered, theirs["code"], CALLBACK)


def test_a_permission_without_the_mail_or_for_an_hour_only_is_refused(
    support: Account, ada: Agent, provider: AuthorisationServer
) -> None:
    provider.grants = "openid"
    with pytest.raises(protocol.Refused, match="insufficient_scope"):
        connected(support, ada)
    provider.grants, provider.keeps_refresh_token = None, True
    with pytest.raises(protocol.Refused, match="no_refresh_token"):
        connected(support, ada)


def test_an_id_and_a_secret_of_one_mailbox_serve_the_others_of_that_provider(
    house: Any, provider: AuthorisationServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = config.load()
    monkeypatch.setattr(oauth, "settings", lambda: bare)
    assert oauth.application("google") is None
    own = {"auth": "google", "oauth_client_id": "ours", "oauth_client_secret": vault.seal("hush")}
    db.session.add(Account(kind="mail", name="A", address="a@barro.example", settings=own))
    db.session.commit()
    assert oauth.application("google") == protocol.Application("ours", "hush")
    assert oauth.application("microsoft") is None
    assert "hush" not in repr(oauth.application("google"))


# ------------------------------------------------------------------------------------------- using it


def test_a_token_that_lasts_is_used_as_it_is(mailbox: Account, provider: AuthorisationServer) -> None:
    assert oauth.access_token(mailbox) == oauth.access_token(mailbox)
    assert provider.refreshes() == 0
    assert outbox.config_of(mailbox)["access_token"] == oauth.access_token(mailbox)


def test_a_token_about_to_end_is_replaced_before_it_does(
    mailbox: Account, provider: AuthorisationServer
) -> None:
    before = oauth.access_token(mailbox)
    expire(mailbox, expires_at=db.now() + timedelta(minutes=4))
    after = oauth.access_token(mailbox)
    assert after != before and after in provider.access and provider.refreshes() == 1
    assert row(mailbox).expires_at > db.now() + timedelta(minutes=50)
    assert oauth.access_token(mailbox) == after and provider.refreshes() == 1


def test_a_refresh_token_that_is_replaced_each_time_is_kept_each_time(
    mailbox: Account, provider: AuthorisationServer
) -> None:
    provider.rotates = True
    for _time in range(3):
        expire(mailbox)
        assert oauth.access_token(mailbox) in provider.access
    assert vault.unseal(row(mailbox).refresh_token) in provider.permissions[0].refresh_tokens


def test_a_withdrawn_permission_is_told_and_not_asked_for_again(
    mailbox: Account, provider: AuthorisationServer, bells: Any
) -> None:
    provider.revoke()
    expire(mailbox)
    for _time in range(2):
        with pytest.raises(oauth.Withdrawn) as gone:
            oauth.access_token(mailbox)
    assert gone.value.permanent and gone.value.reason % {"detail": gone.value.detail} == (
        "Google no longer lets us in: sign in again, in Settings, Mailboxes."
    )
    assert provider.refreshes() == 1
    kept = row(mailbox)
    assert (kept.state, kept.reason, kept.access_token) == (
        "withdrawn",
        "Token has been expired or revoked.",
        "",
    )
    assert [one.account_id for one in oauth.endings()] == [mailbox.id]
    assert ("counts", {}, {"attention"}) in bells.told


def test_signing_in_again_mends_it(mailbox: Account, ada: Agent, provider: AuthorisationServer) -> None:
    provider.revoke()
    expire(mailbox)
    with pytest.raises(oauth.Withdrawn):
        oauth.access_token(mailbox)
    connected(mailbox, ada)
    assert oauth.access_token(mailbox) in provider.access and not oauth.endings()


@pytest.mark.parametrize(
    "answer",
    [
        (503, "text/html", b"<h1>Later</h1>"),
        (200, "text/html", b"<h1>A captive portal</h1>"),
        (200, "application/json", b"[1]"),
        (200, "application/json", b'{"token_type": "Bearer"}'),
        (302, "text/plain", b""),
        (429, "application/json", b'{"error": "temporarily_unavailable"}'),
        (500, "application/json", b'{"error": "invalid_grant"}'),
    ],
)
def test_a_provider_that_stumbles_takes_no_permission_away(
    mailbox: Account, provider: AuthorisationServer, answer: tuple[int, str, bytes]
) -> None:
    provider.answer = answer
    expire(mailbox)
    with pytest.raises(oauth.NotNow) as later:
        oauth.access_token(mailbox)
    assert not later.value.permanent
    provider.answer = None
    assert oauth.access_token(mailbox) in provider.access


def test_a_token_that_still_works_is_used_while_the_provider_is_silent(
    mailbox: Account, provider: AuthorisationServer
) -> None:
    token = oauth.access_token(mailbox)
    expire(mailbox, expires_at=db.now() + timedelta(minutes=2))
    provider.answer = (503, "text/plain", b"")
    assert oauth.access_token(mailbox) == token


def test_a_wrong_secret_is_said_and_the_permission_stays(
    mailbox: Account, provider: AuthorisationServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = config.load(oauth={**provider.settings(), "google_client_secret": "expired"})
    monkeypatch.setattr(oauth, "settings", lambda: wrong)
    expire(mailbox)
    with pytest.raises(oauth.NotNow, match="ID and secret"):
        oauth.access_token(mailbox)
    assert row(mailbox).state == "ok"


def test_a_token_that_a_server_refused_is_replaced(mailbox: Account, provider: AuthorisationServer) -> None:
    before = oauth.access_token(mailbox)
    oauth.refused(mailbox)
    assert oauth.access_token(mailbox) != before


def test_a_mailbox_nobody_signed_in_for_says_so(support: Account, provider: AuthorisationServer) -> None:
    support.settings = {"auth": "google"}
    db.session.commit()
    with pytest.raises(oauth.Withdrawn):
        oauth.access_token(support)


def test_an_end_that_is_known_is_warned_of_a_week_before(
    support: Account, ada: Agent, provider: AuthorisationServer
) -> None:
    provider.refresh_lifetime = 30 * 24 * 3600
    connected(support, ada)
    assert not oauth.endings() and not oauth.is_ending(row(support))
    expire(support, refresh_expires_at=db.now() + timedelta(days=6))
    assert oauth.is_ending(row(support)) and len(oauth.endings()) == 1
    provider.refresh_lifetime = None
    connected(support, ada)
    assert not oauth.is_ending(row(support))


def test_a_password_instead_forgets_the_permission(mailbox: Account) -> None:
    from inbox import mailboxes

    mailboxes.set_fields(mailbox, {"auth": "password"})
    db.session.commit()
    assert db.session.get(Authorisation, mailbox.id) is None


def test_mail_is_fetched_at_once_after_signing_in_again(
    mailbox: Account, ada: Agent, provider: AuthorisationServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collector.Listening, "start", lambda self: None)
    monkeypatch.setattr(collector.Listening, "is_alive", lambda self: True)
    mailbox.settings = {**mailbox.settings, "incoming": "imap"}
    db.session.commit()
    at_work = collector.Collector()
    for _time in range(2):
        at_work.look()
    [listening] = at_work.listening.values()
    assert not listening.stopped()
    connected(db.session.merge(mailbox), db.session.merge(ada))
    at_work.look()
    assert listening.stopped(), "it begins anew, however long it had meant to wait"


def test_what_is_to_leave_waits_for_a_withdrawn_permission_and_leaves_in_order_with_a_new_one(
    mailbox: Account,
    ada: Agent,
    provider: AuthorisationServer,
    mail_from: MailFrom,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left: list[str] = []

    def send(_settings: object, outbound: Outbound) -> Sent:
        left.append(outbound.text)
        return Sent(outbound.key, "smtp", b"raw")

    monkeypatch.setattr(channels.of("mail"), "send", send, raising=False)
    replies = [tickets.reply(mail_from(), ada, f"<p>{word}</p>", key=word) for word in ("one", "two")]
    for reply in replies:
        reply.not_before = None
    db.session.commit()
    ids = [reply.id for reply in replies]
    provider.revoke()
    expire(mailbox)

    def waiting() -> list[Message]:
        db.session.expire_all()
        return list(db.session.scalars(select(Message).where(Message.id.in_(ids)).order_by(Message.id)))

    outbox.send_now(ids[1])
    outbox.sweep()
    assert not left and {(one.state, one.attempts) for one in waiting()} == {("queued", 0)}
    assert all("sign in again" in one.failure and one.failure_detail == "Google" for one in waiting())
    [broken] = attention.broken(db.session.merge(ada))
    assert (broken.direction, broken.reason) == ("out", waiting()[0].failure)
    assert not attention.messages(db.session.merge(ada)), "nothing of them has failed"
    outbox.send_now(ids[0])
    assert provider.refreshes() == 1, "the account waits, and nobody asks the provider in vain"
    connected(db.session.merge(mailbox), db.session.merge(ada))
    connections.ok(mailbox.id, "out")  # as the trial after signing in does
    db.session.commit()
    assert outbox.sweep() == 2
    for message_id in reversed(ids):
        outbox.send_now(message_id)
    assert left == ["one", "two"] and {one.state for one in waiting()} == {"sent"}


# -------------------------------------------------------------------------------------------- at once


@pytest.fixture
def real(engine: Engine, provider: AuthorisationServer) -> Iterator[Account]:
    """A mailbox in the database itself, for processes that meet there."""
    db.bind(engine, join_transaction_mode="conditional_savepoint")
    with db.writing() as session:
        account = Account(kind="mail", name="Barro", address="both@barro.example", settings={})
        account.addresses = [AccountAddress(address="both@barro.example")]
        session.add(account)
    with db.writing():
        account = db.session.get_one(Account, account.id)
        connected(account, None)
    yield account
    empty()


def test_of_many_that_need_a_new_token_one_asks_for_it(real: Account, provider: AuthorisationServer) -> None:
    provider.rotates, provider.delay = True, 0.2
    with db.writing():
        expire(real)
    tokens, problems, ready = list[str](), list[BaseException](), threading.Barrier(4)

    def ask() -> None:
        try:
            ready.wait(10)
            tokens.append(oauth.access_token(real))
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems and len(tokens) == 4 and len(set(tokens)) == 1
    assert provider.refreshes() == 1 and tokens[0] in provider.access


def test_who_dies_while_refreshing_keeps_the_others_waiting_for_its_lease_only(
    real: Account, provider: AuthorisationServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oauth, "PATIENCE", 0.3)
    with db.writing():
        expire(real, leased_until=db.now() + timedelta(seconds=30))
    with pytest.raises(oauth.NotNow, match="Another process"):
        oauth.access_token(real)
    with db.writing():
        expire(real, leased_until=db.now() - timedelta(seconds=1))
    assert oauth.access_token(real) in provider.access


def test_who_died_while_refreshing_by_a_clock_that_was_ahead_keeps_nobody_waiting(
    real: Account, provider: AuthorisationServer
) -> None:
    with db.writing():
        expire(real, leased_until=db.now() + timedelta(hours=1))
    assert oauth.access_token(real) in provider.access


def test_signing_in_anew_while_a_refresh_is_under_way_wins(
    real: Account, provider: AuthorisationServer
) -> None:
    provider.delay = 0.4
    with db.writing():
        expire(real)
    slow = threading.Thread(target=lambda: oauth.access_token(real))
    slow.start()
    while not provider.refreshes():
        pass
    with db.writing():
        account = db.session.get_one(Account, real.id)
        oauth.keep(account, "google", protocol.Tokens("newer", "newer-refresh"), None)
    slow.join()
    with db.reading():
        kept = db.session.get_one(Authorisation, real.id)
        assert vault.unseal(kept.refresh_token) == "newer-refresh"


# ----------------------------------------------------------------------------------- a mail server


@pytest.mark.skipif(not dovecot.BINARY, reason=dovecot.MISSING)
def test_a_mail_server_lets_us_in_with_it_until_it_is_revoked(
    mailbox: Account, provider: AuthorisationServer
) -> None:
    server = dovecot.Dovecot()
    server.more = let_in_by_token(server.folder, provider)
    with server:
        mailbox.settings = {**mailbox.settings, **server.settings("support@barro.example"), "in_password": ""}
        db.session.commit()
        checks = imap.check(outbox.config_of(mailbox))
        assert all(check.ok for check in checks), (checks, server.said())
        provider.revoke()
        assert not imap.check(outbox.config_of(mailbox))[0].ok
    oauth.refused(mailbox)
    with pytest.raises(oauth.Withdrawn):
        outbox.config_of(mailbox)
