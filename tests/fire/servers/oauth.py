"""The provider that lets us into mailbox and outgoing server: its tokens last minutes, it is slow, away,
forgets what it gave, and now and then takes the permission back, whereupon a person signs in again.

Each use of a refresh token replaces it. The one before is good until the new one is used, as with providers
that reckon with answers that do not arrive.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from typing import Any, Self

from sqlalchemy.exc import SQLAlchemyError

from inbox import db, oauth
from inbox.channels.email.oauth import Tokens
from inbox.models import Account
from tests.fire.ledger import Ledger, Refresh
from tests.fire.servers import Peer
from tests.peers.oauth import AuthorisationServer, Permission

LASTS = int(oauth.MARGIN.total_seconds()) + 10
"""Seconds: ten after it was given, a new one is asked for."""

SLOW = 3.0


class Provider(AuthorisationServer):
    def __init__(self, ledger: Ledger) -> None:
        super().__init__(rotates=True, lifetime=LASTS)
        self.ledger = ledger
        self.before: dict[str, str] = {}
        """Of a refresh token, the one that it replaced."""
        self.troubles: list[str] = []
        """What comes of the next refreshes."""

    def permit(self) -> dict[str, Any]:
        """Somebody signs in, and allows what we ask."""
        with self.lock:
            self.permissions[:] = [Permission("support", "mail")]
            return self._tokens(self.permissions[0], with_refresh=True)

    def forget(self) -> None:
        """What it gave is no good any more, long before its time."""
        with self.lock:
            self.access.clear()
            self._tell()

    def withdraw(self) -> None:
        self.revoke()
        self._tell()

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        asked = Refresh(form.get("refresh_token", ""), time.time())
        with self.lock:
            self.ledger.refreshes.append(asked)
            trouble = self.troubles.pop() if self.troubles else ""
        if trouble == "slow":
            time.sleep(SLOW)
        if trouble in ("503", "429"):
            answer: tuple[int, dict[str, Any]] = int(trouble), {"error": "temporarily_unavailable"}
        else:
            answer = super().token(form)
        asked.ended, asked.said = time.time(), answer[1].get("error", "ok")
        return answer

    def _by_refresh(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        used = form.get("refresh_token", "")
        status, given = super()._by_refresh(form)
        if status == 200:
            tokens = self.permissions[0].refresh_tokens
            tokens.add(used)
            tokens.discard(self.before.pop(used, ""))
            self.before[given["refresh_token"]] = used
            self._tell()
        return status, given

    def _tokens(self, permission: Permission, *, with_refresh: bool) -> dict[str, Any]:
        given = super()._tokens(permission, with_refresh=with_refresh)
        self._tell()
        return given

    def _tell(self) -> None:
        """What is good now, for the mail servers and for who looks afterwards."""
        now, ledger = time.time(), self.ledger
        good = {token for token, (permission, until) in self.access.items() if until > now}
        ledger.access_tokens &= good
        ledger.access_tokens |= good
        ledger.refresh_tokens = {t for p in self.permissions if not p.revoked for t in p.refresh_tokens}


class Server(Peer):
    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self.provider = Provider(ledger)
        self.person: threading.Thread | None = None
        """Who signs in again."""

    def __enter__(self) -> Self:
        self.provider.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.provider.__exit__()

    def variables(self) -> dict[str, str]:
        return {f"PROSA__OAUTH__{name.upper()}": value for name, value in self.provider.settings().items()}

    def connect(self, account: Account) -> None:
        given = self.provider.permit()
        oauth.keep(account, "google", Tokens(given["access_token"], given["refresh_token"], LASTS), None)

    def misbehave(self, dice: random.Random) -> str:
        match dice.choice(("503", "429", "slow", "forget", "withdraw")):
            case "forget":
                self.provider.forget()
                return "oauth forgets its tokens"
            case "withdraw" if not (self.person and self.person.is_alive()):
                self.provider.withdraw()
                wait = (dice.uniform(0.5, 3),)
                self.person = threading.Thread(target=self._sign_in_again, args=wait, daemon=True)
                self.person.start()
                return "oauth withdraws, and somebody signs in again"
            case "withdraw":
                return ""
            case trouble:
                self.provider.troubles = [trouble]  # who asks in vain rests for a minute: no second one
                return f"oauth: {trouble}"

    def behave(self) -> None:
        self.provider.troubles.clear()
        if self.person:
            self.person.join(60)

    def _sign_in_again(self, seconds: float) -> None:
        """As soon as the house can keep what the provider gives."""
        is_kept = False
        while not is_kept:
            time.sleep(seconds)
            with contextlib.suppress(SQLAlchemyError):
                with db.writing() as session:
                    self.connect(session.get_one(Account, 1))
                is_kept = True
