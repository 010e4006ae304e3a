"""People and teams as admins see them, and the house as a light agent sees it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.house import House, mail, wait_for

Open = Callable[..., Page]


def test_a_light_agent_is_invited_reads_along_and_writes_a_note(
    house: House, open_browser: Open, problems: Callable[[Page], list[str]]
) -> None:
    house.deliver(mail(1))
    wait_for(lambda: house.count("SELECT count(*) FROM ticket") > 0, 20)
    admin = open_browser("/settings/people")
    admin.get_by_label("E-mail addresses").fill("Lina Reis <lina@barro.example>, nonsense")
    admin.get_by_role("radio", name="Light agent").check()
    admin.get_by_role("button", name="Make an invitation").click()
    expect(admin.get_by_label("E-mail addresses")).to_be_focused()
    admin.get_by_label("E-mail addresses").fill("Lina Reis <lina@barro.example>")
    admin.get_by_role("button", name="Make an invitation").click()
    link = admin.get_by_label("Lina Reis").input_value()
    assert not problems(admin)

    lina = open_browser(link.removeprefix(house.url), signed_in=False)
    lina.get_by_label("Password").fill("travessao de barro")
    lina.get_by_role("button", name="Come in").click()
    lina.goto(house.url + "/views/open")
    lina.locator("#rows > .row").first.click()
    expect(lina.get_by_role("tab")).to_have_count(1)
    assert not lina.locator("[data-pick], [data-do=resolve]").count()
    lina.keyboard.press("e")
    expect(lina.locator("#toasts").get_by_text("You read along here")).to_be_visible()
    lina.keyboard.press("n")
    lina.keyboard.type("The workshop has two left.")
    lina.keyboard.press("Control+Enter")
    expect(lina.locator("#turns").get_by_text("The workshop has two left.")).to_be_visible()
    expect(lina.locator("#draft")).to_have_text("")
    assert not problems(lina)
    lina.keyboard.press("?")
    expect(lina.locator("#sheet").get_by_text("Internal note")).to_be_visible()
    expect(lina.locator("#sheet").get_by_text("Resolve, or reopen")).to_have_count(0)


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_the_pages_about_people_and_teams_are_whole(
    width: int, theme: str, house: House, open_browser: Open, problems: Callable[[Page], list[str]]
) -> None:
    page = open_browser("/settings/teams", width=width, theme=theme)
    page.get_by_label("Name").fill(f"Exchanges {width}")
    page.get_by_role("button", name="Make the team").click()
    page.get_by_role("checkbox", name="See the figures").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.get_by_role("link", name=f"Exchanges {width}").click()
    expect(page.get_by_role("checkbox", name="See the figures")).to_be_checked()
    for path in ("", "/end"):
        page.goto(page.url.removesuffix("/end") + path)
        assert not problems(page), path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for path in ("/settings/people", "/settings/people/1", "/settings/people/1/leaving", "/settings/teams"):
        page.goto(house.url + path)
        assert not problems(page), path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
