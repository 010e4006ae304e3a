"""Secrets of connected accounts (a mailbox's password), encrypted at rest with the installation's key."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken

from inbox.config import settings


class Unreadable(Exception):
    """It was sealed with another key: the file ``secret`` of this installation was replaced."""


def seal(plain: str) -> str:
    return _box().encrypt(plain.encode()).decode() if plain else ""


def unseal(sealed: str) -> str:
    if not sealed:
        return ""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unreadable("it was saved with another key; type it again in Settings") from None


def signing_key() -> bytes:
    """What Message-IDs and reply addresses are signed with; never the key that encrypts."""
    return derived(b"signing")


def derived(purpose: bytes) -> bytes:
    return hashlib.blake2b(settings().secret, digest_size=32, person=purpose[:16]).digest()


def _box() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(derived(b"vault")))
