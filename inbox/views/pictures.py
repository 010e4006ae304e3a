"""Pictures: from elsewhere through us, once somebody asked for them, and files as thumbnails.

Whoever serves a picture learns that it was fetched, by us and without cookies, and nothing of who reads.
What is shown was drawn anew in the reading child.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from flask import Blueprint, Response, abort, make_response

from inbox import db, fetch, files
from inbox.mail import Unreadable, limits, remote_sources
from inbox.mail.values import Picture
from inbox.models import Message
from inbox.views import found
from inbox.views.reading import READER
from inbox.web import headers
from inbox.web.permissions import AGENT, allow

bp = Blueprint("pictures", __name__)

WIDEST, HIGHEST = 2_000, 8_000
THUMBNAIL = 160  # twice of what it is shown at, for fine screens
SECONDS = 15.0
MOST_IMAGES = 300  # of one mail
ACCEPT = "image/png, image/jpeg, image/gif, image/webp"


class Shelf:
    """What was drawn a moment ago, or could not be: so much of it, for so long, in this process alone.

    What could not be is tried again after a tenth of that time.
    """

    def __init__(self, most_bytes: int, seconds: float) -> None:
        self.most_bytes, self.seconds = most_bytes, seconds
        self._kept: OrderedDict[str, tuple[float, Picture | None]] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def get(self, key: str, make: Callable[[], Picture | None]) -> Picture | None:
        """What stands at `key`, or what `make` gives, which is then put there."""
        with self._lock:
            until, picture = self._kept.get(key, (0.0, None))
        if until > time.monotonic():
            return picture
        made = make()
        with self._lock:
            self._drop(key)
            self._kept[key] = (time.monotonic() + (self.seconds if made else self.seconds / 10), made)
            self._bytes += _weight(made)
            while self._bytes > self.most_bytes:
                self._drop(next(iter(self._kept)))
        return made

    def _drop(self, key: str) -> None:
        if key in self._kept:
            self._bytes -= _weight(self._kept.pop(key)[1])


def _weight(picture: Picture | None) -> int:
    return 500 + (len(picture.content) if picture else 0)


_shelf = Shelf(most_bytes=32_000_000, seconds=600)


def address(message: Message) -> Callable[[str], str]:
    """For a message's remote images: where each is found with us."""
    return lambda source: f"/messages/{message.id}/images/{name_of(source)}"


def name_of(source: str) -> str:
    return hashlib.sha256(source.encode("utf-8", "replace")).hexdigest()[:32]


@bp.get("/messages/<int:message_id>/images/<name>")
@allow(AGENT)
def remote(message_id: int, name: str) -> Response:
    """An image of this mail, by its hash: nobody can ask us for an address that does not stand in it."""
    source = _source(found.message(message_id), name) or abort(404)
    db.session.commit()  # nothing is written: others may have the connection while somebody else answers
    return _drawn(_shelf.get(f"url {source}", lambda: _fetched(source)))


def _source(message: Message, name: str) -> str | None:
    sources = remote_sources((message.html or "") + (message.quoted_html or ""))[:MOST_IMAGES]
    return next((source for source in sources if name_of(source) == name), None)


def _fetched(source: str) -> Picture | None:
    try:
        answer = fetch.get(source, limit=limits.MAX_PICTURE_BYTES, timeout=SECONDS, accept=ACCEPT)
        if answer.status != 200:
            return None
        return READER.draw(answer.body, WIDEST, HIGHEST, moving=True)
    except (fetch.Refused, fetch.Failed, Unreadable):
        return None


@bp.get("/files/<token>/small")
@allow(AGENT)
def small(token: str) -> Response:
    """A file as a thumbnail, if it is surely a picture."""
    file = found.file(token)
    return _drawn(_shelf.get(f"small {file.sha256}", lambda: _reduced(file.sha256)))


def _reduced(sha256: str) -> Picture | None:
    try:
        return READER.draw(files.get(sha256), THUMBNAIL, THUMBNAIL)
    except (files.Missing, Unreadable):
        return None


def _drawn(picture: Picture | None) -> Response:
    """Opened by itself it can do nothing; it stays with who asked, and not for long."""
    if picture is None:
        abort(404)
    response = make_response(picture.content)
    response.headers["Content-Type"] = picture.content_type
    response.headers["Content-Security-Policy"] = headers.FILE
    response.headers["Cache-Control"] = "private, max-age=600"
    return response
