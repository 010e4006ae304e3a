"""A receiver that checks DKIM signatures (RFC 6376, 6.1; RFC 8463), written from the RFCs alone.

``tests/channels/test_signing.py`` holds it against the sample of RFC 8463 before it judges ours.
"""

from __future__ import annotations

import base64
import hashlib
import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa


def verifies(mail: bytes, record: str, nth: int = 0) -> bool:
    """Whether the nth signature of this mail is good under this TXT record."""
    head, body = mail.split(b"\r\n\r\n", 1)
    fields = re.split(rb"\r\n(?![ \t])", head)
    signature = [field for field in fields if _name(field) == b"dkim-signature"][nth]
    tags = _tags(signature.split(b":", 1)[1].decode())
    if base64.b64encode(hashlib.sha256(_body(body)).digest()).decode() != re.sub(r"\s", "", tags["bh"]):
        return False
    left, covered = list(fields), b""
    for name in tags["h"].split(":"):
        wanted = name.strip().lower().encode()
        if found := [at for at, field in enumerate(left) if _name(field) == wanted]:
            covered += _field(left.pop(found[-1])) + b"\r\n"
    covered += _field(re.sub(rb"(\bb=)[^;]*", rb"\1", signature))
    sealed = base64.b64decode(re.sub(r"\s", "", tags["b"]))
    published = base64.b64decode(_tags(record)["p"])
    try:
        if tags["a"] == "ed25519-sha256":
            key = ed25519.Ed25519PublicKey.from_public_bytes(published)
            key.verify(sealed, hashlib.sha256(covered).digest())
        else:
            public = serialization.load_der_public_key(published)
            assert isinstance(public, rsa.RSAPublicKey)
            public.verify(sealed, covered, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def _tags(text: str) -> dict[str, str]:
    parts = (part.partition("=") for part in text.split(";") if part.strip())
    return {name.strip(): value.strip() for name, _, value in parts}


def _name(field: bytes) -> bytes:
    return field.split(b":", 1)[0].strip().lower()


def _field(field: bytes) -> bytes:
    value = re.sub(rb"[ \t]+", b" ", field.split(b":", 1)[1].replace(b"\r\n", b"")).strip()
    return _name(field) + b":" + value


def _body(body: bytes) -> bytes:
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    text = b"\r\n".join(lines).rstrip(b"\r\n")
    return text + b"\r\n" if text else b""
