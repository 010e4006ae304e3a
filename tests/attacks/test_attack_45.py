"""Attack 45: being led elsewhere by an address of ours, and pages of ours in a frame of somebody else's."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from flask import Flask

from inbox.mail import clean
from inbox.models import Agent
from inbox.web.addresses import local_path
from tests.clients import PASSWORD, Browser, ClientFor
from tests.people import MailFrom
from tests.test_access_matrix import MATRIX, World, ask, rules, world

assert world  # a fixture

FRAMES = ("messages.frame", "preview.frame_memo")
"""Letters, each in a frame of a page of ours."""

pytestmark = pytest.mark.slow

EVIL = "evil.example"
ELSEWHERE = (
    "//evil.example", "///evil.example", "////evil.example", "/\\evil.example", "\\\\evil.example",
    "\\/evil.example", "/\\/evil.example", "https://evil.example", "HTTPS://evil.example",
    "https:evil.example", "https:/evil.example", "javascript:alert(1)", "JaVaScRiPt:alert(1)//evil.example",
    "data:text/html,evil.example", " //evil.example", "\t//evil.example", "/\t/evil.example",
    "/\n/evil.example", "/%09/evil.example", "http://localhost@evil.example", "//localhost@evil.example",
    "http://localhost.evil.example", "/.//evil.example", "/..//evil.example", "/views/open//evil.example",
    "/%2f/evil.example", "/%5cevil.example", "//evil%E3%80%82example", "〱evil.example", "/;@evil.example",
    "?next=//evil.example", "evil.example", ".evil.example", "//[::1]:evil.example", "/\x00/evil.example",
)  # fmt: skip
NAMES = ("next", "url", "to", "redirect", "return", "return_to", "back", "continue", "target", "goto", "r")


def assert_stays(where: str | None, what: object) -> None:
    """A browser that is told to go there stays with us."""
    if where is None:
        return
    cleaned = where.replace("\t", "").replace("\r", "").replace("\n", "").strip().replace("\\", "/")
    parts = urlsplit(cleaned)
    assert parts.netloc in ("", "localhost") and parts.scheme in ("", "http"), (what, where)
    assert not cleaned.startswith("//"), (what, where)


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_attack_45_signing_in_leads_to_a_page_of_ours(wanted: str, known: Agent, visitor: Browser) -> None:
    if "\0" not in wanted:
        page = visitor.get("/login", query_string={"next": wanted})
        assert page.status_code == 200 and f'action="{wanted}"' not in page.text
        form = {"email": "grace@barro.example", "password": PASSWORD, "next": wanted}
        answer = visitor.post("/login", data=form)
        assert answer.status_code == 303
        assert_stays(answer.headers["Location"], wanted)
    assert local_path(wanted) == "" or not local_path(wanted).startswith("//")


@pytest.mark.parametrize("shown", ELSEWHERE)
def test_attack_45_htmx_is_sent_to_the_door_and_nowhere_else(shown: str, visitor: Browser) -> None:
    if any(ord(c) < 32 or ord(c) > 126 for c in shown):
        return  # no header carries it
    for current in (shown, f"http://localhost{shown}", f"https://{EVIL}/views/open"):
        sent = {"HX-Request": "true", "HX-Current-URL": current}
        answer = visitor.get("/views/open/_rows", headers=sent)
        assert answer.status_code == 401
        where = answer.headers["HX-Redirect"]
        assert where.startswith("/login") and "//" not in where and "evil.example/" not in where


def test_attack_45_no_address_of_ours_leads_away(
    app: Flask, world: World, ada: Agent, client_for: ClientFor
) -> None:
    """Every route, with every name that such a wish usually has."""
    client = client_for(ada)
    wishes = dict.fromkeys(NAMES, f"https://{EVIL}/x")
    for rule, method in rules(app):
        if rule.endpoint in ("login.sign_out", "permission.ask"):
            continue  # that one leads to Google or Microsoft, whose addresses are ours to name
        given = MATRIX[rule.endpoint][1]
        values = {name: v[1:] if v.startswith("=") else world.values[v] for name, v in given.items()}
        path = app.url_map.bind("localhost").build(rule.endpoint, values, method)
        headers = {"Referer": f"https://{EVIL}/x", "X-Forwarded-Host": EVIL, "X-Original-URL": f"//{EVIL}/"}
        body = None if method == "GET" else wishes
        with client.open(
            path, method=method, query_string=wishes, data=body, headers=headers, buffered=True
        ) as answer:
            for name in (
                "Location",
                "HX-Redirect",
                "HX-Location",
                "HX-Push-Url",
                "HX-Replace-Url",
                "Refresh",
                "Content-Location",
            ):
                assert EVIL not in answer.headers.get(name, ""), (method, rule.rule, name)
                assert_stays(answer.headers.get(name), rule.rule)
            assert "HX-Trigger" not in answer.headers or EVIL not in answer.headers["HX-Trigger"]


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "///evil.example/%2e%2e",
        "/%2f%2fevil.example",
        "//evil.example//views/open",
        "/views//open",
    ],
)
def test_attack_45_doubled_slashes_lead_nowhere_else(path: str, visitor: Browser) -> None:
    for method in ("GET", "POST"):
        answer = visitor.open("/", method=method, csrf=False, environ_overrides={"PATH_INFO": path})
        assert_stays(answer.headers.get("Location"), path)


def test_attack_45_no_page_can_be_framed_elsewhere(
    app: Flask, world: World, ada: Agent, client_for: ClientFor
) -> None:
    client = client_for(ada)
    for rule, method in rules(app):
        if rule.endpoint == "login.sign_out":
            continue
        answer = ask(app, client, rule, method, world)
        policy = answer.headers["Content-Security-Policy"]
        ancestors = [one.strip() for one in policy.split(";") if one.strip().startswith("frame-ancestors")]
        inside = rule.endpoint in FRAMES and answer.status_code == 200
        assert ancestors == ["frame-ancestors 'self'" if inside else "frame-ancestors 'none'"], rule.rule
        assert inside or answer.headers["X-Frame-Options"] == "DENY", rule.rule


def test_attack_45_a_letters_links_say_where_they_lead(
    ada: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    """Ours to say: somebody else's page opens beside ours, without a way back to it."""
    plain = mail_from.message(text=f"Click https://{EVIL}/login")
    drawn = mail_from.message(html=clean(f'<a href="https://{EVIL}/login">our bank</a>'))
    client = client_for(ada)
    for path in (f"/messages/{plain.id}/_message", f"/messages/{drawn.id}/frame"):
        links = re.findall(rf"<a [^>]*https://{EVIL}/login[^>]*>", client.get(path).text)
        assert links and all("noopener" in link and 'target="_blank"' in link for link in links), path
