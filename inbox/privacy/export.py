"""Everything the house holds about a person, in one file (LGPD art. 18, II and V; GDPR art. 15 and 20).

A zip: ``data.json`` for machines, in the shape ``docs/privacy.md`` describes; ``index.html`` for people,
without scripts and without anything from elsewhere; the files that came and left; the mails as they did.

Notes that colleagues wrote about them are in it: opinions are personal data, too (CJEU C-434/16). Left out
is what would harm others (GDPR art. 15(4)): the names of who works here, what other people wrote in the
same conversation, and whom a message went to besides, where the person could not see it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select

from inbox import audit, files, memos
from inbox.db import now, reading, session, writing
from inbox.models import PrivacyRequest
from inbox.privacy import people, shred
from inbox.privacy.held import Copy, held
from inbox.privacy.page import page
from inbox.privacy.requests import LINK_DAYS, link

TEMPORARY = ".export-"


def make(request_id: int, lease: str) -> str:
    """Write it, and say that it is there; why not, if not. A worker that is killed leaves nothing that is not
    removed."""
    with _folder(request_id) as folder:
        path = folder / "export.zip"
        with reading():
            request = session.get_one(PrivacyRequest, request_id)
            if people.has_changed(request):
                return "changed"
            counts = _write(path, request)
        sha256, size = _digest(path)
        with writing():
            shred.doom([sha256])  # should we be killed before the row names it
        with writing():
            mine = (PrivacyRequest.id == request_id, PrivacyRequest.lease == lease)
            found = session.scalar(
                select(PrivacyRequest).where(*mine, PrivacyRequest.state == "running").with_for_update()
            )
            if found is None:
                return ""
            files.take(path, sha256)
            found.file_sha256, found.file_size, found.counts = sha256, size, dict(counts)
            found.state, found.finished_at, found.expires_at = "done", now(), now() + LINK_DAYS
            audit.record(
                "export_written", None, customer_id=found.customer_id, request=found.id, counts=dict(counts)
            )
            if found.by:
                memos.write(
                    found.by.email, "privacy_ready", found.by.language, agent=found.by, link=link(found)
                )
    return ""


@contextmanager
def _folder(request_id: int) -> Iterator[Path]:
    """On the same disk as the file store. What a killed worker left there of this one is removed first."""
    forget(request_id)
    with tempfile.TemporaryDirectory(dir=files.root(), prefix=f"{TEMPORARY}{request_id}-") as folder:
        yield Path(folder)


def forget(request_id: int) -> None:
    """Remove what was begun of this request's file and never ended."""
    for left in files.root().glob(f"{TEMPORARY}{request_id}-*"):
        shutil.rmtree(left, ignore_errors=True)


def _digest(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size


def _write(path: Path, request: PrivacyRequest) -> Counter[str]:
    person = people.of(request.customer_id)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        addresses = frozenset(one.address for one in people.identities(person))
        copy = Copy(archive, frozenset(person.identities), addresses)
        data = held(request, person, copy)
        archive.writestr("data.json", json.dumps(data, ensure_ascii=False, indent=1))
        archive.writestr("index.html", page(data))
    return copy.counts
