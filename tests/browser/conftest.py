"""A house, a browser, and an agent who has signed in with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.chromium import executable, launch
from tests.house import BUILT, House

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
UNDO_SECONDS = "4"

expect.set_options(timeout=20_000)  # what is looked for comes; how soon is the benchmarks' question


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(240))
            if not BUILT:
                item.add_marker(pytest.mark.skip(reason="the front end is not built: make build"))
            elif executable() is None:
                item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))


@pytest.fixture
def only_loopback() -> None:
    """The browser has a process of its own; its network is checked by ``quiet``."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with House(tmp_path_factory.mktemp("house"), PROSA__OUTBOX__UNDO_SECONDS=UNDO_SECONDS) as made:
        yield made


@pytest.fixture(scope="package")  # what drives it keeps a loop running, and other tests have their own
def launched() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright.chromium)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def chromium(launched: Browser) -> Iterator[Browser]:
    """One for all; no window outlives the house it looks at."""
    yield launched
    for context in launched.contexts:
        context.close()


@pytest.fixture
def open_browser(chromium: Browser, house: House) -> Iterator[Callable[..., Page]]:
    """``open_browser("/views/open", width=390)``: a page of somebody signed in as the admin.

    At the end: no script failed, nothing broke the content security policy, nobody else was asked.
    """
    contexts: list[BrowserContext] = []
    said: list[str] = []

    def open_(path: str = "/views/open", *, width: int = 1440, height: int = 900, theme: str = "light",
              signed_in: bool = True) -> Page:  # fmt: skip
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, reduced_motion="reduce"
        )
        contexts.append(context)
        if signed_in:
            context.add_cookies(house.cookies())
        page = context.new_page()
        page.on("pageerror", lambda error: said.append(f"error: {error}"))
        page.on(
            "console", lambda line: said.append(line.text) if "Content Security Policy" in line.text else None
        )
        page.on(
            "request", lambda asked: None if _ours(asked.url, house) else said.append(f"asked {asked.url}")
        )
        page.goto(house.url + path)
        page.wait_for_load_state("load")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not said


def _ours(url: str, house: House) -> bool:
    return url.startswith((house.url, house.url.replace("http", "ws"), "data:", "blob:", "about:"))


@pytest.fixture
def empty_house(tmp_path: Path) -> Iterator[House]:
    """Nobody has been here yet."""
    made = House(tmp_path)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def problems() -> Callable[[Page], list[str]]:
    """What axe finds wrong on a page, WCAG 2.2 AA and best practice."""

    def find(page: Page) -> list[str]:
        # evaluated over the debugger, so that the page's own policy stays as it is
        page.evaluate(AXE.read_text() + "; null")
        found = page.evaluate(
            "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations'], preload: false})",
            ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
        )
        return [
            f"{rule['id']}: {node['html'][:160]} ({node.get('failureSummary', '')[:160]})"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]

    return find
