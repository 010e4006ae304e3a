"""Every page for everybody: axe in both themes, wide and narrow; and no English left in Portuguese."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page

from tests.house import House, mail, wait_for

PAGES = (
    "/views/mine",
    "/views/open",
    "/views/resolved",
    "/views/open/tickets/1",
    "/views/open/tickets/2",
    "/search",
    "/search?q=cracked",
    "/search?q=nothinglikethis",
    "/new",
    "/new?to=otavio@brandao.example",
    "/attention",
    "/preview",
    "/figures",
    "/figures?period=7&by=agent",
    "/figures/tickets?metric=opened",
    "/figures?team=x",
    "/settings/me",
    "/settings/ratings",
    "/settings/people",
    "/settings/teams",
    "/settings/mailboxes",
    "/settings/mailboxes/1",
    "/settings/company",
    "/settings/topics",
    "/settings/tags",
    "/settings/audit",
    "/settings/audit?since=x",
    "/no/such/page",
)
HTML = (
    b"From: Otavio <otavio@brandao.example>\r\nTo: support@barro.example\r\nSubject: Parado\r\n"
    b"Message-ID: <h@x>\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
    b"<p>Quatro dias <b>parado</b></p><img src='https://tracker.example/x.png'><script>alert(1)</script>"
)


@pytest.fixture(scope="module", autouse=True)
def lived_in(house: House) -> Iterator[None]:
    """A little of everything."""
    house.deliver(mail(1, text="Uma das xicaras veio trincada.\n\n> mensagem anterior\n> de antes"), HTML)
    house.deliver(b"Subject: nobody wrote this\r\n\r\nx")
    wait_for(lambda: house.count("SELECT count(*) FROM ticket") == 2, 20, house.said)
    wait_for(lambda: house.count("SELECT count(*) FROM payload WHERE state = 'failed'") == 1, 20, house.said)
    house.ask("POST", "/tickets/1/notes", html="<p>Tem tres.</p>", key="n")
    house.ask("POST", "/tickets/1/replies", html="<p>Ja vai.</p>", key="r")
    for method, what, form in (
        ("PUT", "priority", {"priority": "high"}),
        ("POST", "tags", {"name": "troca"}),
        ("PUT", "assignee", {"agent_id": "me"}),
        ("PUT", "status", {"status": "pending"}),
        ("PUT", "status", {"status": "on_hold"}),
    ):
        assert house.ask(method, f"/tickets/1/{what}", **form).status_code == 200
    wait_for(
        lambda: house.count("SELECT count(*) FROM message WHERE state = 'sent' AND author_id > 0") == 1,
        20,
        house.said,
    )
    yield


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_axe_finds_nothing_on_any_page(
    house: House,
    open_browser: Callable[..., Page],
    problems: Callable[[Page], list[str]],
    theme: str,
    width: int,
) -> None:
    page = open_browser("/views/mine", theme=theme, width=width)
    found: dict[str, list[str]] = {}
    for path in PAGES:
        page.goto(house.url + path)
        page.wait_for_timeout(250)
        if wrong := problems(page):
            found[path] = wrong
    assert not found


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_what_opens(
    house: House, open_browser: Callable[..., Page], problems: Callable[[Page], list[str]], theme: str
) -> None:
    page = open_browser("/views/open/tickets/1", theme=theme)
    page.wait_for_timeout(500)
    for key in ("Control+k", "?", "s", "a", "p", "t", "r", "n", "f"):
        page.keyboard.press(key)
        page.wait_for_timeout(400)
        assert problems(page) == [], key
        page.keyboard.press("Escape")
        page.wait_for_timeout(150)


def test_axe_finds_nothing_at_the_door(
    house: House, open_browser: Callable[..., Page], problems: Callable[[Page], list[str]]
) -> None:
    page = open_browser("/login", signed_in=False)
    assert problems(page) == []
    page.get_by_role("button").last.click()
    page.wait_for_timeout(300)
    assert problems(page) == []


ENGLISH = re.compile(
    r"\b(the|and|with|your|you|open|resolved|reply|note|send|search|settings|team|customer|nobody|unassigned|"
    r"mine|"
    r"everybody|save|people|password|language|address|messages?|conversations?|assigned|priority|high|pending|"
    r"needs|attention|preview|sign|company|mailbox(es)?|undo|retry|waiting|on hold|yesterday|"
    r"today|keys|move|all)\b",
    re.IGNORECASE,
)
OURS_ANYWAY = re.compile(
    r"(?:support|queiroz|barro|brandao)\S*|Cracked cup \S+|nobody wrote this|"
    r"E-mail|Reply-To|Ada Prado|Prosa|Barro & Linho"
)


def test_in_portuguese_there_is_no_english_on_any_page(
    house: House, open_browser: Callable[..., Page]
) -> None:
    def speak(language: str) -> None:
        answer = house.ask(
            "POST",
            "/settings/me",
            name="Ada Prado",
            language=language,
            zone="America/Recife",
            single_keys="y",
        )
        assert answer.status_code == 200

    speak("pt-BR")
    try:
        page = open_browser("/views/mine")
        left: dict[str, set[str]] = {}
        for path in PAGES:
            page.goto(house.url + path)
            page.wait_for_timeout(200)
            assert page.evaluate("document.documentElement.lang") == "pt-BR"
            # what a person sees, hears or points at
            text = page.evaluate(
                """() => {
                  const named = ['aria-label', 'title', 'placeholder', 'alt'];
                  const all = [...document.querySelectorAll('*')];
                  const names = all.flatMap(e => named.map(a => e.getAttribute(a) || ''));
                  return [document.title, document.body.innerText, ...names].join('\\n');
                }"""
            )
            english = {line.strip() for line in text.split("\n") if ENGLISH.search(OURS_ANYWAY.sub("", line))}
            if english:
                left[path] = english
        assert not left
        page.goto(f"{house.url}/views/open/tickets/1")
        page.wait_for_timeout(300)
        for key in ("Control+k", "?", "s", "p"):
            page.keyboard.press(key)
            page.wait_for_timeout(400)
            shown = page.evaluate("document.body.innerText")
            assert not [li for li in shown.split("\n") if ENGLISH.search(OURS_ANYWAY.sub("", li))], key
            page.keyboard.press("Escape")
    finally:
        speak("en")


def test_hostile_mail_runs_nothing_and_asks_nobody(house: House, open_browser: Callable[..., Page]) -> None:
    """``open_browser`` fails if a script throws, the policy is broken or anything but the house is asked."""
    page = open_browser("/views/open/tickets/2")
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    frame = page.frame_locator("#turns iframe").first
    frame.locator("text=parado").wait_for()
    page.wait_for_timeout(500)
    assert not dialogs
