"""The second factor from the QR code to the next sign-in, and oneself: photo and hours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Page, expect

from tests.house import ADMIN, House
from tests.mail.pictures import drawing

Open = Callable[..., Page]
Problems = Callable[[Page], list[str]]


def press(page: Page) -> None:
    with page.expect_navigation():
        page.locator("main .btn-main").first.click()


def test_a_second_factor_is_set_up_and_asked_for(
    house: House, open_browser: Open, problems: Problems
) -> None:
    page = open_browser("/settings/security/second-factor")
    page.keyboard.type(ADMIN["password"])  # the field has the focus
    press(page)
    expect(page.locator(".qr")).to_be_visible()
    assert problems(page) == []
    secret = page.locator("#secret").inner_text().replace(" ", "")
    page.keyboard.type("000000")
    press(page)
    expect(page.locator("[aria-invalid=true]")).to_be_focused()
    page.locator("[name=code]").fill(pyotp.TOTP(secret).now())
    press(page)
    codes = page.locator(".codes code").all_inner_texts()
    assert len(codes) == 10 and problems(page) == []
    press(page)
    expect(page.locator("main")).to_contain_text("10 backup codes are left")

    other = open_browser("/login", width=390, height=844, theme="dark", signed_in=False)
    other.locator("[name=email]").fill(ADMIN["email"])
    other.locator("[name=password]").fill(ADMIN["password"])
    press(other)
    expect(other.locator("[name=code]")).to_be_focused()
    assert problems(other) == []
    other.keyboard.type(codes[0])
    other.locator("[name=trust]").check()
    press(other)
    other.goto(f"{house.url}/settings/security")
    expect(other.locator("main")).to_contain_text("9 backup codes are left")
    expect(other.locator("[id^=browser-]")).to_have_count(1)
    assert problems(other) == []

    page.goto(f"{house.url}/settings/security")
    page.locator("[id^=session-]").filter(has_not_text="this one").get_by_role("button").first.click()
    expect(other).to_have_url(f"{house.url}/login?next=%2Fsettings%2Fsecurity")  # its socket fell at once


@pytest.mark.parametrize("width", [1440, 390])
def test_a_photo_and_hours_are_set_where_one_is(
    width: int, house: House, open_browser: Open, problems: Problems, tmp_path: Path
) -> None:
    photo = tmp_path / "me.png"
    photo.write_bytes(drawing(300, 200, "PNG"))
    page = open_browser("/settings/me", width=width)
    with page.expect_navigation():
        page.locator("#photo-file").set_input_files(photo)
    shown = page.locator(".settings-head img")
    expect(shown).to_be_visible()
    expect(shown).to_have_js_property("naturalWidth", 256)  # once it has come

    for day in ("tue", "wed", "thu", "fri", "sat", "sun", "mon"):
        while page.locator(f"[data-day={day}] .span").count():
            page.locator(f"[data-day={day}] [data-span-drop]").first.click()
    monday = page.locator("[data-day=mon]")
    monday.locator("[data-span-add]").click()
    expect(monday.locator("input").first).to_be_focused()
    monday.locator("input").nth(1).fill("8h")
    monday.locator("[data-day-copy]").click()
    expect(page.locator("[data-day=sun] .span")).to_have_count(1)
    save = page.locator("form[data-hours] [type=submit]")
    with page.expect_navigation():
        save.click()
    expect(page.locator("#mon-problem")).to_contain_text("The end comes after the beginning")
    assert problems(page) == []
    for field in page.locator("input[name$=-to]").all():
        field.fill("17h30")
    with page.expect_navigation():
        save.click()
    expect(monday.locator("input").nth(1)).to_have_value("17:30")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
