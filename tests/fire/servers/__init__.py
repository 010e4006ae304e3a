"""Those the house talks to, each with the ledger in its hand: one file a server, found by being here.

A server of a new channel is a module with a class ``Server`` made of ``Peer``.
"""

from __future__ import annotations

import importlib
import pkgutil
import random
from typing import Self

from inbox.models import Account
from tests.fire.ledger import Ledger
from tests.house import House


class Peer:
    """What most of them do, which is nothing."""

    brings = False
    """Whether customers' messages come in through it."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def variables(self) -> dict[str, str]:
        """What the house's environment must say of it."""
        return {}

    def connect(self, account: Account) -> None:
        """Let the account know where it is, in the caller's transaction."""

    def meet(self, house: House) -> None:
        """The house runs, and knows it."""

    def bring(self, token: str, body: bytes, sender: str, poison: bool) -> None:
        """Hand this over for as long as it takes, writing down when it is the house's."""
        raise NotImplementedError

    def misbehave(self, dice: random.Random) -> str:
        """Do something wrong to the next who come; what it was, or nothing if it can do nothing wrong."""
        return ""

    def behave(self) -> None:
        """From now on do nothing wrong any more."""


def every(ledger: Ledger) -> list[Peer]:
    names = sorted(found.name for found in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return [module.Server(ledger) for module in modules]
