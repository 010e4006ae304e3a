"""Trying out a mailbox's servers from a request, without holding anybody up meanwhile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inbox import channels, connections, outbox, vault
from inbox.channels import N_, Check, ConnectError
from inbox.channels.email.trial import advice
from inbox.db import session
from inbox.models import Account

OTHER_KEY = N_("Its password was saved with another key: type it again.")


@dataclass(frozen=True, slots=True)
class Way:
    """One direction, ``in`` or ``out``, and what came of it."""

    name: str
    checks: Sequence[Check]
    advice: str = ""

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)


@dataclass(frozen=True, slots=True)
class Outcome:
    ways: tuple[Way, ...] = ()

    @property
    def ok(self) -> bool:
        return all(way.ok for way in self.ways)


def out(account: Account) -> Outcome:
    """What its servers say. Whatever was changed is committed first: nobody waits for a provider."""
    session.commit()
    try:
        config = outbox.config_of(account)
        session.commit()
    except ConnectError as problem:
        return Outcome((Way("in", (Check(problem.reason, False, problem.detail),)),))
    except vault.Unreadable:
        return Outcome((Way("in", (Check(OTHER_KEY, False),)),))
    found = channels.of(account.kind).check(config)
    return Outcome(tuple(_way(config, name, checks) for name, checks in found.items()))


def _way(config: Mapping[str, Any], name: str, checks: Sequence[Check]) -> Way:
    failed = next((check.label for check in checks if not check.ok), "")
    return Way(name, checks, advice(config, failed))


def note(account: Account, outcome: Outcome) -> None:
    """What works now needs no attention any more."""
    for way in outcome.ways:
        if way.ok:
            connections.ok(account.id, way.name)
    session.commit()
