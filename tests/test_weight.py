"""What a page weighs on the way: packed for who can read it, and kept where it never changes."""

from __future__ import annotations

import gzip
import json
import re

import pytest

from inbox.models import Agent
from inbox.web import assets
from tests.clients import Browser, ClientFor
from tests.house import BUILT
from tests.people import MailFrom

GZIP = {"Accept-Encoding": "gzip, deflate, br"}
built = pytest.mark.skipif(not BUILT, reason="the front end is not built: make build")


def test_a_page_comes_packed_to_who_can_read_it(
    grace: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    ticket, client = mail_from(), client_for(grace)
    for path in ("/views/open", f"/tickets/{ticket.id}/_pane"):
        packed, plain = client.get(path, headers=GZIP), client.get(path)
        assert packed.headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain.headers
        for answer in (packed, plain):
            assert "Accept-Encoding" in answer.headers["Vary"] and "Cookie" in answer.headers["Vary"]
        page = gzip.decompress(packed.data).decode()
        assert "Cracked cup" in page and len(packed.data) == int(packed.headers["Content-Length"])
        assert len(packed.data) < len(plain.data) / 2


def test_what_is_short_or_refused_to_be_packed_comes_as_it_is(
    grace: Agent, visitor: Browser, client_for: ClientFor
) -> None:
    assert "Content-Encoding" not in visitor.get("/healthz", headers=GZIP).headers
    refused = visitor.get("/login", headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in refused.headers


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_learns_nothing_from_the_length_of_a_page(
    site: str, grace: Agent, client_for: ClientFor
) -> None:
    """A page that repeats what an attacker's link says would be shorter where it says the token (BREACH)."""
    client = client_for(grace)
    sent = {**GZIP, "Sec-Fetch-Site": site}
    answer = client.get("/search?q=csrf", headers=sent)
    assert answer.status_code == 200 and "Content-Encoding" not in answer.headers
    again = client.get("/search?q=csrf", headers={**GZIP, "Sec-Fetch-Site": "same-origin"})
    assert again.headers["Content-Encoding"] == "gzip"


@built
@pytest.mark.parametrize("name", ["app.js", "app.css", "icons.svg"])
def test_what_is_built_is_packed_once_and_kept_for_ever(name: str, visitor: Browser) -> None:
    names = json.loads(assets.MANIFEST.read_text())
    path = f"/static/build/{names[name]}"
    plain = visitor.get(path, buffered=True)
    for accepted, coding in (("gzip, br", "br"), ("gzip", "gzip"), ("identity", None)):
        answer = visitor.get(path, headers={"Accept-Encoding": accepted}, buffered=True)
        assert answer.headers.get("Content-Encoding") == coding
        assert answer.headers["Cache-Control"] == assets.FOR_EVER
        assert answer.headers["Content-Type"] == plain.headers["Content-Type"]
        assert "Accept-Encoding" in answer.headers["Vary"]
        if coding == "gzip":
            assert gzip.decompress(answer.data) == plain.data
        assert coding is None or len(answer.data) < len(plain.data) / 2


@built
def test_every_page_names_its_files_by_their_content(visitor: Browser) -> None:
    page = visitor.get("/login").text
    for path in re.findall(r'(?:href|src)="(/static/[^"#]+)', page):
        assert re.search(r"\.[0-9A-Za-z]{8,}\.\w+$", path), path
        with visitor.get(path) as answer:
            assert answer.status_code == 200 and "immutable" in answer.headers["Cache-Control"], path
