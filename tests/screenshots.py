"""``make screenshots``: the README's pictures, taken of the demo as it really runs."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import launch
from tests.house import ROOT, House

WHERE = ROOT / "docs" / "images"
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
PICTURES = (
    ("inbox-light", "en", "light", WIDE),
    ("inbox-dark", "pt-BR", "dark", WIDE),
    ("phone", "pt-BR", "light", PHONE),
)


def main() -> None:
    WHERE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        house = House(Path(folder), command="demo")
        browser = launch(playwright.chromium)
        try:
            house.start()
            house.walk_in()
            path = _cup(house)
            for name, language, theme, size in PICTURES:
                _speak(house, language)
                _take(browser, house, name, theme, size, path)
        finally:
            browser.close()
            house.stop()


def _cup(house: House) -> str:
    """Where Marina asks for another cup: this morning's conversations come last."""
    page = house.http.get(f"{house.url}/search?q=trincada+4821", timeout=20).text
    found = re.findall(r'id="row-(\d+)"', page)
    return f"/views/open/tickets/{found[0]}"


def _speak(house: House, language: str) -> None:
    answer = house.ask(
        "POST", "/settings/me", name=house.who, language=language, zone="America/Recife", single_keys="y"
    )
    assert answer.status_code == 200, answer.text[:500]


def _take(browser: Browser, house: House, name: str, theme: str, size: dict[str, int], path: str) -> None:
    scale = 2 if size is PHONE else 1
    context = browser.new_context(viewport=size, color_scheme=theme, device_scale_factor=scale)
    context.add_cookies(house.cookies())
    page = context.new_page()
    page.goto(house.url + path, wait_until="networkidle")  # pictures are fetched when they come into sight
    page.wait_for_timeout(1200)
    page.screenshot(path=WHERE / f"{name}.png")
    context.close()
    print(f"docs/images/{name}.png")


if __name__ == "__main__":
    main()
