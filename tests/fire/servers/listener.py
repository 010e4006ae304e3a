"""A mail server that hands mail to the house by SMTP, and keeps each until it hears 250."""

from __future__ import annotations

import smtplib
import time

from tests.fire.ledger import Ledger
from tests.fire.letters import US
from tests.fire.servers import Peer
from tests.house import House


class Server(Peer):
    brings = True

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self.house: House | None = None

    def meet(self, house: House) -> None:
        self.house = house

    def bring(self, token: str, body: bytes, sender: str, poison: bool) -> None:
        self.ledger.offered(token, body, poison=poison)
        while not self._offer(body, sender):
            time.sleep(0.1)
        self.ledger.accepted(token)

    def _offer(self, body: bytes, sender: str) -> bool:
        assert self.house
        try:
            with smtplib.SMTP("127.0.0.1", self.house.mail_port, timeout=30) as server:
                server.sendmail(sender, [US], body)
            return True
        except smtplib.SMTPResponseException as refused:
            assert refused.smtp_code < 500, refused
        except smtplib.SMTPRecipientsRefused as refused:
            assert all(code < 500 for code, _said in refused.recipients.values()), refused
        except (OSError, smtplib.SMTPException):
            pass
        return False
