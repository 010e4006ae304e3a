"""Bytes that must not get lost: raw mail and attachments, named by what they contain.

A file is on the disk (and so is its name) before the transaction that mentions it commits, so a row never
points at nothing, whenever the power goes.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

_root: Path | None = None


class Missing(Exception):
    """The bytes are gone, or are not what was stored."""


def use(url: str) -> None:
    """Keep files where this URL says; ``file:`` is what there is, ``s3:`` has its door here."""
    global _root
    parts = urlsplit(url)
    if parts.scheme not in ("", "file"):
        raise ValueError(f"files.url: {parts.scheme}: is not supported; use file:/path/to/folder")
    _root = Path(unquote(parts.path))
    _root.mkdir(parents=True, exist_ok=True, mode=0o700)


def put(content: bytes) -> str:
    """Keep these bytes and return their SHA-256; when it returns they survive a power cut.

    Raises OSError if they cannot be kept (a full disk): then nothing may be acknowledged.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    path = _path(sha256)
    if path.exists() and path.stat().st_size == len(content):
        return sha256
    if not path.parent.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _sync(path.parent.parent)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync(path.parent)
    return sha256


def get(sha256: str) -> bytes:
    """The bytes, checked against their name. Raises Missing if they are gone or damaged."""
    try:
        content = _path(sha256).read_bytes()
    except FileNotFoundError:
        raise Missing(f"{sha256} is not in the file store") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise Missing(f"{sha256} is damaged in the file store")
    return content


def _path(sha256: str) -> Path:
    if _root is None:
        raise RuntimeError("call files.use() first")
    if len(sha256) != 64 or not sha256.isalnum():
        raise Missing("not a name of a file")
    return _root / sha256[:2] / sha256


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
