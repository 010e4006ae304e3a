"""Attack 23: files that would run, or seem to be something else, by what is in them or by their names."""

from __future__ import annotations

import re
from email.message import EmailMessage
from urllib.parse import unquote

import pytest
from sqlalchemy import select

from inbox import db, downloads, files, intake, macros
from inbox.models import Account, Agent, Attachment, Message
from inbox.web import headers
from tests.clients import Browser, ClientFor
from tests.people import MailFrom

pytestmark = pytest.mark.slow

PAGE = b"<!doctype html><script>alert(document.domain)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
XML = b'<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="#x"?><html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>'
PDF = b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj"
POLYGLOT = b"GIF89a/*" + PAGE + b"*/=1;alert(1)"

CONTENTS = [
    ("evil.html", "text/html", PAGE),
    ("evil.svg", "image/svg+xml", SVG),
    ("evil.xml", "application/xml", XML),
    ("evil.xhtml", "application/xhtml+xml", XML),
    ("evil.mhtml", "multipart/related", PAGE),
    ("evil.js", "text/javascript", b"alert(1)"),
    ("evil.pdf", "application/pdf", PDF),
    ("evil.png", "image/png", PAGE),
    ("evil.gif", "text/html", POLYGLOT),
    ("evil.txt", "text/plain; charset=utf-7", b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-"),
    ("evil", "text/html\r\nX-Evil: 1", PAGE),
]
NAMES = [
    "invoice.pdf.html",
    "photo.jpg.exe",
    "gpj.\u202eexe",
    "a\u200b.htaccess",
    ".htaccess",
    "../../../etc/passwd",
    "..\\..\\windows\\x.bat",
    "/etc/passwd",
    "C:\\autoexec.bat",
    "a" * 300 + ".html",
    "\u00e9" * 300,
    "nul\0byte.html",
    "line\r\nX-Evil: 1\r\n\r\n<script>",
    'quote".html"; filename=evil.exe',
    "semi;colon=.html",
    "%2e%2e%2fpasswd",
    "\ud800.html",
    " ",
    "...",
    "CON",
    "\U0001f4a9.html",
    "e\u0301" * 90 + ".svg",
]


def attached(message: Message, name: str, kind: str, content: bytes, **more: object) -> Attachment:
    storable = name.replace("\0", "").encode("utf-8", "replace").decode()[:255]  # no database keeps the rest
    file = Attachment(
        message_id=message.id, filename=storable, content_type=kind[:255], size=len(content),
        sha256=files.put(content), **more,
    )  # fmt: skip
    db.session.add(file)
    db.session.commit()
    return file


def assert_boxed(answer: object, where: str) -> None:
    sent = answer.headers  # type: ignore[attr-defined]
    assert answer.status_code == 200, where  # type: ignore[attr-defined]
    assert sent["Content-Disposition"].startswith("attachment"), where
    assert sent["Content-Security-Policy"] == headers.FILE and "sandbox" in headers.FILE
    assert sent["X-Content-Type-Options"] == "nosniff" and "X-Evil" not in sent
    assert sent["Cache-Control"] == "no-store" and sent["Cross-Origin-Resource-Policy"] == "same-origin"
    assert not re.search(r"html|xml|svg|script|multipart", sent["Content-Type"]), (
        where,
        sent["Content-Type"],
    )
    assert "utf-7" not in sent["Content-Type"].lower()


@pytest.mark.parametrize(("name", "kind", "content"), CONTENTS, ids=[name for name, *_rest in CONTENTS])
def test_attack_23_whatever_a_file_is_it_is_kept_and_never_opened(
    name: str,
    kind: str,
    content: bytes,
    ada: Agent,
    mail_from: MailFrom,
    client_for: ClientFor,
    visitor: Browser,
) -> None:
    file = attached(mail_from.message(), name, kind, content, linked_until=downloads.ends())
    assert file.linked_until
    client = client_for(ada)
    assert_boxed(client.get(f"/files/{file.token}/{name}"), name)
    assert_boxed(visitor.get(f"/f/{downloads.token(file, file.linked_until)}/download"), name)
    inline = client.get(f"/files/{file.token}/inline")
    if inline.status_code == 200:  # a picture by its first bytes: then that is all it is said to be
        assert inline.headers["Content-Type"] == "image/gif" and inline.headers["X-Content-Type-Options"]
        assert inline.headers["Content-Security-Policy"] == headers.FILE
    else:
        assert inline.status_code == 404


@pytest.mark.parametrize("name", NAMES, ids=[ascii(name)[:24] for name in NAMES])
def test_attack_23_a_name_is_a_name_and_reads_as_what_it_is(
    name: str, ada: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    file = attached(mail_from.message(), name, "text/html", PAGE)
    answer = client_for(ada).get(f"/files/{file.token}/x")
    assert_boxed(answer, name)
    said = answer.headers["Content-Disposition"]
    assert len(answer.headers.getlist("Content-Disposition")) == 1 and len(said) < 3_000
    kept = unquote(said.partition("*=UTF-8''")[2]) or said.partition("filename=")[2].strip('"')
    assert kept and "/" not in kept and "\\" not in kept and not kept.startswith(".")
    assert len(kept) <= 200 and not re.search("[\0-\x1f\x7f\u200b\u202e]", kept)
    assert "\n" not in said and "\r" not in said


def test_attack_23_a_mail_with_such_names_is_kept_under_none_of_them(
    support: Account, ada: Agent, client_for: ClientFor
) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Eve <eve@evil.example>", "support@barro.example", "files"
    mail.set_content("Look at these")
    for name in NAMES:
        plain = name.replace("\r", "").replace("\n", "").encode("utf-8", "replace").decode()
        mail.add_attachment(PAGE, maintype="text", subtype="html", filename=plain)
    [payload_id] = intake.accept_mail(mail.as_bytes(), ["support@barro.example"])
    intake.read_now(payload_id)
    found = db.session.scalars(select(Attachment)).all()
    assert len(found) == len(NAMES)
    for file in found:
        assert re.fullmatch(r"[0-9a-f]{64}", file.sha256) and len(file.token) >= 32
        assert "/" not in file.filename and "\\" not in file.filename and len(file.filename) <= 200
    pane = client_for(ada).get(f"/tickets/{found[0].message.ticket_id}/_pane").text  # type: ignore[union-attr]
    assert "\u202e" not in pane and "<script>alert" not in pane


def test_attack_23_a_file_that_a_colleague_brings_is_no_other(ada: Agent, client_for: ClientFor) -> None:
    facts = {"owner_id": None, "team_id": None, "texts": {"en": "<p>Hi</p>"}, "actions": []}
    macro = macros.add(ada, name="Evil", **facts)  # type: ignore[arg-type]
    file = macros.attach(macro, "gpj.\u202eexe.html", "text/html", PAGE)
    db.session.commit()
    assert_boxed(client_for(ada).get(f"/settings/macros/{macro.id}/files/{file.token}"), "macro")


def test_attack_23_raw_mail_is_no_page_either(ada: Agent, mail_from: MailFrom, client_for: ClientFor) -> None:
    """Some browsers open `message/rfc822` as the page that is in it."""
    message = mail_from.message()
    message.raw_sha256 = files.put(b"Content-Type: text/html\r\n\r\n" + PAGE)
    db.session.commit()
    assert_boxed(client_for(ada).get(f"/messages/{message.id}/raw"), "raw")
