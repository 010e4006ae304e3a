"""DKIM signatures, for a server that does not sign what we send (RFC 6376; RFC 8463 for Ed25519).

Only signing: ``cryptography`` does the arithmetic, and what is left are the rules for what is signed. The
one maintained library, dkimpy, comes without a wheel.
"""

from __future__ import annotations

import base64
import hashlib
import re
import time

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from inbox.channels import N_, SendError

BROKEN = N_("The DKIM key of this mailbox cannot be used: put it right in Settings, Mailboxes. (%(detail)s)")

SIGNED = (
    "From", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References",
    "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Auto-Submitted",
    "List-Unsubscribe", "List-Unsubscribe-Post",
)  # fmt: skip
SEALED = ("From", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type")
"""Named once more than they occur: one more, or a first, breaks the signature (RFC 6376, 8.15)."""

RSA_BITS = 2048
WEAKEST_RSA = 1024

PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

_SELECTOR = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_BLANKS = re.compile(rb"[ \t]+")
_FIELD = re.compile(rb"([!-9;-~]+):((?:[^\r\n]*)(?:\r\n[ \t][^\r\n]*)*)\r\n")


def new_key(kind: str = "rsa") -> tuple[str, str]:
    """A private key as PEM, and the TXT record to publish at ``<selector>._domainkey.<domain>``.

    ``rsa`` is what every receiver checks; ``ed25519`` is short, and some do not know it.
    """
    key: PrivateKey
    if kind == "ed25519":
        key = ed25519.Ed25519PrivateKey.generate()
    else:
        key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode("ascii")
    return pem, record(pem)


def record(private_pem: str) -> str:
    """The TXT record for a key we have. Raises SendError."""
    key = _loaded(private_pem)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        public = key.public_key().public_bytes_raw()
        return f"v=DKIM1; k=ed25519; p={base64.b64encode(public).decode('ascii')}"
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode('ascii')}"


def signed(raw: bytes, domain: str, selector: str, private_pem: str) -> bytes:
    """The mail with its signature on top; not a byte of it may change afterwards.

    ``domain`` is that of the From address, in ASCII. Raises SendError (permanent) if the key is no key.
    """
    if not _SELECTOR.fullmatch(selector):
        raise SendError(BROKEN, "selector", permanent=True)
    key = _loaded(private_pem)
    head, _, body = raw.partition(b"\r\n\r\n")
    fields = _FIELD.findall(head + b"\r\n")
    names = _to_sign(fields)
    kind = "ed25519-sha256" if isinstance(key, ed25519.Ed25519PrivateKey) else "rsa-sha256"
    digest = base64.b64encode(hashlib.sha256(relaxed_body(body)).digest()).decode("ascii")
    said = (
        f"v=1; a={kind}; c=relaxed/relaxed;\r\n d={domain}; s={selector}; t={int(time.time())};\r\n"
        f" h={_folded(':'.join(names), ':')};\r\n bh={digest};\r\n b="
    )
    what = signed_bytes(fields, names) + relaxed_field(b"DKIM-Signature", said.encode("ascii"))
    seal = base64.b64encode(_signature(key, what.removesuffix(b"\r\n"))).decode("ascii")
    parts = [seal[at : at + 72] for at in range(0, len(seal), 72)]
    return f"DKIM-Signature: {said}{(chr(13) + chr(10) + ' ').join(parts)}\r\n".encode("ascii") + raw


def signed_bytes(fields: list[tuple[bytes, bytes]], names: list[str]) -> bytes:
    """The fields that are named, each name taking the lowest one left (RFC 6376, 5.4.2)."""
    left = list(fields)
    found = b""
    for name in names:
        for at in range(len(left) - 1, -1, -1):
            if left[at][0].lower() == name.lower().encode("ascii"):
                found += relaxed_field(*left.pop(at))
                break
    return found


def relaxed_field(name: bytes, value: bytes) -> bytes:
    """A field as the relaxed algorithm sees it (RFC 6376, 3.4.2)."""
    unfolded = _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" \t")
    return name.lower().strip() + b":" + unfolded + b"\r\n"


def relaxed_body(body: bytes) -> bytes:
    """A body as the relaxed algorithm sees it (RFC 6376, 3.4.4)."""
    lines = [_BLANKS.sub(b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


def _to_sign(fields: list[tuple[bytes, bytes]]) -> list[str]:
    there = [name.decode("ascii").lower() for name, _value in fields]
    return [name for name in SIGNED for _ in range(there.count(name.lower()))] + list(SEALED)


def _loaded(private_pem: str) -> PrivateKey:
    try:
        key = serialization.load_pem_private_key(private_pem.strip().encode("ascii"), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as problem:
        raise SendError(BROKEN, "PEM", permanent=True) from problem
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= WEAKEST_RSA:
        return key
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    raise SendError(BROKEN, "RSA, Ed25519", permanent=True)


def _signature(key: PrivateKey, what: bytes) -> bytes:
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(hashlib.sha256(what).digest())  # RFC 8463, 3: the hash is what is signed
    return key.sign(what, padding.PKCS1v15(), hashes.SHA256())


def _folded(text: str, at: str) -> str:
    """On lines of 78 at most, broken after ``at``."""
    lines = [""]
    for part in text.split(at):
        if len(lines[-1]) + len(part) > 68:
            lines.append("")
        lines[-1] += part + at
    return "\r\n ".join(lines).removesuffix(at)
