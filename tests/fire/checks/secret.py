"""I8: no word of a note is in anything that left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fire.ledger import TOKEN

if TYPE_CHECKING:
    from tests.fire.checks import Evidence


def notices(evidence: Evidence) -> list[str]:
    """A push says a kind and a number, and no word of anything that was written."""
    return [
        f"a push to {push.endpoint} says {token}"
        for push in evidence.ledger.pushes
        for token in TOKEN.findall(push.words)
    ]


def notes(evidence: Evidence) -> list[str]:
    """And each that was acknowledged is there, once."""
    ledger = evidence.ledger
    written = {errand.token: errand for errand in ledger.errands.values() if errand.kind == "note"}
    said = [
        f"{delivery.message_id} left with the note {token}"
        for delivery in ledger.deliveries
        for token in delivery.tokens & written.keys()
    ]
    for errand in written.values():
        kept = evidence.ask(
            "SELECT text FROM message WHERE kind = 'note' AND idempotency_key = :key", key=errand.key
        )
        if (errand.acknowledged and len(kept) != 1) or any(errand.token not in row[0] for row in kept):
            said.append(f"{errand.key} was acknowledged and is {len(kept)} notes")
    return said
