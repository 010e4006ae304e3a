"""Letters as they come, read and answered: wide and dark ones, pictures, copies, dropped files."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from email.message import EmailMessage

from playwright.sync_api import Page, Route, expect

from tests.house import House, mail, wait_for

Open = Callable[..., Page]

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
NEWSLETTER = """<table width="100%" bgcolor="#f2f2f2"><tr><td align="center">
<table width="600" bgcolor="#ffffff"><tr><td style="color:#333333"><h1 style="color:#b5452c">Doze</h1>{rows}
<img src="https://pictures.example/hero.png" width="552" height="180" alt="Mesa posta"></td></tr></table>
</td></tr></table>"""


def letter(
    house: House,
    subject: str,
    text: str = "Oi",
    html: str = "",
    files: tuple[tuple[str, bytes], ...] = (),
    **headers: str,
) -> int:
    """Deliver one and return the number of its ticket."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "Rui <rui@figueira.example>", "support@barro.example", subject
    made["Message-ID"] = f"<{time.time_ns()}@figueira.example>"
    for name, value in headers.items():
        made[name] = value
    made.set_content(text)
    if html:
        made.add_alternative(html, subtype="html")
    for name, content in files:
        made.add_attachment(content, maintype="image", subtype="png", filename=name)
    house.deliver(made.as_bytes())

    def found() -> int:
        with house.rows() as rows:
            tickets = rows("SELECT id FROM ticket WHERE subject = :s", s=subject)
        return int(tickets[0][0]) if tickets else 0

    return wait_for(found, 20, house.said)


def test_a_wide_letter_fits_and_is_read_from_its_beginning(house: House, open_browser: Open) -> None:
    wide = NEWSLETTER.format(rows="<p>linha</p>" * 60)
    ticket = letter(house, "Newsletter", html=wide)
    for width in (1440, 390):
        page = open_browser(f"/views/open/tickets/{ticket}", width=width)
        frame = page.frame_locator("#turns iframe").first
        expect(frame.locator("h1")).to_be_in_viewport()
        page.wait_for_timeout(400)
        expect(frame.locator("h1")).to_be_in_viewport()
        over = frame.locator("body > .scroll").evaluate("box => box.scrollWidth - box.clientWidth")
        assert over <= 1, width
        inside = frame.locator("body").evaluate(
            "body => body.scrollHeight - body.ownerDocument.defaultView.innerHeight"
        )
        assert inside <= 2, width


def test_a_table_of_figures_keeps_its_size_and_scrolls(house: House, open_browser: Open) -> None:
    cells = "".join(f"<td nowrap>a rather long figure {n}</td>" for n in range(12))
    ticket = letter(house, "Figures", html=f"<p>Look:</p><table>{f'<tr>{cells}</tr>' * 5}</table>")
    page = open_browser(f"/views/open/tickets/{ticket}")
    frame = page.frame_locator("#turns iframe").first
    expect(frame.locator("table")).to_have_class("is-wide")
    assert frame.locator("body > .scroll").evaluate("box => box.style.zoom") == ""


def test_black_ink_is_readable_on_dark_paper(house: House, open_browser: Open) -> None:
    ticket = letter(
        house, "Black ink", html='<div style="color:#000000"><p style="color:black">Tudo em preto</p></div>'
    )
    page = open_browser(f"/views/open/tickets/{ticket}", theme="dark")
    words = page.frame_locator("#turns iframe").first.get_by_text("Tudo em preto")
    expect(words).to_have_css("color", page.evaluate("getComputedStyle(document.body).color"))
    page.locator("[data-set-theme='']").first.click()
    expect(words).to_have_css("color", "rgb(0, 0, 0)")


def test_remote_pictures_come_only_when_asked_for(house: House, open_browser: Open) -> None:
    ticket = letter(house, "Remote", html=NEWSLETTER.format(rows=""))
    page = open_browser("/views/mine")
    asked: list[str] = []
    # shown as data, for `open_browser` fails on any request to somebody else
    page.on("request", lambda request: asked.append(request.url) if "images=1" in request.url else None)
    page.goto(f"{house.url}/views/open/tickets/{ticket}")
    bar = page.locator(".pictures")
    expect(bar).to_be_visible()
    image = page.frame_locator("#turns iframe").first.locator("img")
    expect(image).not_to_have_attribute("src", "https://pictures.example/hero.png")
    assert not asked
    # the answer is drawn without loading the picture itself
    page.route(
        "**/frame?images=1", lambda route: route.fulfill(content_type="text/html", body="<p>with them</p>")
    )
    bar.get_by_role("button").click()
    expect(page.frame_locator("#turns iframe").first.locator("body")).to_contain_text("with them")
    expect(bar).to_be_hidden()
    assert asked
    assert page.evaluate("document.activeElement.id") == "subject"


def test_attached_pictures_are_looked_at_in_place(house: House, open_browser: Open) -> None:
    files = (("one.png", PIXEL), ("two.png", PIXEL), ("broken.png", b"not a picture"))
    ticket = letter(house, "Pictures", files=files)
    page = open_browser(f"/views/open/tickets/{ticket}")
    expect(page.locator("a[data-look]")).to_have_count(2)  # what is no picture is a file like any other
    page.locator("a[data-look]").first.click()
    box = page.locator("#picture")
    expect(box).to_contain_text("one.png")
    page.keyboard.press("ArrowRight")
    expect(box).to_contain_text("two.png")
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    expect(page.locator("a[data-look]").nth(1)).to_be_focused()


def test_an_answer_goes_to_everybody_the_customer_wrote_to(house: House, open_browser: Open) -> None:
    ticket = letter(house, "Copies", Cc="Rita <rita@figueira.example>, support@barro.example")
    page = open_browser(f"/views/open/tickets/{ticket}")
    page.wait_for_timeout(500)
    page.locator(".chip-offer", has_text="rita@figueira.example").click()  # nobody vouches for the sender
    page.keyboard.press("r")
    page.keyboard.type("To both of you")
    page.keyboard.press("Control+Enter")
    sent = page.locator("#turns article[data-kind=reply]", has_text="To both of you")
    expect(sent).to_contain_text("rita@figueira.example")
    sent.get_by_role("button", name="Undo").click()
    expect(page.locator("#draft")).to_contain_text("To both of you")
    expect(page.locator(".for-reply .to-short")).to_contain_text("Cc 1")


def test_deleting_everything_leaves_no_empty_list(house: House, open_browser: Open) -> None:
    ticket = letter(house, "List")
    page = open_browser(f"/views/open/tickets/{ticket}")
    page.wait_for_timeout(500)
    page.keyboard.press("r")
    page.locator("[data-format=UL]").click()
    page.keyboard.type("one")
    page.keyboard.press("Enter")
    page.keyboard.type("two")
    expect(page.locator("#draft li")).to_have_count(2)
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    expect(page.locator("#draft li")).to_have_count(0)
    expect(page.locator("#draft")).to_be_focused()
    page.keyboard.press("Control+z")  # the empty list again
    page.keyboard.press("Control+z")
    expect(page.locator("#draft")).to_contain_text("two")


def test_files_are_dropped_anywhere_on_the_conversation_and_never_lose_the_page(
    house: House, open_browser: Open
) -> None:
    ticket = letter(house, "Drop")
    page = open_browser(f"/views/open/tickets/{ticket}")
    page.wait_for_timeout(500)
    drop = """([where, name, size]) => {
      const files = new DataTransfer();
      files.items.add(new File([new Uint8Array(size)], name));
      const event = new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer: files });
      document.querySelector(where).dispatchEvent(event);
      return event.defaultPrevented;
    }"""
    assert page.evaluate(drop, ["#turns", "label.txt", 20])
    expect(page.locator("[data-files=reply]")).to_contain_text("label.txt")
    assert page.evaluate(drop, ["#views-nav", "elsewhere.txt", 20])
    page.evaluate("document.querySelector('#composer').dataset.limit = '1000000'")
    assert page.evaluate(drop, ["#turns", "huge.bin", 2_000_000])
    expect(page.locator("#composer-problem")).to_contain_text("huge.bin is larger than 1 MB")
    expect(page.locator("[data-files=reply]")).not_to_contain_text("elsewhere.txt")


def test_what_comes_between_drawing_and_listening_is_not_missed(house: House, open_browser: Open) -> None:
    page = open_browser("/views/mine")

    def meanwhile(route: Route) -> None:
        """The page is drawn; its script, which will listen, is still on its way."""
        house.deliver(mail(901))
        ticket = "SELECT count(*) FROM ticket WHERE subject LIKE '%token-901-x%'"
        wait_for(lambda: house.count(ticket) == 1, 20, house.said)
        route.continue_()

    page.route("**/app.*.js", meanwhile, times=1)
    page.goto(f"{house.url}/views/open")
    expect(page.locator("#rows .row", has_text="token-901-x")).to_be_visible()


def test_steady_mail_is_shown_by_few_refreshes(house: House, open_browser: Open) -> None:
    page = open_browser("/views/open")
    page.wait_for_timeout(1500)
    asked: list[float] = []
    rows = "/views/open/_rows?ids"
    page.on("request", lambda request: asked.append(time.monotonic()) if rows in request.url else None)
    page.evaluate(
        """() => {
          window.seen = {};
          new MutationObserver(() => {
            for (const row of document.querySelectorAll('#rows .row')) {
              const token = row.textContent.match(/token-(\\d+)-x/)?.[1];
              if (token) window.seen[token] ??= Date.now();
            }
          }).observe(document.querySelector('#rows'), { childList: true, subtree: true });
        }"""
    )
    sent = []
    began = time.monotonic()
    for number in range(950, 970):
        house.deliver(mail(number))
        sent.append(str(number))
        page.wait_for_timeout(150)
    expect(page.locator("#rows .row", has_text="token-969-x")).to_be_attached()
    took = time.monotonic() - began
    seen = page.evaluate("window.seen")
    assert set(sent) <= set(seen)  # how soon: `make bench`
    assert 0 < len(asked) <= took / 0.7 + 2


def test_single_keys_can_be_turned_off_and_the_others_stay(house: House, open_browser: Open) -> None:
    ticket = letter(house, "Quiet keys")

    def single(on: bool) -> None:
        form = {"name": "Ada Prado", "language": "en", "zone": "America/Recife"} | (
            {"single_keys": "y"} if on else {}
        )
        assert house.ask("POST", "/settings/me", **form).status_code == 200

    single(False)
    try:
        page = open_browser(f"/views/open/tickets/{ticket}")
        page.wait_for_timeout(500)
        for key in ("e", "r", "i", "?", "/"):
            page.keyboard.press(key)
        page.wait_for_timeout(300)
        assert house.count("SELECT count(*) FROM ticket WHERE id = :t AND status = 'new'", t=ticket) == 1
        expect(page.locator("#sheet")).to_be_hidden()
        expect(page.locator("#draft")).not_to_be_focused()
        page.keyboard.press("Control+k")
        expect(page.locator("#palette")).to_be_visible()
    finally:
        single(True)


def test_going_back_returns_to_the_same_row_and_place(house: House, open_browser: Open) -> None:
    for number in range(970, 990):
        house.deliver(mail(number))
    wait_for(
        lambda: house.count("SELECT count(*) FROM ticket WHERE subject LIKE '%token-989-x%'") == 1,
        20,
        house.said,
    )
    page = open_browser("/views/open")
    page.wait_for_timeout(800)
    for _ in range(15):
        page.keyboard.press("j")
    at = "[document.activeElement.closest('.row')?.id, document.querySelector('#rows').scrollTop]"
    before = page.evaluate(at)
    assert before[0] and before[1] > 0
    for back in ("Escape", "u"):
        page.keyboard.press("Enter")
        expect(page.locator("#subject")).to_be_focused()
        page.keyboard.press(back)
        expect(page.locator("#ticket-head")).to_have_count(0)
        assert page.evaluate(at) == before, back


def test_nothing_scrolls_sideways_at_320(house: House, open_browser: Open) -> None:
    files = (("a picture with a rather long name that does not end soon.png", PIXEL),)
    ticket = letter(
        house,
        "A long subject " + "and-a-word-without-an-end" * 2,
        "https://shop.example/" + "x" * 200,
        files=files,
    )
    page = open_browser("/views/open", width=320, height=640)
    paths = (
        "/views/open",
        f"/views/open/tickets/{ticket}",
        "/search?q=long",
        "/attention",
        "/preview",
        "/settings/me",
        "/settings/people",
        "/settings/mailboxes/1",
        "/settings/company",
    )
    for path in paths:
        page.goto(house.url + path)
        page.wait_for_timeout(200)
        wide = page.evaluate(
            """() => [document.documentElement, ...document.querySelectorAll('.scroll:not(.settings-nav)')]
              .filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.className)"""
        )
        assert wide == [], path


def test_what_went_wrong_with_an_answer_stays_to_be_read(house: House, open_browser: Open) -> None:
    ticket = letter(house, "Refused")
    page = open_browser(f"/views/open/tickets/{ticket}")
    page.wait_for_timeout(500)
    page.keyboard.press("r")
    page.keyboard.type("Half way there")
    page.context.set_offline(True)
    page.keyboard.press("Control+Enter")
    trouble = page.locator("#composer-problem")
    expect(trouble).to_contain_text("No connection")
    page.wait_for_timeout(1500)
    expect(trouble).to_contain_text("No connection")
    expect(page.locator("#draft")).to_have_text("Half way there")
    page.context.set_offline(False)
    page.keyboard.press("Control+Shift+c")
    page.keyboard.type("nobody at all,")
    page.locator("#send").click()
    expect(trouble).to_contain_text("nobody at all")
    page.locator("[data-fields=reply] .person.is-bad .person-off").click()
    page.locator("#send").click()
    expect(page.locator("#turns article[data-kind=reply]", has_text="Half way there")).to_be_visible()
    # what floats does not lie on what is pressed next
    toast, send = page.locator(".toast").last.bounding_box(), page.locator("#send").bounding_box()
    assert toast and send and toast["x"] + toast["width"] < send["x"]
