"""What every mail of ours carries so that we know it again: a header of this installation, a ticket's number.

The header is no secret and proves nothing about who sent a mail. It only says that one of ours came back,
which no customer's mail program does: a forwarding rule or another machine does.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

HEADER = "X-Prosa"

_NUMBER = re.compile(r"\[#([1-9][0-9]{0,9})\]")


def mark(secret: bytes) -> str:
    """What stands in ``HEADER``: the same for every mail of one installation, and for no other's."""
    seal = hmac.digest(secret, b"prosa mail mark", hashlib.sha256)[:15]
    return base64.b32encode(seal).decode("ascii").lower()


def is_ours(secret: bytes, value: str) -> bool:
    """Whether this value of ``HEADER`` is this installation's."""
    return hmac.compare_digest(mark(secret).encode(), value.strip().lower().encode("utf-8", "replace"))


def numbered(subject: str, number: int) -> str:
    """The subject with ``[#123]`` at its end; as it is, where that stands in it already."""
    if number in numbers(subject):
        return subject
    hook = f"[#{number}]"
    return f"{subject[: 998 - len(hook) - 1].rstrip()} {hook}".strip()


def numbers(subject: str) -> list[int]:
    """The ticket numbers a subject names, in order. They prove nothing: anybody can write one."""
    return [int(number) for number in _NUMBER.findall(subject)]
