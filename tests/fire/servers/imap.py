"""A mailbox that is fetched, on a server that hangs up in the middle of a mail or refuses to show one."""

from __future__ import annotations

import random
from typing import Self

from inbox.models import Account
from tests.fire.ledger import Ledger
from tests.fire.servers import Peer
from tests.house import House, wait_for
from tests.peers.liar import Liar


class Server(Peer):
    brings = True

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self.liar = Liar()
        self.liar.tokens = ledger.access_tokens  # what the provider says is good (oauth.py)

    def __enter__(self) -> Self:
        self.liar.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.liar.__exit__()

    def connect(self, account: Account) -> None:
        account.settings = {**account.settings, **self.liar.settings(in_password="")}

    def meet(self, house: House) -> None:
        """Mail that was there before is not fetched: it waits until the folder was looked into."""
        wait_for(lambda: house.count("SELECT count(*) FROM cursor") == 1, 60, house.said)

    def bring(self, token: str, body: bytes, sender: str, poison: bool) -> None:
        """It lies in the mailbox, so from now on it is ours to fetch."""
        self.ledger.offered(token, body, poison=poison)
        self.liar.offer(body)
        self.ledger.accepted(token)

    def misbehave(self, dice: random.Random) -> str:
        following = self.liar.folders["INBOX"].uidnext + dice.randrange(4)
        match dice.choice(("literal", "refuse", "line", "bye")):
            case "literal":
                self.liar.drops[following] += 1
                return "imap ends in the middle of a mail"
            case "refuse":
                self.liar.refuses[following] += 1
                return "imap refuses a mail once"
            case "line":
                self.liar.hang_up()
                return "imap ends every line"
            case _:
                self.liar.says["FETCH"].append("* BYE too busy")
                return "imap says goodbye to a FETCH"

    def behave(self) -> None:
        self.liar.drops.clear()
        self.liar.refuses.clear()
        self.liar.says.clear()
