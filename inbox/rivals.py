"""One draft, written in two windows at once: the newest words stand, the others stay beside them, offered.

A window has a ``hand`` of its own and says from which words it began. Words it has not seen, by another
hand, are put aside before they are written over, and only their writer throws them away.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inbox import live
from inbox.db import after_commit, now
from inbox.models import Draft

KEPT = ("hand", "apart")
"""Where a draft keeps this, among what stands in its fields."""

MOST = 3
"""Windows beyond this many are not remembered apart."""


@dataclass(frozen=True, slots=True)
class Writer:
    """A window that writes, and the digest of the words it began from."""

    hand: str
    base: str


@dataclass(frozen=True, slots=True)
class Words:
    """What stands apart. ``name`` tells them from others of the same draft."""

    name: str
    html: str
    written_at: datetime
    hand: str


def digest(html: str) -> str:
    return hashlib.sha256(html.encode()).hexdigest()[:16] if html else ""


def hand_of(draft: Draft) -> str:
    return str(draft.recipients.get("hand", ""))


def apart(draft: Draft) -> list[Words]:
    """The newest last."""
    return [_words(one["html"], datetime.fromisoformat(one["at"]), one["hand"]) for one in _apart(draft)]


def standing(draft: Draft) -> Words:
    """The draft itself, as a window sees it that wrote something else."""
    return _words(draft.html, draft.updated_at, hand_of(draft))


def _words(html: str, at: datetime, hand: str) -> Words:
    return Words(digest(html), html, at, hand)


def settle(draft: Draft, words: str, writer: Writer | None) -> None:
    """Before these words take the draft's place: put aside what their writer has not seen."""
    if draft.ticket_id is None:
        return
    before, hand = hand_of(draft), writer.hand if writer else ""
    others = [one for one in _apart(draft) if one["html"] != words and not (hand and one["hand"] == hand)]
    if writer and _unseen(draft, words, writer):
        others.append(_as_kept(draft, before))
    _put(draft, hand, others)
    if before != hand:
        tell(draft)


def remains(draft: Draft, writer: Writer | None = None) -> bool:
    """Something of another hand is left when this window's words go; then the draft stays, with that."""
    if draft.ticket_id is None:
        return False
    if writer and _unseen(draft, "", writer):
        _put(draft, hand_of(draft), [one for one in _apart(draft) if one["hand"] != writer.hand])
        return True
    others = [one for one in _apart(draft) if not one["hand"] or one["hand"] != hand_of(draft)]
    if not others:
        return False
    draft.html = ""
    _put(draft, "", others)
    return True


def take(draft: Draft, name: str) -> bool:
    """Let what stands apart be the draft, and the draft stand apart. False if it is there no more."""
    if name == digest(draft.html):
        return bool(name)
    chosen = next((one for one in _apart(draft) if digest(one["html"]) == name), None)
    if chosen is None:
        return False
    others = [one for one in _apart(draft) if one is not chosen]
    if draft.html:
        others.append(_as_kept(draft, ""))  # nobody goes on with them, so nobody's typing replaces them
    draft.html, draft.updated_at = chosen["html"], now()
    _put(draft, chosen["hand"], others)
    tell(draft)
    return True


def drop(draft: Draft, name: str) -> None:
    """Throw away these words of another window."""
    if name == digest(draft.html):
        draft.html = ""
    _put(draft, hand_of(draft), [one for one in _apart(draft) if digest(one["html"]) != name])
    tell(draft)


def _unseen(draft: Draft, words: str, writer: Writer) -> bool:
    known = draft.html in ("", words) or digest(draft.html) == writer.base
    return not known and hand_of(draft) != writer.hand


def _as_kept(draft: Draft, hand: str) -> dict[str, str]:
    return {"hand": hand, "html": draft.html, "at": draft.updated_at.isoformat()}


def _apart(draft: Draft) -> list[dict[str, str]]:
    return list(draft.recipients.get("apart", ()))


def _put(draft: Draft, hand: str, others: list[dict[str, str]]) -> None:
    rest: dict[str, Any] = {name: value for name, value in draft.recipients.items() if name not in KEPT}
    ours: dict[str, Any] = {"hand": hand, "apart": others[-MOST:]}
    draft.recipients = rest | {name: value for name, value in ours.items() if value}


def tell(draft: Draft) -> None:
    """After commit, let the writer's other windows look how their draft stands."""
    if draft.ticket_id is None:
        return
    news, rooms = {"ticket": draft.ticket_id}, {f"agent:{draft.agent_id}"}
    after_commit(lambda: live.tell("draft", news, rooms))
