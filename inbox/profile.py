"""How somebody appears: their photo, the signature under what they write, and when they work."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from inbox import files, pictures
from inbox.db import session
from inbox.mail import clean_written, to_text
from inbox.models import Agent
from inbox.sla import hours


def set_photo(agent: Agent, drawn: bytes) -> None:
    """A picture that was drawn anew, at an address nobody can guess: what a browser keeps stays right."""
    agent.photo_sha256, agent.photo_token = files.put(drawn), secrets.token_urlsafe(24)
    session.flush()


def drop_photo(agent: Agent) -> None:
    agent.photo_sha256 = agent.photo_token = None


def set_signature(agent: Agent, typed: str) -> None:
    """Words and links, no pictures: those belong to the address."""
    html = typed if "<" in typed else "<br>".join(escape(typed.strip()).splitlines())
    kept, _pictures = pictures.keep(clean_written(html).strip(), [])
    agent.signature = kept if to_text(kept).strip() else ""


def set_hours(agent: Agent, typed: Mapping[str, Sequence[Sequence[str]]]) -> None:
    """Raises hours.Wrong. A week without any means that they do not say."""
    agent.hours = hours.read(typed).as_json()


def week(agent: Agent) -> hours.Week:
    return hours.read(agent.hours)


def at_work(agent: Agent, at: datetime) -> tuple[bool, datetime | None] | None:
    """Whether they work at this moment, and when they begin next; None where they did not say."""
    said, zone = week(agent), ZoneInfo(agent.zone)
    return (said.is_open(at, zone), said.opens(at, zone)) if said else None
