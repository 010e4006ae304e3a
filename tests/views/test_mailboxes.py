"""Connecting a mailbox and looking after it: what an admin does, and what nobody may."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from inbox import channels, config, connections, db, files, imports, mailboxes, oauth, vault
from inbox.channels import Check
from inbox.channels.email import imap, refusals, servers, smtp, trial
from inbox.models import Account, AccountAddress, Agent, Authorisation, MailImport, Payload, Team
from inbox.web import limits
from tests.channels.test_servers import Network
from tests.clients import Browser, ClientFor, now_of
from tests.peers.oauth import CLIENT, SECRET, AuthorisationServer, visit

pytestmark = pytest.mark.slow

WORKS = {"in": (Check("It answers.", True),), "out": (Check("It answers.", True),)}


@pytest.fixture
def internet(monkeypatch: pytest.MonkeyPatch) -> Network:
    there = Network(offline=True)
    monkeypatch.setattr(servers, "Internet", lambda: there)
    return there


class Providers:
    """What the mail servers say to whoever tries them, and with what they were tried."""

    def __init__(self) -> None:
        self.says: dict[str, tuple[Check, ...]] = dict(WORKS)
        self.tried: list[dict[str, Any]] = []

    def check(self, settings: Any) -> dict[str, tuple[Check, ...]]:
        assert not db.session().in_transaction(), "somebody waits for a provider with a transaction open"
        self.tried.append(dict(settings))
        return self.says


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> Providers:
    there = Providers()
    monkeypatch.setattr(trial, "check", there.check)
    return there


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator[AuthorisationServer]:
    with AuthorisationServer() as server:
        registered = config.load(oauth=server.settings())
        monkeypatch.setattr(oauth, "settings", lambda: registered)
        yield server


@pytest.fixture
def admin(ada: Agent, client_for: ClientFor) -> Browser:
    return client_for(ada)


def box(address: str = "ajuda@barro.example") -> Account:
    return db.session.query(Account).filter_by(address=address).one()


def begin(admin: Browser, address: str = "ajuda@barro.example", **more: Any) -> str:
    answer = admin.post("/settings/mailboxes", data={"address": address, "team": "0", **more})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


FORM = {
    "auth": "password",
    "incoming": "imap",
    "in_host": "imap.barro.example",
    "in_port": "993",
    "in_security": "tls",
    "in_user": "ajuda@barro.example",
    "smtp_host": "smtp.barro.example",
    "smtp_port": "465",
    "smtp_security": "tls",
    "smtp_user": "ajuda@barro.example",
}


# ----------------------------------------------------------------------------------------- connecting


def test_an_address_is_enough_to_find_its_servers(admin: Browser, internet: Network) -> None:
    where = begin(admin, "loja@gmail.com", name="Loja")
    account = box("loja@gmail.com")
    assert where == f"/settings/mailboxes/{account.id}/connect?found=known"
    assert (account.settings["in_host"], account.settings["smtp_host"]) == (
        "imap.gmail.com",
        "smtp.gmail.com",
    )
    assert account.settings["auth"] == "google" and account.settings["authserv_id"] == "mx.google.com"
    assert not account.active and account.name == "Loja"
    page = admin.get(where).text
    assert "imap.gmail.com" in page and "app password" in page and "/oauth/callback" in page


def test_offline_it_says_so_and_proposes_what_is_usual(admin: Browser, internet: Network) -> None:
    where = begin(admin)
    assert where.endswith("?found=offline")
    page = admin.get(where).text
    assert "could not ask the internet" in page and 'value="imap.barro.example"' in page


def test_a_password_is_tried_before_the_mailbox_is_in_use(
    admin: Browser, internet: Network, mail: Providers
) -> None:
    begin(admin)
    path = f"/settings/mailboxes/{box().id}"
    done = admin.post(f"{path}/connect", data={**FORM, "in_password": "hush hush"})
    assert (done.status_code, done.headers["Location"]) == (303, path)
    tried = mail.tried[0]
    assert (tried["in_password"], tried["smtp_password"]) == ("hush hush", "hush hush")
    account = box()
    assert account.active and "hush" not in str(account.settings)
    assert vault.unseal(account.settings["in_password"]) == "hush hush"
    assert connections.health(account).incoming.state == "ok"
    assert "hush" not in admin.get(path).text and "hush" not in admin.get(f"{path}/connect").text


def test_what_does_not_work_is_said_with_what_to_do_and_nothing_typed_is_lost(
    admin: Browser, internet: Network, mail: Providers
) -> None:
    begin(admin)
    path = f"/settings/mailboxes/{box().id}"
    mail.says = {
        "in": (Check(refusals.PASSWORD, False, "[AUTHENTICATIONFAILED] <b>no</b>"),),
        "out": (Check(smtp.OTHER_NAME, False, "mail.host.example"),),
    }
    wrong = admin.post(
        f"{path}/connect", data={**FORM, "in_password": "hush", "in_host": "mail.typed.example"}
    )
    assert wrong.status_code == 422
    assert "refused the user name or password" in wrong.text and "&lt;b&gt;no" in wrong.text
    assert "webmail" in wrong.text and "name that stands in the certificate" in wrong.text
    assert "mail.typed.example" in wrong.text and "hush" not in wrong.text
    assert not box().active and connections.health(box()).incoming.state == "idle"
    # the password is kept: it need not be typed again
    mail.says = dict(WORKS)
    assert admin.post(f"{path}/connect", data=FORM).status_code == 303
    assert mail.tried[-1]["in_password"] == "hush" and box().active


def test_who_insists_may_save_what_does_not_work(admin: Browser, internet: Network, mail: Providers) -> None:
    begin(admin)
    path = f"/settings/mailboxes/{box().id}"
    answer = admin.post(f"{path}/connect", data={**FORM, "in_password": "hush", "anyway": "1"})
    assert answer.headers["Location"] == path and box().active and not mail.tried


def test_each_way_may_have_a_password_of_its_own(admin: Browser, internet: Network, mail: Providers) -> None:
    begin(admin)
    path = f"/settings/mailboxes/{box().id}/connect"
    admin.post(path, data={**FORM, "in_password": "one", "smtp_password": "other"})
    admin.post(path, data={**FORM, "in_password": "two"})
    assert (mail.tried[-1]["in_password"], mail.tried[-1]["smtp_password"]) == ("two", "other")


def test_an_address_that_is_taken_leads_to_its_mailbox(
    admin: Browser, support: Account, internet: Network
) -> None:
    answer = admin.post("/settings/mailboxes", data={"address": "SUPPORT@barro.example", "team": "0"})
    assert answer.status_code == 422 and f'href="/settings/mailboxes/{support.id}"' in answer.text
    assert admin.post("/settings/mailboxes", data={"address": "nobody", "team": "0"}).status_code == 422


def test_looking_again_offline_replaces_nothing_that_was_typed(
    admin: Browser, internet: Network, mail: Providers
) -> None:
    begin(admin)
    path = f"/settings/mailboxes/{box().id}"
    admin.post(f"{path}/connect", data={**FORM, "in_host": "mail.typed.example"})
    assert admin.post(f"{path}/servers").headers["Location"].endswith("?found=offline")
    assert box().settings["in_host"] == "mail.typed.example"
    internet.offline = False
    internet.records = servers.Records(exchangers=("mx.core.locaweb.com.br",))
    assert admin.post(f"{path}/servers").headers["Location"].endswith("?found=known")
    assert box().settings["in_host"] == "email-ssl.com.br"


def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    ever = threading.Event()
    monkeypatch.setitem(trial.INCOMING, "imap", lambda _settings: (ever.wait(5), ())[1])  # type: ignore[index]
    outcome = trial.check({"incoming": "imap"}, seconds=0.05)
    ever.set()
    assert not outcome["in"][0].ok and outcome["in"][0].label == trial.LATE


def test_a_check_that_breaks_is_an_answer_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_settings: Any) -> Any:
        raise RuntimeError("secret detail")

    monkeypatch.setitem(trial.INCOMING, "imap", broken)  # type: ignore[index]
    assert trial.check({"incoming": "imap"})["in"][0].detail == "RuntimeError"


def test_nobody_scans_a_network_with_it(admin: Browser, internet: Network, mail: Providers) -> None:
    """Attack 25: as many tries as setting up needs, and no more."""
    begin(admin)
    path = f"/settings/mailboxes/{box().id}"
    codes = [admin.post(f"{path}/_checks").status_code for _ in range(31)]
    assert codes[0] == 200 and codes[-1] == 429
    assert admin.post(f"{path}/connect", data=FORM).status_code == 429
    assert admin.post(f"{path}/servers").status_code == 429
    limits.forget()


# ------------------------------------------------------------------------------------ by permission


def signed_in(admin: Browser, account: Account) -> dict[str, str]:
    """There and back: what the provider sends the browser back with."""
    away = admin.get(f"/settings/mailboxes/{account.id}/sign-in/google")
    assert away.status_code == 302
    return visit(away.headers["Location"])


def test_signing_in_with_google_connects_the_mailbox(
    admin: Browser, ada: Agent, internet: Network, mail: Providers, google: AuthorisationServer
) -> None:
    begin(admin, "loja@gmail.com")
    account = box("loja@gmail.com")
    back = signed_in(admin, account)
    page = admin.get("/oauth/callback", query_string=back)
    assert page.status_code == 200 and "data-send" in page.text
    assert db.session.query(Authorisation).count() == 0, "a GET changes nothing"
    done = admin.post("/oauth/callback", data=back)
    assert done.headers["Location"] == f"/settings/mailboxes/{account.id}"
    kept = db.session.query(Authorisation).one()
    assert (kept.account_id, kept.by_id, kept.provider) == (account.id, ada.id, "google")
    assert mail.tried[0]["access_token"] in google.access
    assert now_of(account).active
    for page in (
        admin.get(f"/settings/mailboxes/{account.id}"),
        admin.get(f"/settings/mailboxes/{account.id}/connect"),
    ):
        assert mail.tried[0]["access_token"] not in page.text and SECRET not in page.text


def test_the_redirect_address_is_the_public_one_whatever_the_host_header_says(
    admin: Browser, internet: Network, google: AuthorisationServer
) -> None:
    begin(admin, "loja@gmail.com")
    path = f"/settings/mailboxes/{box('loja@gmail.com').id}/sign-in/google"
    cookie = admin.get_cookie("prosa")
    assert cookie
    admin.set_cookie("prosa", cookie.value, domain="evil.example")
    away = admin.get(path, base_url="http://evil.example")
    asked = parse_qs(urlsplit(away.headers["Location"]).query)
    assert asked["redirect_uri"] == ["http://127.0.0.1:8000/oauth/callback"]
    assert away.headers["Location"].startswith(google.url)


def test_a_permission_is_for_who_was_sent_to_ask(
    admin: Browser, internet: Network, mail: Providers, google: AuthorisationServer, client_for: ClientFor,
    grace: Agent, visitor: Browser,
) -> None:  # fmt: skip
    begin(admin, "loja@gmail.com")
    back = signed_in(admin, box("loja@gmail.com"))
    other_admin = client_for(people_admin())
    for browser, code in ((other_admin, 404), (client_for(grace), 404), (visitor, 303)):
        for answer in (
            browser.get("/oauth/callback", query_string=back),
            browser.post("/oauth/callback", data=back),
        ):
            assert answer.status_code == code
    for state in ("", "x", back["state"] + "x", back["state"].replace(".", "-", 1)):
        assert admin.get("/oauth/callback", query_string={**back, "state": state}).status_code == 404
        assert admin.post("/oauth/callback", data={**back, "state": state}).status_code == 404
    assert admin.post("/oauth/callback", data=back, csrf=False).status_code == 403
    assert db.session.query(Authorisation).count() == 0
    assert admin.post("/oauth/callback", data=back).status_code == 303


def people_admin() -> Agent:
    from tests import people

    return people.agent("Mallory Dias", role="admin")


def test_who_says_no_there_changes_nothing_here(
    admin: Browser, internet: Network, mail: Providers, google: AuthorisationServer
) -> None:
    begin(admin, "loja@gmail.com")
    account = box("loja@gmail.com")
    google.denies = "access_denied"
    page = admin.get("/oauth/callback", query_string=signed_in(admin, account))
    assert page.status_code == 200 and "gave no permission" in page.text and "data-send" not in page.text
    google.denies, google.grants = "", "openid"
    refused = admin.post("/oauth/callback", data=signed_in(admin, account))
    assert refused.headers["Location"] == f"/settings/mailboxes/{account.id}/connect"
    assert "leave every box ticked" in admin.get(refused.headers["Location"]).text
    google.grants, google.answer = None, (503, "text/plain", b"")
    admin.post("/oauth/callback", data=signed_in(admin, account))
    assert "does not answer just now" in admin.get(f"/settings/mailboxes/{account.id}/connect").text
    assert db.session.query(Authorisation).count() == 0 and not now_of(account).active


def test_a_permission_that_the_mail_server_does_not_take_is_kept_and_said(
    admin: Browser, internet: Network, mail: Providers, google: AuthorisationServer
) -> None:
    begin(admin, "loja@gmail.com")
    account = box("loja@gmail.com")
    mail.says = {"in": (Check(refusals.SWITCHED_OFF, False, "IMAP is disabled"),)}
    answer = admin.post("/oauth/callback", data=signed_in(admin, account))
    assert answer.status_code == 422 and "turn IMAP or POP3 on there" in answer.text
    assert db.session.query(Authorisation).count() == 1 and not now_of(account).active


def test_a_working_mailbox_goes_on_by_password_until_somebody_has_signed_in(
    admin: Browser, internet: Network, mail: Providers, google: AuthorisationServer
) -> None:
    begin(admin)
    path = f"/settings/mailboxes/{box().id}/connect"
    admin.post(path, data={**FORM, "in_password": "hush"})
    answer = admin.post(
        path, data={**FORM, "auth": "google", "google_client_id": CLIENT, "google_client_secret": SECRET}
    )
    assert answer.headers["Location"].endswith("?way=google")
    assert box().settings["auth"] == "password" and box().settings["oauth_client_id"] == CLIENT
    assert vault.unseal(box().settings["oauth_client_secret"]) == SECRET
    page = admin.get(answer.headers["Location"]).text
    assert re.search(r'value="google" checked', page) and SECRET not in page
    admin.post("/oauth/callback", data=signed_in(admin, box()))
    assert box().settings["auth"] == "google" and box().active


def test_without_a_registration_nobody_is_sent_anywhere(
    admin: Browser, internet: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(admin, "loja@gmail.com")
    path = f"/settings/mailboxes/{box('loja@gmail.com').id}"
    assert admin.get(f"{path}/sign-in/google").headers["Location"] == f"{path}/connect"
    assert admin.get(f"{path}/sign-in/evil").status_code == 404


def test_a_withdrawn_permission_shows_on_the_list_and_on_the_page(
    admin: Browser, internet: Network, mail: Providers, google: AuthorisationServer
) -> None:
    begin(admin, "loja@gmail.com")
    account = box("loja@gmail.com")
    admin.post("/oauth/callback", data=signed_in(admin, account))
    kept = db.session.get_one(Authorisation, account.id)
    kept.refresh_expires_at = db.now() + timedelta(days=3)
    db.session.commit()
    assert "sign in again soon" in admin.get("/settings/mailboxes").text
    assert "permission from Google ends" in admin.get(f"/settings/mailboxes/{account.id}").text
    db.session.get_one(Authorisation, account.id).state = "withdrawn"
    db.session.commit()
    page = admin.get(f"/settings/mailboxes/{account.id}").text
    assert (
        "Google no longer lets us in." in page and f"/settings/mailboxes/{account.id}/sign-in/google" in page
    )
    assert "failing" in admin.get("/settings/mailboxes").text


# ---------------------------------------------------------------------------------------- its page


def test_health_is_seen_on_the_list_and_on_the_page(admin: Browser, support: Account) -> None:
    mailboxes.set_fields(
        support, {"incoming": "imap", "in_host": "imap.barro.example", "smtp_host": "smtp.barro.example"}
    )
    connections.failing(support.id, "in", refusals.SILENT, "imap.barro.example:993")
    connections.ok(support.id, "out")
    connections.seen(support.id, "out")
    db.session.commit()
    listed = admin.get("/settings/mailboxes").text
    assert "failing" in listed and "imap.barro.example:993 does not answer" in listed
    page = admin.get(f"/settings/mailboxes/{support.id}").text
    assert "failing since" in page and "working" in page and "block outgoing mail ports" in page


def test_a_test_that_works_ends_the_failure(admin: Browser, support: Account, mail: Providers) -> None:
    mailboxes.set_fields(support, {"incoming": "imap", "smtp_host": "smtp.barro.example"})
    connections.failing(support.id, "in", refusals.SILENT, "x")
    db.session.commit()
    answer = admin.post(f"/settings/mailboxes/{support.id}/_checks")
    assert answer.status_code == 200 and "It answers." in answer.text
    assert connections.health(support).error is None
    mail.says = {"in": (Check(refusals.SILENT, False, "x"),), "out": WORKS["out"]}
    assert "does not answer" in admin.post(f"/settings/mailboxes/{support.id}/_checks").text


def test_an_address_has_a_name_a_team_and_a_signature_of_its_own(
    admin: Browser, support: Account, pottery: Team
) -> None:
    path = f"/settings/mailboxes/{support.id}"
    assert admin.post(f"{path}/addresses", data={"address": "Trocas@barro.example"}).status_code == 303
    row = db.session.query(AccountAddress).filter_by(address="trocas@barro.example").one()
    signature = (
        "<p>Barro &amp; <b>Linho</b><script>alert(1)</script>"
        ' <a href="javascript:x">x</a></p><img src=x onerror=y>'
    )
    change = {"name": "Trocas", "team": pottery.id, "signature": signature}
    assert admin.post(f"{path}/addresses/{row.id}", data=change).status_code == 303
    kept = now_of(row)
    assert (kept.name, kept.team_id) == ("Trocas", pottery.id)
    assert "<b>Linho</b>" in kept.signature and not re.search("script|onerror|javascript", kept.signature)
    plain = {**change, "signature": "Barro & Linho\nRecife"}
    admin.post(f"{path}/addresses/{row.id}", data=plain)
    assert now_of(row).signature == "Barro &amp; Linho<br>Recife"
    assert "trocas@barro.example" in admin.get(path).text


def test_an_address_is_removed_but_not_the_mailboxs_own(
    admin: Browser, support: Account, pottery_mailbox: Account
) -> None:
    path = f"/settings/mailboxes/{support.id}/addresses"
    own = support.addresses[0].id
    admin.post(path, data={"address": "trocas@barro.example"})
    alias = db.session.query(AccountAddress).filter_by(address="trocas@barro.example").one()
    assert admin.post(f"{path}/{own}", data={"remove": "1"}).status_code == 422
    assert admin.post(f"{path}/{alias.id}", data={"remove": "1"}).status_code == 303
    assert db.session.query(AccountAddress).filter_by(address="trocas@barro.example").count() == 0
    taken = admin.post(path, data={"address": "pottery@barro.example"})
    assert taken.status_code == 422 and "belongs to another mailbox" in taken.text
    theirs = pottery_mailbox.addresses[0].id
    assert admin.post(f"{path}/{theirs}", data={"name": "x", "team": "0"}).status_code == 404


def test_renaming_a_mailbox_keeps_its_former_address(admin: Browser, support: Account) -> None:
    form = {"name": "Barro", "address": "ola@barro.example", "team": "0", "active": "y"}
    assert admin.post(f"/settings/mailboxes/{support.id}", data={**form, **DRAWN}).status_code == 303
    assert {row.address for row in now_of(support).addresses} == {
        "ola@barro.example",
        "support@barro.example",
    }


DRAWN = {
    "auth": "password",
    "incoming": "none",
    "in_security": "tls",
    "in_after": "keep",
    "smtp_security": "starttls",
}


def test_a_number_may_be_none_where_none_is_meant_and_long_texts_keep_their_lines(
    admin: Browser, support: Account
) -> None:
    path = f"/settings/mailboxes/{support.id}"
    form = {"name": "Barro", "address": "support@barro.example", "team": "0", "active": "y", **DRAWN}
    text = "Olá!\r\n\r\nRecebemos sua mensagem. " + "x" * 600
    sent = {**form, "hourly_limit": "0", "in_port": "993", "acknowledge": "y", "acknowledge_pt": text}
    assert admin.post(path, data=sent).status_code == 303
    kept = now_of(support).settings
    assert kept["hourly_limit"] == 0 and kept["acknowledge_pt"] == text.replace("\r\n", "\n")
    for wrong in ({"in_port": "0"}, {"hourly_limit": "-1"}, {"smtp_port": "65536"}, {"hourly_limit": "many"}):
        assert admin.post(path, data={**form, **wrong}).status_code == 422


def test_a_dkim_key_is_made_here_and_only_its_record_is_shown(admin: Browser, support: Account) -> None:
    path = f"/settings/mailboxes/{support.id}"
    assert admin.post(f"{path}/dkim-key").status_code == 303
    kept = now_of(support).settings
    private = vault.unseal(kept["dkim_key"])
    assert private.startswith("-----BEGIN PRIVATE KEY-----") and kept["dkim_selector"] == "prosa"
    page = admin.get(path).text
    assert "prosa._domainkey.barro.example" in page and "v=DKIM1; k=rsa; p=" in page
    assert "PRIVATE KEY" not in page and private.split("\n")[1] not in page
    # the record of the former key goes on proving what was signed with it
    admin.post(f"{path}/dkim-key")
    assert now_of(support).settings["dkim_selector"] == "prosa2"
    assert vault.unseal(now_of(support).settings["dkim_key"]) != private


def test_the_server_that_checks_senders_is_suggested_when_mails_agree(
    admin: Browser, support: Account
) -> None:
    def came(results: str) -> None:
        headers = f"Authentication-Results: {results}\r\nReceived: x\r\nFrom: a@b.example\r\n"
        raw = f"{headers}\r\nHi {results}".encode()
        payload = Payload(account=support, sha256=files.put(raw), size=len(raw), state="parsed", reason="")
        db.session.add(payload)
        db.session.commit()

    path = f"/settings/mailboxes/{support.id}"
    came("mx.barro.example;\r\n dkim=pass")
    assert "mx.barro.example" not in admin.get(path).text, "one mail proves nothing"
    came("mx.barro.example 1; spf=pass")
    assert "checked by mx.barro.example" in admin.get(path).text
    mailboxes.set_fields(now_of(support), {"authserv_id": "mx.barro.example"})
    db.session.commit()
    assert "checked by" not in admin.get(path).text


# -------------------------------------------------------------------------------------- older mail


@pytest.fixture
def fetched(support: Account) -> Account:
    mailboxes.set_fields(support, {"incoming": "imap", "in_host": "imap.barro.example"})
    db.session.commit()
    return support


def test_older_mail_is_asked_for_watched_and_stopped(admin: Browser, fetched: Account) -> None:
    path = f"/settings/mailboxes/{fetched.id}"
    assert admin.post(f"{path}/imports", data={"folder": "Arquivo", "since": "2026-01-02"}).status_code == 303
    wanted = imports.of(fetched)[0]
    assert (
        wanted.folder == "Arquivo"
        and wanted.since
        and wanted.since.isoformat() == "2026-01-02T03:00:00+00:00"
    )
    wanted.state, wanted.done, wanted.total = "running", 250, 1000
    db.session.commit()
    fragment = admin.get(f"{path}/_imports").text
    assert "250 of 1000" in fragment and 'value="25"' in fragment and 'hx-trigger="every 2s"' in fragment
    stopped = admin.delete(f"{path}/imports/{wanted.id}")
    assert "stopped after 250" in stopped.text and "hx-trigger" not in stopped.text
    assert db.session.get_one(MailImport, wanted.id).state == "stopped"


def test_an_import_needs_a_folder_and_a_date_that_is_one(
    admin: Browser, fetched: Account, pottery_mailbox: Account
) -> None:
    path = f"/settings/mailboxes/{fetched.id}/imports"
    assert admin.post(path, data={"folder": ""}).status_code == 422
    assert admin.post(path, data={"folder": "INBOX", "since": "soon"}).status_code == 422
    admin.post(path, data={"folder": "INBOX"})
    ours = imports.of(fetched)[0].id
    assert admin.delete(f"/settings/mailboxes/{pottery_mailbox.id}/imports/{ours}").status_code == 404


def test_the_folders_to_choose_from_are_the_servers(
    admin: Browser, fetched: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        imap, "folders", lambda _config: [imap.FolderName("INBOX"), imap.FolderName("Arquivo <1>")]
    )
    fragment = admin.post(f"/settings/mailboxes/{fetched.id}/_folders").text
    assert '<option value="Arquivo &lt;1&gt;">' in fragment

    def silent(_config: Any) -> Any:
        raise channels.ConnectError(refusals.SILENT, "x")

    monkeypatch.setattr(imap, "folders", silent)
    assert (
        '<input class="input" id="import-folder"'
        in admin.post(f"/settings/mailboxes/{fetched.id}/_folders").text
    )
