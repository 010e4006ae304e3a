"""The first complete path, as people walk it: mail in, on the screen, answered, and answered again."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.house import House, mail, wait_for

Open = Callable[..., Page]


def arrive(house: House, number: int, **values: str) -> int:
    """Deliver a mail and return the number of its ticket."""
    house.deliver(mail(number, **values))
    wait_for(lambda: _ticket(house, number), 20, house.said)
    return _ticket(house, number)


def _ticket(house: House, number: int) -> int:
    with house.rows() as rows:
        found = rows("SELECT ticket_id FROM message WHERE subject LIKE :s", s=f"%token-{number}-x")
    return int(found[0][0]) if found else 0


def test_a_mail_is_on_top_of_the_open_inbox_within_a_second_without_a_reload(
    house: House, open_browser: Open
) -> None:
    arrive(house, 100)
    page = open_browser("/views/open")
    page.wait_for_timeout(1500)
    page.evaluate("window.same = true")
    house.deliver(mail(101))
    top = page.locator("#rows .row").first
    expect(top).to_contain_text("token-101-x")  # how soon: `make bench`
    expect(page.locator("#nav-unassigned")).to_contain_text(re.compile(r"\d"))
    assert page.evaluate("window.same") is True


def test_a_new_row_never_moves_the_row_one_is_on(house: House, open_browser: Open) -> None:
    for number in range(110, 114):
        arrive(house, number)
    page = open_browser("/views/open")
    page.wait_for_timeout(800)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    here = page.locator("#rows .row.is-here")
    expect(here).to_be_visible()
    before = here.bounding_box()
    subject = here.inner_text()
    arrive(house, 115)
    expect(page.locator("#rows .row", has_text="token-115-x")).to_be_attached()
    page.wait_for_timeout(300)
    after = page.locator("#rows .row.is-here").bounding_box()
    assert before and after and abs(before["y"] - after["y"]) <= 1
    assert page.locator("#rows .row.is-here").inner_text() == subject
    fresh = page.locator("#fresh button")
    expect(fresh).to_be_visible()
    fresh.click()
    expect(page.locator("#rows .row", has_text="token-115-x")).to_be_in_viewport()


def test_an_agent_answers_and_the_customer_answers_back(house: House, open_browser: Open) -> None:
    ticket = arrive(house, 120, text="One of the cups came cracked.\n\nMarina")
    page = open_browser(f"/views/open/tickets/{ticket}")
    page.wait_for_timeout(500)
    expect(page.locator("#turns")).to_contain_text("came cracked")
    expect(page.locator("#customer")).to_contain_text("marina120@queiroz.example")
    page.keyboard.press("r")
    page.keyboard.type("We send a ")
    page.keyboard.press("Control+b")
    page.keyboard.type("new one")
    page.keyboard.press("Control+b")
    page.keyboard.type(" today.")
    page.locator("#attach").set_input_files(
        {"name": "label.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 label"}
    )
    expect(page.locator("[data-files=reply]")).to_contain_text("label.pdf")
    expect(page.locator("#draft")).to_be_focused()
    page.keyboard.press("Control+Enter")
    letter = page.locator("#turns article[data-own]")
    expect(letter).to_contain_text("We send a new one today.")
    expect(letter.locator("b, strong").filter(has_text="new one")).to_have_count(1)
    expect(letter.locator(".outcome")).to_contain_text("Sending")
    expect(page.locator("#draft")).to_have_text("")
    expect(letter).to_have_attribute("data-state", "sent", timeout=15_000)
    expect(letter).to_contain_text("mail preview")

    with house.rows() as rows:
        [[message, message_id]] = rows(
            "SELECT id, message_id_header FROM message WHERE ticket_id = :t AND author_id > 0", t=ticket
        )
    shown = house.page(f"/preview/{message}")
    assert (
        "label.pdf" in shown and "In-Reply-To" in house.http.get(f"{house.url}/messages/{message}/raw").text
    )

    house.deliver(
        mail(121, "Marina 120 <marina120@queiroz.example>", "Thank you so much", References=message_id)
    )
    expect(page.locator("#turns")).to_contain_text("Thank you so much")
    assert _ticket(house, 121) == ticket


def test_a_reply_is_taken_back_with_its_words(house: House, open_browser: Open) -> None:
    ticket = arrive(house, 130)
    page = open_browser(f"/views/open/tickets/{ticket}")
    page.wait_for_timeout(500)
    page.keyboard.press("r")
    page.keyboard.type("Too early")
    page.keyboard.press("Control+Enter")
    undo = page.locator("#turns [data-do=undo-send]")
    expect(undo).to_be_visible()
    undo.click()
    expect(page.locator("#draft")).to_contain_text("Too early")
    expect(page.locator("#turns article[data-own]")).to_have_count(0)
    time.sleep(6)
    assert house.count("SELECT count(*) FROM message WHERE author_id > 0 AND ticket_id = :t", t=ticket) == 0


SLOWLY = """part => {
  const real = window.fetch;
  const later = () => new Promise((go) => setTimeout(go, 500));
  window.fetch = async (url, how) => {
    if (String(url).includes(part)) await later();
    return real(url, how);
  };
}"""


def test_notes_status_priority_tags_and_assignment_by_keyboard(house: House, open_browser: Open) -> None:
    ticket = arrive(house, 140)
    page = open_browser(f"/views/open/tickets/{ticket}")
    page.wait_for_timeout(500)
    page.keyboard.press("n")
    page.keyboard.type("She is a regular")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#turns .note")).to_contain_text("She is a regular")
    expect(page.locator("#draft")).not_to_be_focused()
    page.keyboard.press("i")
    expect(page.locator("#pick-assignee")).to_contain_text("You")
    page.keyboard.press("p")
    page.get_by_role("option", name="Urgent").or_(page.get_by_role("menuitemradio", name="Urgent")).or_(
        page.locator(".menu-float button, .pick button", has_text="Urgent")
    ).first.click()
    expect(page.locator("#pick-priority")).to_contain_text("Urgent")
    page.evaluate(SLOWLY, "_pick/tags")
    page.keyboard.press("t")
    page.keyboard.type("exchange")  # at once: what is typed is the menu's, though it is still on its way
    page.keyboard.press("Enter")
    expect(page.locator("#pick-tags")).to_contain_text("exchange")
    page.keyboard.press("Escape")
    page.wait_for_timeout(200)
    page.keyboard.press("e")
    wait_for(
        lambda: (
            house.count("SELECT count(*) FROM ticket WHERE id = :t AND status = 'resolved'", t=ticket) == 1
        ),
        10,
    )


def test_moving_by_keys_opening_going_back_and_searching(house: House, open_browser: Open) -> None:
    ticket = arrive(house, 150, text="A very particular xícara")
    page = open_browser("/views/open")
    page.wait_for_timeout(500)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#ticket-head")).to_be_visible()
    page.keyboard.press("u")
    expect(page.locator("#rows .row a:focus")).to_have_count(1)
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("particular xicara")
    page.keyboard.press("Enter")
    expect(page.locator("#rows .row")).to_have_count(1)
    expect(page.locator("#rows .row")).to_have_attribute("data-id", str(ticket))
    page.locator("#rows .row a").click()
    expect(page.locator("#turns")).to_contain_text("particular")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog").first).to_be_visible()


def test_the_palette_finds_and_does(house: House, open_browser: Open) -> None:
    ticket = arrive(house, 160)
    page = open_browser("/views/open")
    page.wait_for_timeout(500)
    page.keyboard.press("Control+k")
    palette = page.locator("#palette")
    expect(palette).to_be_visible()
    page.keyboard.type(f"#{ticket}")
    expect(palette).to_contain_text("token-160-x")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"/tickets/{ticket}"))
    expect(page.locator("#ticket-head")).to_contain_text("token-160-x")


def test_a_draft_outlives_the_page_and_a_live_update(house: House, open_browser: Open) -> None:
    ticket = arrive(house, 170)
    page = open_browser(f"/views/open/tickets/{ticket}")
    page.wait_for_timeout(500)
    page.keyboard.press("r")
    page.keyboard.type("Half a sent")
    house.ask("POST", f"/tickets/{ticket}/notes", html="<p>from elsewhere</p>", key=f"n{ticket}")
    expect(page.locator("#turns")).to_contain_text("from elsewhere")
    page.keyboard.type("ence")
    expect(page.locator("#draft")).to_have_text("Half a sentence")
    wait_for(lambda: house.count("SELECT count(*) FROM draft WHERE html LIKE '%Half a sentence%'") == 1, 10)
    page.reload()
    expect(page.locator("#draft")).to_contain_text("Half a sentence")


def test_a_newer_message_stops_the_reply_and_asks(house: House, open_browser: Open) -> None:
    ticket = arrive(house, 180)
    page = open_browser(f"/views/open/tickets/{ticket}")
    page.wait_for_timeout(500)
    page.keyboard.press("r")
    page.keyboard.type("My answer")
    page.evaluate("document.querySelector('#turns').remove()")  # it has not seen what comes now
    with house.rows() as rows:
        [[reference]] = rows(
            "SELECT message_id_header FROM message WHERE ticket_id = :t AND kind = 'customer'", t=ticket
        )
    house.deliver(
        mail(181, "Marina 180 <marina180@queiroz.example>", "Wait, one more thing", References=reference)
    )
    wait_for(lambda: _ticket(house, 181) == ticket, 10)
    page.keyboard.press("Control+Enter")
    banner = page.locator("#collision")
    expect(banner).to_contain_text("Send anyway")
    expect(page.locator("#draft")).to_contain_text("My answer")
    banner.get_by_role("button", name=re.compile("anyway")).click()
    wait_for(
        lambda: (
            house.count("SELECT count(*) FROM message WHERE ticket_id = :t AND author_id > 0", t=ticket) == 1
        ),
        10,
    )


def test_without_sockets_a_reload_shows_everything(house: House, open_browser: Open) -> None:
    page = open_browser("/views/open")
    page.context.route("**/socket.io/**", lambda route: route.abort())
    page.reload()
    ticket = arrive(house, 190)
    page.reload()
    expect(page.locator(f"#row-{ticket}")).to_be_visible()


def test_what_was_missed_while_the_server_was_away_is_caught_up(house: House, open_browser: Open) -> None:
    ticket = arrive(house, 200)
    page = open_browser(f"/views/open/tickets/{ticket}")
    page.wait_for_timeout(800)
    with house.rows() as rows:
        [[reference]] = rows(
            "SELECT message_id_header FROM message WHERE ticket_id = :t AND kind = 'customer'", t=ticket
        )
    house.kill("app.py")
    house.deliver(
        mail(201, "Marina 200 <marina200@queiroz.example>", "Said in the dark", References=reference)
    )
    expect(page.locator("#turns")).to_contain_text("Said in the dark", timeout=30_000)
    arrive(house, 202)
    expect(page.locator("#rows .row", has_text="token-202-x")).to_be_attached(timeout=30_000)


def test_on_a_phone_one_pane_at_a_time(house: House, open_browser: Open) -> None:
    ticket = arrive(house, 210)
    page = open_browser("/views/open", width=390, height=844)
    row = page.locator(f"#row-{ticket}")
    expect(row).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    row.click()
    expect(page.locator("#ticket-head")).to_be_visible()
    expect(page.locator("#rows")).not_to_be_visible()
    page.locator(".composer-short").click()
    page.locator("#draft").type("From the bus")
    page.locator("#send").click()
    expect(page.locator("#turns article[data-own]")).to_contain_text("From the bus")
    page.locator("#back").click()
    expect(row).to_be_visible()
