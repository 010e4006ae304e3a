"""Web push on the wire: encryption for one browser (RFC 8291) and who we are (VAPID, RFC 8292).

Our key is derived from the installation's secret like every other, so it is made once, is nowhere to be read,
and comes back with a restored backup.
"""

from __future__ import annotations

import base64
import json
import secrets
import struct
import time
from functools import cache
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from inbox import vault

RECORD = 4096
PADDED = 1024
"""Every message is as long as this, so that its length says nothing."""

LASTS = 12 * 3600
"""Seconds a signature holds; the standard's limit is a day."""

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256 (FIPS 186-4, D.1.2.3): a private key is a number below it."""


class BadKeys(ValueError):
    """What a browser sent as its keys are none."""


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Strictly: BadKeys for anything that `encode` would not have written."""
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise BadKeys from None
    if encode(data) != text:
        raise BadKeys
    return data


def public_key() -> str:
    """Ours, as browsers want it: an uncompressed point in base64url (RFC 8292, 3.2)."""
    return encode(_point(_own_key().public_key()))


def check(p256dh: str, auth: str) -> None:
    """Raises BadKeys unless it is a point of the curve, and 16 bytes."""
    _browser_key(decode(p256dh))
    if len(decode(auth)) != 16:
        raise BadKeys


def encrypt(message: bytes, p256dh: str, auth: str) -> bytes:
    """One record of ``aes128gcm`` that only this browser can read (RFC 8188, RFC 8291)."""
    if len(message) > PADDED:
        raise ValueError("a push message is short")
    theirs, salt, once = decode(p256dh), secrets.token_bytes(16), ec.generate_private_key(ec.SECP256R1())
    ours = _point(once.public_key())
    shared = once.exchange(ec.ECDH(), _browser_key(theirs))
    secret = _derived(shared, decode(auth), b"WebPush: info\0" + theirs + ours, 32)
    key = _derived(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(secret, salt, b"Content-Encoding: nonce\0", 12)
    padded = message + b"\x02" + bytes(PADDED - len(message))
    return salt + struct.pack("!LB", RECORD, len(ours)) + ours + AESGCM(key).encrypt(nonce, padded, None)


def authorization(endpoint: str, subject: str) -> str:
    """The header by which a push service knows us; ``subject`` is where its people can reach ours."""
    parts = urlsplit(endpoint)
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": int(time.time()) + LASTS, "sub": subject}
    said = ".".join(encode(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "ES256"}, claims))
    r, s = decode_dss_signature(_own_key().sign(said.encode(), ec.ECDSA(hashes.SHA256())))
    signature = encode(r.to_bytes(32) + s.to_bytes(32))
    return f"vapid t={said}.{signature}, k={public_key()}"


def _own_key() -> ec.EllipticCurvePrivateKey:
    return _key_of(vault.derived(b"web push"))


@cache
def _key_of(derived: bytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(derived) % (_ORDER - 1) + 1, ec.SECP256R1())


def _browser_key(point: bytes) -> ec.EllipticCurvePublicKey:
    try:
        if len(point) != 65:
            raise BadKeys
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        raise BadKeys from None


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)
