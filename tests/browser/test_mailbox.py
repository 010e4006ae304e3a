"""Connecting a mailbox, in a browser, to a real Dovecot: by password, and by signing in elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.house import House, mail
from tests.mail.pictures import drawing
from tests.peers import dovecot
from tests.peers.dovecot import PASSWORD, Dovecot
from tests.peers.oauth import AuthorisationServer, let_in_by_token
from tests.peers.smtp import Peer

Problems = Callable[[Page], list[str]]

pytestmark = pytest.mark.skipif(not dovecot.BINARY, reason=dovecot.MISSING)


@pytest.fixture(scope="module")
def google() -> Iterator[AuthorisationServer]:
    with AuthorisationServer() as server:
        yield server


@pytest.fixture(scope="module")
def mail_server(google: AuthorisationServer) -> Iterator[Dovecot]:
    server = Dovecot()
    server.more = let_in_by_token(server.folder, google)
    with server:
        yield server


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, google: AuthorisationServer) -> Iterator[House]:
    registered = {f"PROSA__OAUTH__{name.upper()}": value for name, value in google.settings().items()}
    with House(tmp_path_factory.mktemp("house"), **registered) as made:
        yield made


def type_servers(page: Page, server: Dovecot, smtp: Peer | None) -> None:
    page.locator("[name=in_host]").fill("127.0.0.1")
    page.locator("[name=in_port]").fill(str(server.imap))
    page.locator("[name=in_security]").select_option("none")
    page.locator("[name=smtp_host]").fill("127.0.0.1" if smtp else "")
    page.locator("[name=smtp_port]").fill(str(smtp.port) if smtp else "587")
    page.locator("[name=smtp_security]").select_option("none")


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 390)])
def test_a_mailbox_is_connected_by_its_password(
    open_browser: Callable[..., Page],
    problems: Problems,
    mail_server: Dovecot,
    house: House,
    theme: str,
    width: int,
) -> None:
    address = f"ajuda{width}@barro.example"
    mail_server.deliver(mail(width), user=address)
    with Peer() as smtp:
        smtp.users = {address: PASSWORD}
        page = open_browser("/settings/mailboxes", theme=theme, width=width)
        assert problems(page) == []
        page.get_by_role("link", name="Connect a mailbox").click()
        expect(page.locator("[name=address]")).to_be_focused()
        assert problems(page) == []
        page.locator("[name=address]").fill(address)
        page.get_by_role("button", name="Continue").click()

        expect(page.locator(".notice")).to_contain_text(
            "servers", timeout=20_000
        )  # nobody knows barro.example
        type_servers(page, mail_server, smtp)
        page.locator("[name=in_password]").fill("wrong")
        page.get_by_role("button", name="Connect", exact=True).click()
        expect(page.locator("#checks")).to_contain_text("refused the user name or password", timeout=30_000)
        expect(page.locator("[name=in_password]")).to_have_value("")
        assert problems(page) == []

        page.locator("[name=in_password]").fill(PASSWORD)
        page.get_by_role("button", name="Connect", exact=True).click()
        expect(page.locator(".notice-ok")).to_contain_text("Connected", timeout=30_000)
        assert problems(page) == []
        page.get_by_role("button", name="Test again").click()
        expect(page.locator("#checks .way")).to_have_count(2, timeout=30_000)
        expect(page.locator("#checks .is-wrong")).to_have_count(0)
        expect(page.locator("#checks")).to_contain_text("The line is not encrypted")
        assert problems(page) == []

        for group in page.locator("details").all():
            group.locator("summary").first.click()
        expect(page.locator("#import-folder option")).to_have_count(2)  # INBOX and Sent, asked of the server
        assert problems(page) == []
        page.goto(house.url + "/settings/mailboxes")
        expect(page.locator("li", has_text=address)).to_contain_text("working")


def test_a_signature_is_written_as_it_will_look(open_browser: Callable[..., Page], house: House) -> None:
    page = open_browser("/settings/mailboxes/1")
    page.locator("#addresses + ul summary").first.click()
    page.locator(".rich").first.click()
    page.keyboard.type("Barro ")
    page.get_by_role("button", name="Bold").click()
    page.keyboard.type("Linho")
    expect(page.get_by_role("button", name="Bold")).to_have_attribute("aria-pressed", "true")
    logo = {"name": "logo.png", "mimeType": "image/png", "buffer": drawing(40, 30, "PNG")}
    page.locator("#addresses + ul input[type=file]").first.set_input_files(logo)
    expect(page.locator(".rich img").first).to_have_attribute("src", re.compile("^/files/.+/inline$"))
    page.locator("#addresses + ul").get_by_role("button", name="Save").click()
    expect(page.locator(".notice-ok")).to_be_visible()
    with house.rows() as rows:
        assert re.search(
            r'Barro(?: |&nbsp;)<b>Linho<img src="cid:[^"]+"[^>]*></b>',
            rows("SELECT signature FROM account_address ORDER BY id")[0][0],
        )
    page.locator("#addresses + ul summary").first.click()
    expect(page.locator(".rich b").first).to_have_text("Linho")
    expect(page.locator(".rich img").first).to_have_js_property("naturalWidth", 40)


def test_what_does_not_apply_is_not_shown(open_browser: Callable[..., Page]) -> None:
    page = open_browser("/settings/mailboxes/1")
    group = page.locator(".group").first
    group.locator("summary").click()
    expect(page.locator("[name=in_host]")).to_be_hidden()
    page.locator("[name=incoming]").select_option("imap")
    expect(page.locator("[name=in_host]")).to_be_visible()
    expect(page.locator("[name=in_move_to]")).to_be_hidden()
    page.locator("[name=in_after]").select_option("move")
    expect(page.locator("[name=in_move_to]")).to_be_visible()
    page.locator("[name=incoming]").select_option("pop3")
    expect(page.locator("[name=in_folders]")).to_be_hidden()


def test_a_mailbox_is_connected_by_signing_in_elsewhere(
    chromium: Browser, house: House, google: AuthorisationServer, mail_server: Dovecot, problems: Problems
) -> None:
    """There and back again, past the content security policy, which lets no form leave."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    context.add_cookies(house.cookies())
    page = context.new_page()
    page.goto(house.url + "/settings/mailboxes/new")
    page.locator("[name=address]").fill("loja@gmail.com")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(".found-title")).to_have_text("Google")
    expect(page.locator("#auth-google")).to_be_checked()
    assert problems(page) == []

    page.get_by_text("Change the servers").click()
    type_servers(page, mail_server, None)
    page.locator("#auth-password").check()
    page.locator("[name=in_password]").fill("wrong")
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.locator("#checks")).to_contain_text("refused the user name or password", timeout=30_000)
    page.locator("#auth-google").check()
    page.get_by_role("link", name="Sign in with Google").click()
    expect(page.locator(".notice-ok")).to_contain_text("Connected", timeout=30_000)
    assert problems(page) == []

    google.revoke()
    with house.rows() as rows:
        account = rows("SELECT id FROM account WHERE address = 'loja@gmail.com'")[0][0]
    page.goto(f"{house.url}/settings/mailboxes/{account}")
    page.get_by_role("button", name="Test again").click()
    expect(page.locator("#checks")).to_contain_text("sign in again", timeout=30_000)
    context.close()
