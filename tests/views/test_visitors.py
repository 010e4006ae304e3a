"""Before anybody is signed in: languages, and health."""

from __future__ import annotations

from typing import Any

import pytest

from tests.clients import Browser


@pytest.mark.parametrize(
    ("asked", "accepts", "language"),
    [
        ("", "", "en"),
        ("", "pt-BR,pt;q=0.9", "pt-BR"),
        ("", "pt", "pt-BR"),
        ("", "fr", "en"),
        ("?lang=pt-BR", "en", "pt-BR"),
        ("?lang=xx", "en", "en"),
    ],
)
def test_a_visitor_is_spoken_to_in_their_language(
    asked: str, accepts: str, language: str, visitor: Browser
) -> None:
    page = visitor.get(f"/login{asked}", headers={"Accept-Language": accepts} if accepts else {}).text
    assert f'<html lang="{language}"' in page


def test_health_needs_no_database(visitor: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    assert visitor.get("/healthz").json == {"status": "alive"}
    ready = visitor.get("/readyz")
    assert ready.status_code == 503
    answer: dict[str, Any] = ready.json or {}
    assert answer["database"] is True and answer["valkey"] is False
    everybody = {"intake", "outbox", "reactions", "push", "timetable", "collector", "listener"}
    assert set(answer["workers"]) == everybody
