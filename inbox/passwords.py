"""Passwords: the rule, and Argon2id."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from inbox.text import fold

SHORTEST, LONGEST = 10, 200

COMMON = frozenset(
    """
    0123456789 1234567890 12345678910 123456789a 1q2w3e4r5t 1qaz2wsx3edc 9876543210 abcd123456 abcdefghij
    administrador administrator basketball changeme123 corinthians flamengo10 football123 iloveyou123
    letmein123 minhasenha mudar12345 password01 password12 password123 password1234 passw0rd123
    princess123 q1w2e3r4t5 qwerty1234 qwerty12345 qwerty123456 qwertyuiop qwertyuiop123 saopaulo123
    senha12345 senha123456 senhasenha superman123 suporte123 support123 teste12345 welcome123 welcome1234
    """.split()  # noqa: SIM905 (a list of words, not of quotes)
)

_hasher = PasswordHasher(time_cost=1, memory_cost=46 * 1024, parallelism=1)
"""OWASP's first choice for Argon2id; one lane, so that two logins leave the other requests a core."""
_at_once = threading.BoundedSemaphore(2)
"""46 MB each: a flood of logins must not take the machine's memory."""


class Weak(ValueError):
    """Breaks the rule. ``args[0]`` says how: ``short long common personal``."""


def check_rule(password: str, *personal: str) -> None:
    """Long enough, not one everybody tries first, and not the company's name or the own e-mail."""
    if len(password) < SHORTEST:
        raise Weak("short")
    if len(password) > LONGEST:
        raise Weak("long")
    plain = fold(password)
    if plain in COMMON or _core(plain) in _cores() or len(set(plain)) < 4:
        raise Weak("common")
    own = {_core(fold(word)) for name in personal for word in (name, name.partition("@")[0])}
    if _core(plain) in own - {""}:
        raise Weak("personal")


def _core(word: str) -> str:
    """``Acme-2026!`` is still ``acme``."""
    return "".join(c for c in word if c.isalpha())


@cache
def _cores() -> frozenset[str]:
    """Words that everybody begins with, whatever figures follow: ``Password2026!``."""
    return frozenset(_core(word) for word in COMMON) - {""}


def hash_of(password: str) -> str:
    return str(_slowly(_hasher.hash, password))


def matches(hashed: str, password: str) -> bool:
    """Whether this is the password. Without a hash it takes just as long and is False."""
    return bool(_slowly(_verify, hashed, password[:LONGEST]))


def _verify(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed or _nobody(), password) and bool(hashed)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    return str(_hasher.hash("nobody has this one"))


def _slowly(work: Callable[..., Any], *values: Any) -> Any:
    """Argon2 takes its time on purpose: under gevent in a real thread, so that the others go on."""
    monkey = sys.modules.get("gevent.monkey")
    with _at_once:
        if monkey and monkey.is_module_patched("threading"):
            import gevent

            return gevent.get_hub().threadpool.apply(work, values)
        return work(*values)
