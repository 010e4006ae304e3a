"""The demo in a browser: in with one press, and once around with the guided tour."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from inbox.models.agent import ROLES
from tests.house import House

Enter = Callable[..., Page]
Problems = Callable[[Page], list[str]]

SIZES = {"desk": (1440, 900), "narrow": (1024, 768), "phone": (390, 844)}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A demo, started as ``make demo`` starts it."""
    made = House(tmp_path_factory.mktemp("demo"), command="demo")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def enter(chromium: Browser, house: House) -> Iterator[Enter]:
    """``enter("agent", "phone")``: by one press. At the end nothing failed, and no policy was broken."""
    contexts, said = [], []

    def open_(role: str, size: str = "desk", *, theme: str = "light", language: str = "en") -> Page:
        width, height = SIZES[size]
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme=theme,  # type: ignore[arg-type]
            locale=language,
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on(
            "console", lambda line: said.append(line.text) if "Content Security Policy" in line.text else None
        )
        page.goto(f"{house.url}/login")
        page.locator(".guest", has_text=CALLED[language][role]).first.click()
        expect(page.locator("#tour")).to_be_visible()
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not said


CALLED = {
    "en": {"admin": ", admin", "supervisor": ", supervisor", "agent": ", agent", "light": ", light"},
    "pt-BR": {
        "admin": ", admin",
        "supervisor": ", supervisor",
        "agent": ", agente",
        "light": ", agente leve",
    },
}


def number(page: Page) -> tuple[int, int]:
    found = re.search(r"(\d+)\D+(\d+)", page.locator(".tour-n").inner_text())
    assert found
    return int(found[1]), int(found[2])


def on(page: Page) -> None:
    """Next, and wait until its page is there."""
    now, _total = number(page)
    page.locator("#tour-on").click()
    expect(page.locator(".tour-n")).to_have_text(re.compile(rf"^{now + 1}\b"))
    page.wait_for_load_state("load")


BOXES = """selector => [...document.querySelectorAll(selector)]
  .filter(one => one.checkVisibility())
  .map(one => one.getBoundingClientRect().toJSON())"""


def boxes(page: Page, selector: str) -> list[dict[str, float]]:
    return page.evaluate(BOXES, selector)


def overlap(one: dict[str, float], other: dict[str, float]) -> bool:
    across = min(one["right"], other["right"]) - max(one["left"], other["left"])
    down = min(one["bottom"], other["bottom"]) - max(one["top"], other["top"])
    return across > 1 and down > 1


@pytest.mark.parametrize(
    ("role", "size"), [("admin", "desk"), ("admin", "phone"), ("agent", "narrow"), ("agent", "phone")]
)
def test_once_around_and_back_again(role: str, size: str, enter: Enter) -> None:
    page = enter(role, size)
    first, total = number(page)
    assert first == 1 and total == 10
    for step in range(1, total + 1):
        assert number(page) == (step, total)
        expect(page.get_by_role("region", name="Guided tour")).to_be_visible()
        expect(page.locator(".tour-there")).to_be_hidden()
        [card] = boxes(page, "#tour")
        width, height = SIZES[size]
        assert card["left"] >= 0 and card["right"] <= width + 1
        assert height - 20 <= card["bottom"] <= height + 1
        assert page.evaluate("[scrollX, scrollY]") == [0, 0]
        # nothing that is pressed lies under it
        for what in ("#composer .composer-foot button", ".tabs a", "#resolve", ".rail-item"):
            assert not [box for box in boxes(page, what) if overlap(box, card)], (step, what)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        if step < total:
            on(page)
    page.locator(".tour-go").get_by_role("button", name="Back").click()
    expect(page.locator(".tour-n")).to_have_text(re.compile(rf"^{total - 1}\b"))
    assert page.url.endswith("/attention#tour")


@pytest.mark.parametrize(
    ("theme", "size"), [("light", "desk"), ("dark", "desk"), ("dark", "narrow"), ("light", "phone")]
)
def test_axe_finds_nothing_on_the_card(theme: str, size: str, enter: Enter, problems: Problems) -> None:
    page = enter("admin", size, theme=theme)
    on(page)
    about_it = [one for one in problems(page) if "tour" in one]
    assert about_it == []
    page.goto(page.url.split("/views")[0] + "/login")
    assert problems(page) == []


def test_in_portuguese_it_reads_in_portuguese(enter: Enter) -> None:
    page = enter("agent", language="pt-BR")
    expect(page.get_by_role("region", name="Visita guiada")).to_contain_text("Quem espera, numa lista só.")
    expect(page.locator("#tour-on")).to_have_text("Avançar")


def test_it_takes_neither_the_focus_nor_the_keys_nor_a_click(enter: Enter) -> None:
    page = enter("agent")
    on(page)
    assert not page.evaluate("document.querySelector('#tour').contains(document.activeElement)")
    expect(page.locator("#tour-ring")).to_be_visible()
    ring = page.locator("#tour-ring").bounding_box()
    assert ring
    page.mouse.click(ring["x"] + ring["width"] / 2, ring["y"] + ring["height"] / 2)
    expect(page.locator("#draft")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#sheet")).to_be_visible()
    expect(page.locator("#tour-ring")).to_be_hidden()
    expect(page.locator("#sheet")).to_contain_text("Guided tour")


def test_the_card_outlives_what_is_swapped_beside_it(enter: Enter) -> None:
    page = enter("agent")
    page.goto(page.url.split("/views")[0] + "/views/open")
    page.wait_for_timeout(500)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#ticket-head")).to_be_visible()
    expect(page.locator("#tour")).to_be_visible()
    expect(page.locator("#tour-ring")).to_be_visible()


WRITTEN_IDLY = """() => new Promise(told => {
  let written = 0;
  const watching = new MutationObserver(records => { written += records.length; });
  for (const id of ["tour", "tour-ring"])
    watching.observe(document.getElementById(id), { attributes: true, subtree: true });
  setTimeout(() => told(written), 700);
})"""


def test_a_page_that_stands_still_costs_nothing(enter: Enter) -> None:
    page = enter("agent")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1500)
    assert page.evaluate(WRITTEN_IDLY) < 5


def test_by_keys_alone_one_goes_on_and_stays_at_the_button(enter: Enter) -> None:
    page = enter("agent")
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.wait_for_url("**/views/open#tour")
    page.wait_for_load_state("networkidle")  # what is drawn after the page begins tabbing where it stands
    for _tab in range(2):
        page.keyboard.press("Tab")
        assert page.evaluate("document.querySelector('#tour').contains(document.activeElement)")
    expect(page.locator("#tour-on")).to_be_focused()
    for step in (2, 3):
        page.keyboard.press("Enter")
        expect(page.locator(".tour-n")).to_have_text(re.compile(rf"^{step}\b"))
        expect(page.locator("#tour-on")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".tour-n")).to_have_text(re.compile(r"^2\b"))


def test_on_another_page_it_leads_back(enter: Enter) -> None:
    page = enter("agent")
    on(page)
    where = page.url
    page.goto(page.url.split("/views")[0] + "/customers")
    expect(page.locator("#tour-ring")).to_be_hidden()
    page.get_by_role("link", name="Take me there").click()
    page.wait_for_url(where)
    expect(page.locator("#tour-ring")).to_be_visible()


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_closed_it_stays_closed_until_one_begins_again(size: str, enter: Enter) -> None:
    page = enter("agent", size)
    on(page)
    with page.expect_response("**/demo/tour"):
        page.get_by_role("button", name="Close the tour").click()
    expect(page.locator("#tour, #tour-ring")).to_have_count(0)
    expect(page.locator("#toasts")).to_contain_text("You find it again under Settings.")
    house = page.locator(".house").bounding_box()
    assert house and house["height"] == SIZES[size][1]
    page.reload()
    expect(page.locator("main")).to_be_visible()
    expect(page.locator("#tour")).to_have_count(0)
    page.goto(page.url.split("/views")[0] + "/settings/me")
    page.locator(".settings-nav").get_by_role("link", name="Guided tour").click()
    page.wait_for_url("**/views/open#tour")
    assert number(page)[0] == 1


def test_done_at_the_end_closes_it(enter: Enter) -> None:
    page = enter("agent", "phone")
    while number(page)[0] < number(page)[1]:
        on(page)
    expect(page.get_by_role("link", name="Look around as somebody else")).to_be_visible()
    with page.expect_response("**/demo/tour"):
        page.get_by_role("button", name="Done").click()
    expect(page.locator("#tour")).to_have_count(0)
    page.reload()
    expect(page.locator("#tour")).to_have_count(0)


def test_on_a_phone_it_makes_room_for_who_writes(enter: Enter) -> None:
    page = enter("agent", "phone")
    on(page)
    page.locator(".composer-short").click()
    expect(page.locator("#draft")).to_be_focused()
    expect(page.locator("#tour")).to_be_hidden()
    page.locator(".composer-close").click()
    expect(page.locator("#tour")).to_be_visible()


def test_every_role_of_the_sample_is_offered(house: House, chromium: Browser) -> None:
    page = chromium.new_page()
    page.goto(f"{house.url}/login")
    offered = set(
        page.locator(".guest-who").evaluate_all(
            "all => all.map(one => one.childNodes[1].textContent.slice(2))"
        )
    )
    page.close()
    assert {"admin", "agent"} <= offered <= {"admin", "supervisor", "agent", "light agent"} and len(
        ROLES
    ) == 4
