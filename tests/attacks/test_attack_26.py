"""Attack 26: paper. A letter that names files of this machine or addresses elsewhere prints as words; nothing
is fetched to print it, neither by us nor by the browser.
"""

from __future__ import annotations

import builtins
import re
import socket

import pytest

from inbox import db, fetch, files
from inbox.mail import clean
from inbox.models import Agent, Attachment
from inbox.web import headers
from tests.clients import ClientFor
from tests.mail.pictures import drawing
from tests.people import MailFrom

SOURCES = (
    "file:///etc/passwd", "FILE:///etc/passwd", "//evil.example/x", "http://evil.example/x", "http://127.0.0.1/x",
    "http://169.254.169.254/latest/meta-data", "ftp://evil.example/x", "gopher://evil.example", "jar:file:///x",
    "/etc/passwd", "../../config.toml", "/settings/company", "blob:x", "view-source:file:///etc/passwd",
    "filesystem:http://x", "data:text/html,<script>x</script>", "data:image/svg+xml;base64,PHN2Zz4=",
)  # fmt: skip
EVIL = "".join(
    f'<img src="{source}"><iframe src="{source}"></iframe><object data="{source}"></object>'
    f'<link rel=stylesheet href="{source}"><p style="background:url({source})">words</p>'
    f'<embed src="{source}"><img srcset="{source} 2x">'
    f'<style>@import "{source}"; p {{ background: url({source}) }}</style><base href="{source}">'
    f'<annotation file="{source}"/><video src="{source}"></video><table background="{source}"></table>'
    for source in SOURCES
)
LOADING = re.compile(
    r"<(?:img|link|script|iframe|object|embed|video|source|base)\b[^>]*?(?:src|href|data)=\"([^\"]*)\""
)


def test_attack_26_paper_holds_only_our_own_styles_and_the_letters_own_pictures(
    ada: Agent, mail_from: MailFrom, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[object] = []
    monkeypatch.setattr(fetch, "get", lambda *asked, **_how: fetched.append(asked))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *asked, **_how: fetched.append(asked))
    message = mail_from.message(html=clean('<img src="cid:photo@x">' + EVIL), text="words")
    picture = drawing(4, 4, "PNG")
    message.attachments.append(
        Attachment(
            filename="a.png", content_type="image/png", size=1, sha256=files.put(picture), inline=True,
            content_id="photo@x",
        )
    )  # fmt: skip
    db.session.commit()
    opened: list[str] = []
    real = builtins.open

    def note(name: object, *how: object, **more: object) -> object:
        opened.append(str(name))
        return real(name, *how, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(builtins, "open", note)
    client = client_for(ada)
    for path in (f"/tickets/{message.ticket_id}/print?notes=1", f"/messages/{message.id}/print"):
        page = client.get(path)
        assert page.status_code == 200 and "words" in page.text
        loaded = LOADING.findall(page.text)
        assert f"/files/{message.attachments[0].token}/inline" in loaded, "its own picture is there"
        assert all(one.startswith(("/static/", "/files/")) for one in loaded), loaded
        assert not re.search(r"file:/|evil\.example/|169\.254|url\(|@import", page.text), path
        assert page.headers["Content-Security-Policy"] == headers.PAPER
    assert not [name for name in opened if "passwd" in name or "config.toml" in name] and fetched == []
