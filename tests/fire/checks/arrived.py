"""I1: what was accepted is stored exactly once, with its bytes."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from inbox import files
from tests.fire.ledger import TOKEN

if TYPE_CHECKING:
    from tests.fire.checks import Evidence

THEIRS = """
    SELECT message.text, payload.sha256 FROM message LEFT JOIN payload ON payload.id = message.payload_id
    WHERE message.kind = 'customer'
"""


def once(evidence: Evidence) -> list[str]:
    """Each readable mail is one message; a message that nobody sent is none."""
    arrivals = evidence.ledger.arrivals
    found: Counter[str] = Counter()
    strangers = 0
    for text, _sha256 in evidence.ask(THEIRS):
        tokens = TOKEN.findall(text)
        found.update(tokens)
        strangers += not tokens
    said = [
        f"{token} was accepted {arrival.accepted} times and is in {found[token]} messages"
        for token, arrival in arrivals.items()
        if not arrival.poison and (found[token] > 1 or (arrival.accepted and not found[token]))
    ]
    said += [f"{token} is in a message, and nobody sent it" for token in found if token not in arrivals]
    return said + ([f"{strangers} messages have no token"] if strangers else [])


def to_the_last(evidence: Evidence) -> list[str]:
    """Whoever brought a mail was rid of it in the end."""
    return [
        f"{token} was brought, and never taken"
        for token, arrival in evidence.ledger.arrivals.items()
        if not arrival.accepted
    ]


def with_their_bytes(evidence: Evidence) -> list[str]:
    """The file that a message was read from is, byte for byte, what was handed over."""
    said = []
    for text, sha256 in evidence.ask(THEIRS):
        for token in TOKEN.findall(text):
            arrival = evidence.ledger.arrivals.get(token)
            if arrival and sha256 not in arrival.sha256:
                said.append(f"{token} was read from other bytes ({sha256}) than were sent")
    return said + [
        problem
        for (sha256,) in evidence.ask("SELECT DISTINCT sha256 FROM payload")
        if (problem := damage(sha256))
    ]


def damage(sha256: str) -> str:
    try:
        content = files.path_of(sha256).read_bytes()
    except (OSError, files.Missing):
        return f"the bytes of {sha256} are gone"
    return "" if hashlib.sha256(content).hexdigest() == sha256 else f"the bytes of {sha256} were changed"


def poison_is_kept(evidence: Evidence) -> list[str]:
    """What cannot be read waits with its reason; nothing else does."""
    states: dict[str, set[tuple[str, bool]]] = defaultdict(set)
    for sha256, state, reason in evidence.ask("SELECT sha256, state, reason FROM payload"):
        states[sha256].add((state, bool(reason)))
    said, poisoned = [], set()
    for token, arrival in evidence.ledger.arrivals.items():
        if arrival.poison:
            poisoned |= arrival.sha256
            kept = {state for sha256 in arrival.sha256 for state in states[sha256]}
            if arrival.accepted and kept != {("failed", True)}:
                said.append(f"{token} cannot be read, and is kept as {sorted(kept) or 'nothing'}")
    for sha256, kept in states.items():
        if sha256 not in poisoned and any(state in ("failed", "held", "new") for state, _reason in kept):
            said.append(f"a mail that can be read was put aside: {sha256} is {sorted(kept)}")
    return said
