"""I11: a permission that somebody gave outlives every kill, and is used as its provider wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inbox import vault

if TYPE_CHECKING:
    from tests.fire.checks import Evidence
    from tests.fire.ledger import Ledger, Refresh

BREAKS = {"clock": 2.0, "restart": 12.0, "disk": 15.0, "lock": 15.0}
"""What may end a lease early or keep an outcome from being written down, and for how many seconds after."""

KILLS = ("kill-worker", "kill-collector", "kill-outbox")


def still(evidence: Evidence) -> list[str]:
    """What the house has is what its provider still takes."""
    return [
        f"the permission of account {row.account_id} is {row.state}, and its token is worth nothing"
        for row in evidence.ask("SELECT account_id, state, refresh_token FROM authorisation")
        if row.state != "ok" or vault.unseal(row.refresh_token) not in evidence.ledger.refresh_tokens
    ]


def one_after_another(evidence: Evidence) -> list[str]:
    """Of all processes one asks for a new token, and the others wait for it."""
    asked = sorted(evidence.ledger.refreshes, key=lambda refresh: refresh.began)
    return [
        f"a token was asked for at {then.began:.1f} while another was asked for since {first.began:.1f}"
        for number, then in enumerate(asked)
        for first in asked[:number]
        if then.began < first.ended and not at(evidence.ledger, first, then)
    ]


def not_once_withdrawn(evidence: Evidence) -> list[str]:
    """To be refused once is enough."""
    refused: dict[str, Refresh] = {}
    said = []
    for refresh in sorted(evidence.ledger.refreshes, key=lambda refresh: refresh.began):
        before = refused.get(refresh.token)
        if before and not at(evidence.ledger, before, refresh, *KILLS):
            said.append(f"a permission was withdrawn at {before.ended:.1f} and used at {refresh.began:.1f}")
        if refresh.said == "invalid_grant":
            refused[refresh.token] = refresh
    return said


def at(ledger: Ledger, first: Refresh, then: Refresh, *more: str) -> bool:
    """Whether a mishap was between them that explains it."""
    return any(
        mishap.began - 2.0 <= then.began and first.began <= (mishap.ended or mishap.began) + last
        for mishap in ledger.mishaps
        if (last := {**BREAKS, **dict.fromkeys(more, 2.0)}.get(mishap.kind)) is not None
    )
