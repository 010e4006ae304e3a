"""The system's Chromium, as Playwright drives it here."""

from __future__ import annotations

import os
import shutil

from playwright.sync_api import Browser, BrowserType

WHOLE = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
SHELL = "chromium-headless-shell"
"""The same without windows that nobody looks at, and without notifications: a quarter less work."""

QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def executable(*, whole: bool = False) -> str | None:
    names = WHOLE if whole else (SHELL, *WHOLE)
    return next((found for name in names if (found := shutil.which(name))), None)


def launch(chromium: BrowserType, *, whole: bool = False) -> Browser:
    sandbox = ["--no-sandbox"] if hasattr(os, "getuid") and os.getuid() == 0 else []
    return chromium.launch(executable_path=executable(whole=whole), args=[*QUIET, *sandbox])
