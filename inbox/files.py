"""Bytes that must not get lost: raw mail and attachments, named by what they contain.

A file is on the disk (and so is its name) before the transaction that mentions it commits, so a row never
points at nothing, whenever the power goes.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import time
from datetime import timedelta
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
    for folder in (_root.parent, _root):  # parents that mkdir makes by itself are open to everybody
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def put(content: bytes, *, wait: bool = True) -> str:
    """Keep these bytes and return their SHA-256; when it returns they survive a power cut. Without ``wait``
    they may not: for what can be made again.

    Raises OSError if they cannot be kept (a full disk): then nothing may be acknowledged.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    path = _path(sha256)
    if _is_there(path, len(content)):
        return sha256
    _make_room(path, wait=wait)
    temporary = f"{path.parent}/.new-{secrets.token_hex(8)}"
    try:
        with open(temporary, "xb", buffering=0, opener=_for_us_only) as file:
            _write(file, content)
            if wait:
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    if wait:
        _sync(path.parent)
    return sha256


def _for_us_only(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _write(file: io.FileIO, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]


def get(sha256: str) -> bytes:
    """The bytes, checked against their name. Raises Missing if they are gone or damaged."""
    try:
        content = _path(sha256).read_bytes()
    except FileNotFoundError:
        raise Missing(f"{sha256} is not in the file store") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise Missing(f"{sha256} is damaged in the file store")
    return content


def take(made: Path, sha256: str) -> None:
    """Keep a file that was written elsewhere on the same disk, whose SHA-256 this is; it is moved."""
    path = _path(sha256)
    _make_room(path)
    _sync(made)
    os.replace(made, path)
    _sync(path.parent)


def root() -> Path:
    """Where they lie; who writes a large one elsewhere on this disk can have it moved in (``take``)."""
    if _root is None:
        raise RuntimeError("call files.use() first")
    return _root


def path_of(sha256: str) -> Path:
    """Where the bytes lie, for what is too large to be held at once. Raises Missing."""
    path = _path(sha256)
    if not path.exists():
        raise Missing(f"{sha256} is not in the file store")
    return path


def remove(sha256: str, untouched: timedelta) -> bool:
    """Take these bytes away for good, unless somebody put the same ones so lately that their row may not be
    committed yet; False then, to be asked again. The caller knows that no row needs them.

    They are hidden before they are looked at: who puts them meanwhile finds nothing there, and writes them.
    """
    path = _path(sha256)
    hidden = path.with_name(f".gone-{sha256}")
    try:
        path.rename(hidden)
    except FileNotFoundError:
        hidden.unlink(missing_ok=True)  # what a crash left half done
        return True
    if time.time() - hidden.stat().st_mtime < untouched.total_seconds():
        hidden.rename(path)
        return False
    hidden.unlink()
    _sync(path.parent)
    return True


def _is_there(path: Path, size: int) -> bool:
    """Whether we have it already; touched, so that nobody takes it away before we have committed."""
    try:
        if path.stat().st_size != size:
            return False
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _make_room(path: Path, *, wait: bool = True) -> None:
    if not path.parent.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if wait:
            _sync(path.parent.parent)


def _path(sha256: str) -> Path:
    if len(sha256) != 64 or not sha256.isalnum():
        raise Missing("not a name of a file")
    return root() / sha256[:2] / sha256


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
