"""Writing with the hands on the keyboard: whom it goes to, what is passed on, and when it leaves."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.test_journey import arrive
from tests.house import House, wait_for
from tests.mail.pictures import drawing

Open = Callable[..., Page]
Problems = Callable[[Page], list[str]]


def said(house: House, sql: str, **values: object) -> str:
    with house.rows() as rows:
        return str(rows(sql, **values)[0][0])


def raw(house: House, message: str) -> str:
    return house.http.get(f"{house.url}/messages/{message}/raw").text


def test_c_begins_a_conversation_that_arrives(house: House, open_browser: Open, problems: Problems) -> None:
    arrive(house, 300, sender="Marina 300 <marina300@queiroz.example>")
    page = open_browser("/views/open")
    page.wait_for_timeout(500)
    page.keyboard.press("c")
    expect(page.locator("#new-to")).to_be_focused()
    page.keyboard.type("marina300")
    expect(page.locator("#suggest [role=option]").first).to_contain_text("marina300@queiroz.example")
    page.keyboard.press("Enter")
    expect(page.locator(".about")).to_contain_text("has an open conversation")
    page.keyboard.press("Control+Shift+c")
    page.keyboard.type("Rui <rui@x.example>; eva@y.example,")
    expect(page.locator("[data-role=cc] .person")).to_have_count(2)
    page.keyboard.press("Enter")
    expect(page.locator("#new-subject")).to_be_focused()
    page.keyboard.type("Your cup is ready")
    page.keyboard.press("Enter")
    page.keyboard.type("Come and fetch it")
    expect(page).to_have_url(re.compile(r"/new/\d+$"))  # kept, and at home
    expect(page.locator("#saved")).to_contain_text("Saved")
    assert problems(page) == []
    page.reload()
    expect(page.locator("#draft")).to_contain_text("Come and fetch it")
    expect(page.locator("[data-role=cc] .person")).to_have_count(2)
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(re.compile(r"/tickets/\d+$"))
    letter = page.locator("#turns article[data-kind=reply]")
    expect(letter).to_contain_text("Come and fetch it")
    expect(letter).to_have_attribute("data-state", "sent", timeout=20_000)
    mail = raw(house, said(house, "SELECT max(id) FROM message WHERE subject = 'Your cup is ready'"))
    assert "marina300@queiroz.example" in mail and "rui@x.example" in mail and "eva@y.example" in mail


def test_reply_all_reply_to_one_and_who_is_only_offered(house: House, open_browser: Open) -> None:
    ticket = arrive(house, 310, Cc="Joao <joao@else.example>")
    page = open_browser(f"/views/open/tickets/{ticket}")
    page.wait_for_timeout(500)
    page.keyboard.press("r")
    line = page.locator(".for-reply .to-short")
    expect(line).to_contain_text("Marina 310")
    offer = page.locator(".chip-offer")
    expect(offer).to_contain_text("joao@else.example")
    offer.click()
    expect(page.locator("[data-fields=reply] [data-role=cc] .person")).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+R")
    expect(page.locator("[data-fields=reply] [data-role=cc] .person")).to_have_count(0)
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    page.keyboard.press("Control+Shift+b")
    page.keyboard.type("not an address,")
    page.keyboard.press("Enter")
    expect(page.locator("#composer-problem")).to_contain_text("is not an e-mail address")
    page.keyboard.press("Backspace")
    page.keyboard.type("boss@x.example ")
    page.locator("#draft").click()
    page.keyboard.type("Only you")
    expect(line).to_contain_text("Bcc 1")
    page.keyboard.press("Control+Enter")
    wait_for(
        lambda: "boss@x.example" in said(
            house, "SELECT coalesce(max(recipients), '') FROM message WHERE ticket_id = :t AND kind = 'reply'"
                   " AND author_id IS NOT NULL", t=ticket
        ), 10
    )  # fmt: skip
    sent = said(
        house, "SELECT recipients FROM message WHERE ticket_id = :t AND author_id IS NOT NULL", t=ticket
    )
    assert "joao" not in sent and "marina310@queiroz.example" in sent


def test_a_pasted_picture_leaves_within_the_mail(house: House, open_browser: Open) -> None:
    ticket = arrive(house, 320)
    page = open_browser(f"/views/open/tickets/{ticket}")
    page.wait_for_timeout(500)
    page.keyboard.press("r")
    page.keyboard.type("It looks like this: ")
    page.evaluate(
        """bytes => {
          const content = Uint8Array.from(atob(bytes), c => c.charCodeAt(0));
          const file = new File([content], "cup.png", {type: "image/png"});
          const data = new DataTransfer();
          data.items.add(file);
          document.querySelector("#draft").dispatchEvent(
            new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
        }""",
        base64.b64encode(drawing(40, 30, "PNG")).decode(),
    )
    picture = page.locator("#draft img")
    expect(picture).to_have_attribute("src", re.compile(r"^/files/.+/inline$"))
    page.locator("#alt-input").fill("A cup with a crack")
    page.keyboard.press("Enter")
    expect(page.locator("#draft")).to_be_focused()
    expect(page.locator("#saved")).to_contain_text("Saved")
    page.keyboard.press("Control+Enter")
    letter = page.locator("#turns article[data-own]")
    expect(letter.locator("img[alt='A cup with a crack']")).to_have_js_property("naturalWidth", 40)
    expect(letter).to_have_attribute("data-state", "sent", timeout=20_000)
    mail = raw(house, letter.get_attribute("data-message") or "")
    assert "multipart/related" in mail and 'src=3D"cid:' in mail and "Content-ID: <" in mail
    assert "A cup with a crack" in mail and "/files/" not in mail


def test_scheduled_edited_and_everything_is_back(
    house: House, open_browser: Open, problems: Problems
) -> None:
    ticket = arrive(house, 330)
    page = open_browser(f"/views/open/tickets/{ticket}")
    page.wait_for_timeout(500)
    page.keyboard.press("r")
    page.keyboard.press("Control+Shift+c")
    page.keyboard.type("rui@x.example ")
    page.locator(".for-reply [data-do=subject]").click()
    expect(page.locator("#reply-subject")).to_have_value("Re: Cracked cup token-330-x")
    page.locator("#reply-subject").fill("Your new cup")
    page.keyboard.press("Enter")
    page.keyboard.type("Good morning")
    expect(page.locator(".for-reply .to-short")).to_contain_text("Your new cup")
    page.locator("#attach").set_input_files(
        {"name": "label.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 label"}
    )
    expect(page.locator("[data-files=reply]")).to_contain_text("label.pdf")
    page.keyboard.press("Control+Shift+l")
    expect(page.locator("#later")).to_be_visible()
    assert problems(page) == []
    page.locator("#later-when").fill("tomorrow 9:15")
    expect(page.locator("#later-said")).to_contain_text("09:15")
    page.keyboard.press("Enter")
    letter = page.locator("#turns article[data-own]")
    expect(letter).to_contain_text("Leaves tomorrow 09:15")
    letter.locator("[data-do=undo-send]").click()
    expect(letter).to_have_count(0)  # the words may stand there still that were about to leave
    expect(page.locator("#draft")).to_contain_text("Good morning")
    expect(page.locator("#leaves")).to_contain_text("tomorrow 09:15")
    expect(page.locator(".for-reply .to-short")).to_contain_text("Cc 1")
    expect(page.locator("[data-files=reply]")).to_contain_text("label.pdf")
    page.reload()
    expect(page.locator(".for-reply .to-short")).to_contain_text("Your new cup")
    expect(page.locator("#leaves")).to_contain_text("tomorrow 09:15")
    page.locator("[data-do=not-later]").click()
    page.keyboard.press("Control+Enter")
    expect(letter).to_have_attribute("data-state", "sent", timeout=20_000)
    assert "Subject: Your new cup\r\n" in raw(house, letter.get_attribute("data-message") or "")
    expect(page.locator("#subject")).to_have_text("Cracked cup token-330-x")
    page.locator("#draft").click()
    page.locator(".for-reply .to-short").click()
    expect(page.locator("#reply-subject")).to_be_hidden()  # the next answer is called as usual


def test_the_conversation_is_printed_from_its_menu_and_the_palette(
    house: House, open_browser: Open, problems: Problems
) -> None:
    ticket = arrive(house, 350)
    page = open_browser(f"/views/open/tickets/{ticket}")
    page.wait_for_timeout(500)
    page.locator("#ticket-more").click()
    expect(page.locator("#ticket-menu")).to_be_visible()
    assert problems(page) == []
    with page.expect_popup() as printed:
        page.locator("#ticket-menu [data-do=print]").click()
    expect(printed.value.locator("article").first).to_contain_text("It came cracked.")
    expect(page.locator("#ticket-menu")).to_be_hidden()
    printed.value.close()
    page.keyboard.press("Control+k")
    page.locator("#palette-input").fill("print the")
    with page.expect_popup() as printed:
        page.keyboard.press("Enter")
    expect(printed.value).to_have_url(f"{house.url}/tickets/{ticket}/print")


def test_on_a_phone_every_field_is_reached(house: House, open_browser: Open, problems: Problems) -> None:
    ticket = arrive(house, 360)
    page = open_browser(f"/views/open/tickets/{ticket}", width=390, height=844)
    page.wait_for_timeout(500)
    page.locator(".composer-short").click()
    page.locator(".for-reply .to-short").click()
    page.locator(".for-reply [data-do=all-fields]").click()
    for field in ("cc", "bcc", "subject"):
        expect(page.locator(f"#reply-{field}")).to_be_visible()
    assert problems(page) == []
    page.locator("#ticket-more").click()
    page.locator("#ticket-menu [data-pick=priority]").click()
    page.locator("#pick-list [data-value=urgent]").click()
    expect(page.locator("#pick-priority")).to_contain_text("Urgent")


def test_forwarding_takes_the_files_along_and_undo_gives_all_back(
    house: House, open_browser: Open, problems: Problems
) -> None:
    from email.message import EmailMessage

    made = EmailMessage()
    made["From"], made["To"] = "Marina 340 <marina340@queiroz.example>", "support@barro.example"
    made["Subject"], made["Message-ID"] = "Cracked cup token-340-x", "<340@queiroz.example>"
    made.set_content("It came cracked, see the order.")
    made.add_attachment(b"%PDF-1.4 order", maintype="application", subtype="pdf", filename="order.pdf")
    house.deliver(made.as_bytes())
    ticket = wait_for(
        lambda: house.count("SELECT coalesce(max(ticket_id), 0) FROM message WHERE subject LIKE '%-340-x'"),
        20, house.said,
    )  # fmt: skip
    page = open_browser(f"/views/open/tickets/{ticket}")
    page.wait_for_timeout(500)
    page.keyboard.press("f")
    expect(page.locator("#forward-to")).to_be_focused()
    expect(page.locator("[data-files=forward]")).to_contain_text("order.pdf")
    page.locator("#passed summary").click()
    expect(page.locator("#passed")).to_contain_text("It came cracked, see the order.")
    assert problems(page) == []
    page.locator("#forward-to").click()
    page.keyboard.type("kiln@x.example ")
    page.locator("#draft").click()
    page.keyboard.type("Can you make another?")
    page.keyboard.press("Control+Enter")
    letter = page.locator("#turns article[data-own]")
    expect(letter).to_contain_text("kiln@x.example")
    page.keyboard.press("z")
    expect(page.locator("#tab-forward")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#draft")).to_contain_text("Can you make another?")
    expect(page.locator("[data-files=forward]")).to_contain_text("order.pdf")
    expect(page.locator(".for-forward .to-short")).to_contain_text("kiln@x.example")
    page.keyboard.press("Control+Enter")
    expect(letter).to_have_attribute("data-state", "sent", timeout=20_000)
    mail = raw(house, letter.get_attribute("data-message") or "")
    assert "Forwarded message" in mail and "order.pdf" in mail and "Can you make another?" in mail
    assert "marina340@queiroz.example" in mail.split("\n\n", 1)[-1]
