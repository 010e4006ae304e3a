"""A customer rates a conversation without a script, and the team sees it without reloading."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect

from tests.house import House, mail, wait_for


def test_a_rating_arrives_on_the_open_ticket_and_on_the_agents_own_page(
    house: House,
    chromium: Browser,
    open_browser: Callable[..., Page],
    problems: Callable[[Page], list[str]],
) -> None:
    policy = {"on": "y", "wait_minutes": 0, "every_days": 0, "low": 2, "low_vip": 3, "then": "reopen"}
    sent = {f"feedback-{name}": value for name, value in policy.items()}
    assert house.ask("POST", "/settings/company/feedback", **sent).status_code == 200
    house.deliver(mail(1))
    wait_for(lambda: house.count("SELECT count(*) FROM ticket") == 1, 20, house.said)
    reply = {"html": "<p>On its way.</p>", "key": "k", "then": "resolved"}
    assert house.ask("POST", "/tickets/1/replies", **reply).status_code == 200
    wait_for(lambda: house.count("SELECT count(*) FROM survey WHERE state = 'sent'") == 1, 40, house.said)
    with house.rows() as rows:
        token = rows("SELECT token FROM survey")[0][0]

    thread, mine = open_browser("/tickets/1"), open_browser("/settings/ratings")
    seen = open_browser(f"/s/{token}?score=4", width=390, signed_in=False)
    assert not problems(seen)

    customer = chromium.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page = customer.new_page()
    page.goto(f"{house.url}/s/{token}?score=4")
    expect(page.get_by_role("radio", name="Good")).to_be_checked()
    expect(page.get_by_text("What helped?")).to_be_visible()
    page.get_by_role("radio", name="Terrible").check()
    expect(page.get_by_text("What helped?")).to_be_hidden()
    page.get_by_role("checkbox", name="Not solved").check()
    page.get_by_role("textbox").fill("It is still cracked.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert not customer.cookies()
    customer.close()

    turn = thread.locator(".rating-turn")
    expect(turn).to_contain_text("It is still cracked.")
    expect(thread.locator(".timeline .rating")).to_contain_text("Terrible")
    expect(thread.locator("#ticket-head")).to_have_attribute("data-status", "open")
    expect(mine.locator("#my-ratings")).to_contain_text("It is still cracked.")
    for shown in (thread, mine):
        assert not problems(shown)
