"""Message-IDs and reply addresses that carry the number of a thread and prove that we made them.

Without the secret nobody can name a thread: a forged or altered token reads as no token at all. The mac is
the first 80 bits of HMAC-SHA256. A key id lets the secret be changed while old mail is still being answered.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence

_MAC_BYTES = 10
_MAC_CHARS = 16  # ten bytes in base32
_KEY_CHARS = 2
_MAX_THREAD = 2**63 - 1
_MAX_LOCAL_PART = 64  # RFC 5321 section 4.5.3.1.1

_MESSAGE_ID = re.compile(r"<?t([0-9]{1,19})\.([a-z2-7]{16})\.([a-z2-7]{18})@[^<>@\s]{1,255}>?")
_ADDRESS = re.compile(r"([^@\s]{1,64})\+t([0-9]{1,19})\.([a-z2-7]{18})(@[^<>@\s]{1,255})")


class Signer:
    """Makes and checks tokens. `old` are secrets that are no longer used to sign but still accepted."""

    def __init__(self, secret: bytes, old: Sequence[bytes] = ()) -> None:
        if len(secret) < 16:
            raise ValueError("A secret for mail tokens needs at least 16 bytes.")
        self._secret = secret
        self._by_id = {_key_id(key): key for key in (*old, secret)}

    def message_id(self, thread_id: int, domain: str, once: bytes = b"") -> str:
        """A new, unique Message-ID for a mail of this thread, `<…>` included (RFC 5322 section 3.6.4).

        `once` stands in place of ten random bytes, for what has to come out the same a second time.
        """
        if not re.fullmatch(r"[A-Za-z0-9.-]{1,190}", domain):
            raise ValueError("A Message-ID needs a plain domain.")
        token = _base32(once or secrets.token_bytes(_MAC_BYTES))
        return f"<t{_number(thread_id)}.{token}.{self._sign('id', thread_id, token)}@{domain.lower()}>"

    def thread_of(self, message_id: str) -> int | None:
        """The thread a Message-ID of ours belongs to; None for a stranger's, and for a forged one."""
        found = _MESSAGE_ID.fullmatch(message_id.strip().lower())
        if not found:
            return None
        return self._checked("id", found[1], found[2], found[3])

    def reply_address(self, thread_id: int, address: str) -> str:
        """`support@shop.example` as `support+t42.<mac>@shop.example`. ValueError when that gets too long."""
        local, at, domain = address.rpartition("@")
        if not at or not local:
            raise ValueError("A reply address is made from an address.")
        token = f"t{_number(thread_id)}.{self._sign('to', thread_id, address.lower())}"
        if len(local) + 1 + len(token) > _MAX_LOCAL_PART:
            raise ValueError("This address is too long to carry a thread.")
        return f"{local}+{token}@{domain}"

    def thread_of_address(self, address: str) -> tuple[str, int] | None:
        """(the address without its token, the thread), in lower case; None without a token or with a forged
        one.
        """
        found = _ADDRESS.fullmatch(address.strip().lower())
        if not found:
            return None
        base = found[1] + found[4]
        thread = self._checked("to", found[2], base, found[3])
        return None if thread is None else (base, thread)

    def _sign(self, purpose: str, thread_id: int, about: str) -> str:
        return _key_id(self._secret) + _mac(self._secret, purpose, thread_id, about)

    def _checked(self, purpose: str, thread: str, about: str, signed: str) -> int | None:
        number = int(thread)
        key = self._by_id.get(signed[:_KEY_CHARS])
        # An unknown key costs the same as a known one.
        expected = _mac(key or self._secret, purpose, number, about)
        genuine = hmac.compare_digest(expected.encode(), signed[_KEY_CHARS:].encode())
        return number if genuine and key is not None and str(number) == thread else None


def _number(thread_id: int) -> int:
    if not 0 <= thread_id <= _MAX_THREAD:
        raise ValueError("A thread id is a positive number.")
    return thread_id


def _mac(secret: bytes, purpose: str, thread_id: int, about: str) -> str:
    said = f"prosa mail {purpose} {thread_id} {about}".encode()
    return _base32(hmac.digest(secret, said, hashlib.sha256)[:_MAC_BYTES])


def _key_id(secret: bytes) -> str:
    """Two characters that tell keys apart and say nothing about them."""
    return _base32(hmac.digest(secret, b"prosa mail key id", hashlib.sha256)[:5])[:_KEY_CHARS]


def _base32(data: bytes) -> str:
    """Lower case, as mail programs and people change the case of addresses."""
    return base64.b32encode(data).decode("ascii").rstrip("=").lower()
