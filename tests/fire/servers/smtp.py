"""The outgoing server: it hangs up before its 250, or after it, and now and then asks to be tried again."""

from __future__ import annotations

import random
from email.parser import BytesParser
from email.policy import default
from typing import Self

from inbox.models import Account
from tests.fire.ledger import Ledger
from tests.fire.servers import Peer
from tests.peers import smtp
from tests.peers.smtp import RESET_AFTER, RESET_TAKEN, RESET_UNTAKEN

FATES = (RESET_TAKEN, RESET_UNTAKEN, RESET_AFTER, "451 4.7.1 Greylisted, try again", "452 4.2.2 Not now")


class Server(Peer):
    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self.peer = smtp.Peer()
        self.peer.on_taken = self._taken
        self.peer.tokens = ledger.access_tokens  # what the provider says is good (oauth.py)

    def __enter__(self) -> Self:
        self.peer.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.peer.__exit__()

    def connect(self, account: Account) -> None:
        found = {
            "smtp_host": "127.0.0.1", "smtp_port": self.peer.port, "smtp_security": "none",
            "smtp_user": "support", "smtp_password": "",
        }  # fmt: skip
        account.settings = {**account.settings, **found}

    def _taken(self, mail: bytes, fate: str) -> None:
        message_id, to, words = read(mail)
        self.ledger.delivered(message_id, words, to=to, ambiguous=fate in (RESET_TAKEN, RESET_AFTER))

    def misbehave(self, dice: random.Random) -> str:
        fate = dice.choice(FATES)
        self.peer.after_data.append(fate)
        return f"smtp: {fate}"

    def behave(self) -> None:
        self.peer.after_data.clear()


def read(mail: bytes) -> tuple[str, str, str]:
    """Its Message-ID, the first whom it is for, and every word of it, decoded."""
    parsed = BytesParser(policy=default).parsebytes(mail)
    texts = [part.get_content() for part in parsed.walk() if part.get_content_maintype() == "text"]
    to = parsed["To"].addresses if parsed["To"] else ()
    return (
        str(parsed["Message-ID"]),
        to[0].addr_spec if to else "",
        " ".join([*map(str, parsed.values()), *texts]),
    )
