"""Mails and bodies as JSON lines, for the command line: one object for each, in order, whatever is in
them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from inbox.mail.quotes import split
from inbox.mail.quotes_html import split as split_html
from inbox.mail.reader import Reader
from inbox.mail.values import Address, Mail, Unreadable


def as_json(mail: Mail, file: str) -> dict[str, Any]:
    """What `mail parse` prints of one mail."""
    return {
        "file": file,
        "message_id": mail.message_id,
        "in_reply_to": mail.in_reply_to,
        "references": list(mail.references),
        "from": _person(mail.from_),
        "reply_to": [_person(person) for person in mail.reply_to],
        "to": [_person(person) for person in mail.to],
        "cc": [_person(person) for person in mail.cc],
        "subject": mail.subject,
        "date": mail.date.isoformat() if mail.date else None,
        "text": mail.text,
        "html": mail.html,
        "reply_text": mail.reply_text,
        "auto_submitted": mail.auto_submitted,
        "bounce": mail.bounce,
        "attachments": [
            {
                "filename": item.filename,
                "content_type": item.content_type,
                "size": item.size,
                "sha256": item.sha256,
                "inline": item.inline,
                "content_id": item.content_id,
            }
            for item in mail.attachments
        ],
    }


def parse_paths(
    paths: Iterable[Path | str], attachments_out: Path | str | None = None
) -> Iterator[dict[str, Any]]:
    """One dict for each file, folders walked in order of names; a mail that cannot be read is `file` and
    `error`.

    With `attachments_out`, each attachment's bytes are written there, named by their SHA-256.
    """
    out = Path(attachments_out) if attachments_out is not None else None
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    with Reader() as reader:
        for file in _files(paths):
            yield _one(reader, file, out)


def _files(paths: Iterable[Path | str]) -> Iterator[Path]:
    for path in map(Path, paths):
        if path.is_dir():
            yield from sorted(child for child in path.rglob("*") if child.is_file())
        else:
            yield path


def _one(reader: Reader, file: Path, out: Path | None) -> dict[str, Any]:
    try:
        mail = reader.read(file.read_bytes())
        if out is not None:
            _write(mail, out)
    except Unreadable as error:
        return {"file": str(file), "error": error.reason}
    except OSError as error:
        return {"file": str(file), "error": f"This file cannot be read or written: {error.strerror}."}
    return as_json(mail, str(file))


def _write(mail: Mail, out: Path) -> None:
    for item in mail.attachments:
        target = out / item.sha256
        if not target.exists():
            target.write_bytes(item.content)


def _person(person: Address) -> dict[str, str]:
    return {"name": person.name, "address": person.address}


def strip_jsonl(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """For each JSON line with `input` (text) or `html`, the same without them and with `reply`, what is
    new.
    """
    for line in lines:
        if line.strip():
            yield _stripped(line)


def _stripped(line: str) -> dict[str, Any]:
    try:
        case = json.loads(line)
    except ValueError:
        return {"error": "This line is not JSON."}
    if not isinstance(case, dict):
        return {"error": "This line is not an object."}
    html = case.get("html") or (case.get("input") if case.get("kind") == "html" else None)
    reply = split_html(str(html)).reply_text if html else split(str(case.get("input", "")))[0]
    kept = {key: value for key, value in case.items() if key in ("id", "name", "source")}
    return {**kept, "reply": reply}
