"""Files that customers fetch from us because no mail could carry them: a signed address that ends.

The signature covers the file's number, when the address ends, and the file's own random token: a number that
is given to another file later opens nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from inbox import vault
from inbox.config import settings
from inbox.db import now, session
from inbox.models import Attachment, Installation

DAYS = timedelta(days=30)

_TOKEN = re.compile(r"([0-9a-f]{1,8})-([0-9a-f]{1,9})-([A-Za-z0-9_-]{22})")
_NOBODYS = "x" * 32


def public_url() -> str:
    """What links that leave the house begin with: settings or the set-up page, never the Host header."""
    return (settings().web.public_url or Installation.current().public_url).rstrip("/")


def ends() -> datetime:
    """When a link that is made now stops working: a whole second, as the address carries it."""
    return (now() + DAYS).replace(microsecond=0)


def address(file: Attachment, until: datetime) -> str:
    """Where the file can be fetched by whoever has this address, until then."""
    return f"{public_url()}/f/{token(file, until)}"


def token(file: Attachment, until: datetime) -> str:
    number, second = file.id, int(until.timestamp())
    return f"{number:x}-{second:x}-{_seal(number, second, file.token)}"


def find(given: str) -> Attachment | None:
    """The file this token opens; None if it is forged, has ended, or the file is gone, all alike."""
    parts = _TOKEN.fullmatch(given)
    if not parts:
        return None
    number, second = int(parts[1], 16), int(parts[2], 16)
    file = session.scalar(select(Attachment).where(Attachment.id == number)) if number < 2**31 else None
    genuine = hmac.compare_digest(_seal(number, second, file.token if file else _NOBODYS), parts[3])
    ended = datetime.fromtimestamp(second, UTC) <= now()
    if file is None or not genuine or ended or file.linked_until is None or file.message_id is None:
        return None
    return file


def _seal(number: int, second: int, secret: str) -> str:
    said = f"{number} {second} {secret}".encode()
    mac = hmac.digest(vault.derived(b"downloads"), said, hashlib.sha256)[:16]
    return base64.urlsafe_b64encode(mac).decode("ascii").rstrip("=")
