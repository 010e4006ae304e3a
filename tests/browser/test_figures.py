"""The figures page in Chromium: charts that are drawn, and read without seeing them; the same beside them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_journey import arrive
from tests.house import House, wait_for

Open = Callable[..., Page]
Problems = Callable[[Page], list[str]]


@pytest.fixture(scope="module", autouse=True)
def lived_in(house: House) -> None:
    """Two conversations, one of them answered and resolved; and all of it counted."""
    first = arrive(house, 950, sender="info950@queiroz.example")
    arrive(house, 951, sender="info951@queiroz.example")
    sent = house.ask(
        "POST", f"/tickets/{first}/replies", html="<p>On its way.</p>", key="f1", then="resolved"
    )
    assert sent.status_code == 200
    wait_for(lambda: house.count("SELECT count(*) FROM fact WHERE kind = 'replied'") == 1, 30, house.said)
    wait_for(lambda: house.count("SELECT count(*) FROM fact WHERE kind = 'resolved'") == 1, 30, house.said)


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_charts_are_drawn_and_the_table_holds_the_same(
    house: House, open_browser: Open, problems: Problems, width: int, theme: str
) -> None:
    """``open_browser`` fails if the content security policy is broken, which a chart's styles could do."""
    page = open_browser("/figures?period=7", width=width, theme=theme)
    charts = page.locator(".figures-plot canvas")
    expect(charts).to_have_count(6)
    assert all(
        page.evaluate(
            """() => [...document.querySelectorAll(".figures-plot canvas")].map((canvas) => {
              const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
              return data.some((value) => value > 0);
            })"""
        )
    )
    for name, column in (("opened", 0), ("resolved", 3), ("replied", 2)):
        said = page.evaluate(
            "name => JSON.parse(document.getElementById('figures-data').textContent).series[name].said", name
        )
        cells = page.locator(f"#figures-by-day tbody td:nth-of-type({column + 1})").all_inner_texts()
        assert said == [cell.strip() for cell in reversed(cells)], name
    assert problems(page) == []
    if width == 390:
        assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")


def test_it_can_be_read_and_gone_through_by_keyboard(
    house: House, open_browser: Open, problems: Problems
) -> None:
    page = open_browser("/views/open")
    page.keyboard.press("g")
    page.keyboard.press("r")
    page.wait_for_url("**/figures")
    chart = page.get_by_role("slider", name="Opened and resolved")
    expect(page.locator(".figures-plot canvas")).to_have_count(6)
    chart.focus()
    expect(chart).to_have_attribute("aria-valuetext", re.compile(r": Opened 2, Resolutions 1$"))
    page.keyboard.press("ArrowLeft")
    expect(chart).to_have_attribute("aria-valuenow", "29")
    expect(chart).to_have_attribute("aria-valuetext", re.compile(r": Opened 0, Resolutions 0$"))
    page.get_by_role("button", name="What it means: First response").click()
    expect(page.locator("#means-first_response")).to_be_visible()
    assert problems(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("#means-first_response")).to_be_hidden()
    number = page.locator("[data-card=resolved] .figures-now a")
    expect(number).to_have_text("1")
    number.click()
    expect(page.locator("#figures-tickets [data-ticket]")).to_have_count(1)
    assert problems(page) == []
    page.get_by_role("link", name="Back to the figures").click()
    page.get_by_role("combobox", name="Team").select_option("0")
    page.wait_for_url("**team=0**")
    expect(page.locator("[data-card=opened] .figures-now")).to_have_text("2")
