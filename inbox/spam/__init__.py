"""What the team's verdicts, its words and its filters say of a mail: spam, or not.

A verdict on an address is the last word. Words count (``mail.junk``) once the team has called enough mails
spam and enough good, and filters where config.toml names them; neither ever judges a customer we know.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, case, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from inbox.db import dialect, now, plain, session
from inbox.mail import junk
from inbox.models import Agent, Identity, Message, SpamWord, Verdict

LEAST = 20
"""So many mails of either kind must be known before words mean anything."""

MAILS = ""
"""The word that counts mails."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the team said until now."""

    verdict: bool | None
    """Of the address in question; None if nobody said anything."""
    mails: tuple[int, int]
    """Of how many mails: (spam, good)."""


def said(address: str) -> Said:
    """What the team said of this address, and of mails at all."""
    verdict, spam, good = plain(_SAID, {"address": address.lower()})[0]
    return Said(verdict, (spam or 0, good or 0))


_SAID = select(
    select(Verdict.spam).where(Verdict.address == bindparam("address")).scalar_subquery(),
    select(SpamWord.spam).where(SpamWord.word == MAILS).scalar_subquery(),
    select(SpamWord.good).where(SpamWord.word == MAILS).scalar_subquery(),
)


def judge_address(address: str, as_spam: bool, by: Agent) -> None:
    """The last word on an address."""
    said = {"spam": as_spam, "by_id": by.id, "at": now()}
    row = _insert(Verdict).values(address=address.lower(), **said)
    session.execute(row.on_conflict_do_update(index_elements=["address"], set_=said))


def is_known(identity: Identity) -> bool:
    """Whether this is a customer of ours: they proved the address, or we answered them."""
    if identity.verified or identity.id is None:  # that one has only just come
        return identity.verified
    return bool(plain(_ANSWERED, {"identity": identity.id}))


_ANSWERED = (
    select(Message.id)
    .where(Message.kind == "reply", Message.automated == "")
    .where(
        Message.ticket_id.in_(select(Message.ticket_id).where(Message.identity_id == bindparam("identity")))
    )
    .limit(1)
)


def words(subject: str, text: str, sender: str) -> set[str]:
    """The words of a mail that are counted."""
    return junk.words(subject, text, sender)


def sounds_like(subject: str, text: str, sender: str, mails: tuple[int, int]) -> bool:
    """Whether the words of a mail are those of what the team called spam, having judged so many ``mails``."""
    if min(mails) < LEAST:  # they mean nothing yet
        return False
    wanted = list(words(subject, text, sender))
    return junk.score(wanted, _counts(wanted), mails) >= junk.SPAM_FROM


def _counts(words: list[str]) -> dict[str, tuple[int, int]]:
    """As what each was counted: (spam, good)."""
    return {word: (spam, good) for word, spam, good in session.execute(_COUNTS, {"words": words})}


_COUNTS = select(SpamWord.word, SpamWord.spam, SpamWord.good).where(
    SpamWord.word.in_(bindparam("words", expanding=True))
)


def learn(words: Iterable[str], before: str, now_as: str) -> None:
    """Count these words as ``spam`` or ``good``, and no longer as what they were counted ``before``.

    In one order for everybody, so that two transactions never wait for each other.
    """
    if before == now_as:
        return
    step = {kind: (kind == now_as) - (kind == before) for kind in ("spam", "good")}
    for word in sorted({*words, MAILS}):
        row = _insert(SpamWord).values(word=word, **{kind: max(n, 0) for kind, n in step.items()})
        counted = {kind: _not_below_zero(getattr(SpamWord, kind) + n) for kind, n in step.items()}
        session.execute(row.on_conflict_do_update(index_elements=["word"], set_=counted))


def _not_below_zero(value: Any) -> Any:
    return case((value < 0, 0), else_=value)


def _insert(table: Any) -> Any:
    return postgres_insert(table) if dialect() == "postgresql" else sqlite_insert(table)
