"""Mails and bodies as JSON lines."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from inbox.mail.report import parse_paths, strip_jsonl
from tests.mail import letters


def test_each_file_is_one_line_and_a_bad_one_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "1.eml").write_bytes(letters.GMAIL_REPLY)
    (tmp_path / "2.eml").write_bytes(b"")
    (tmp_path / "3.eml").write_bytes(letters.OUTLOOK_HTML)
    first, second, third = parse_paths([tmp_path])
    assert json.loads(json.dumps(first)) == first
    assert first["from"] == {"name": "Beatriz Moura (pedidos)", "address": "bia.moura@gmail.example"}
    assert first["date"] == "2026-11-10T12:12:31+00:00"
    assert set(second) == {"file", "error"} and second["file"].endswith("2.eml")
    assert third["attachments"][0]["filename"] == "logo.png"


def test_files_are_written_by_their_hash(tmp_path: Path) -> None:
    mail = tmp_path / "1.eml"
    mail.write_bytes(letters.OUTLOOK_HTML)
    (line,) = parse_paths([mail], tmp_path / "out")
    sha256 = line["attachments"][0]["sha256"]
    assert hashlib.sha256((tmp_path / "out" / sha256).read_bytes()).hexdigest() == sha256


def test_a_missing_file_is_an_error_line(tmp_path: Path) -> None:
    (line,) = parse_paths([tmp_path / "nada.eml"])
    assert "error" in line


def test_bodies_are_stripped_line_by_line() -> None:
    lines = [
        '{"input": "Oi\\n\\n> velho", "id": 1}',
        "",
        '{"html": "<p>Oi</p><div class=\\"yahoo_quoted\\">v</div>"}',
        "x",
    ]
    assert list(strip_jsonl(lines)) == [
        {"id": 1, "reply": "Oi"},
        {"reply": "Oi"},
        {"error": "This line is not JSON."},
    ]
