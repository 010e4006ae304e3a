"""A push service with browsers of one agent: it is busy, hangs up, and says of a browser that it is gone."""

from __future__ import annotations

import random
import re
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Self

import requests

from inbox import db
from inbox.models import Agent
from inbox.notices import choices
from tests.fire.ledger import Ledger, Pushed
from tests.fire.servers import Peer
from tests.house import ADMIN, House, csrf, wait_for
from tests.peers.push import PushService, Subscriber, Taken

BROWSERS = 2
TROUBLES = {"busy": 503, "too many": 429, "hangs up": 0, "gone": 410}


class Service(PushService):
    def __init__(self, folder: Path, ledger: Ledger) -> None:
        super().__init__(folder, "localhost")
        self.ledger = ledger
        self.subscribers: dict[str, Subscriber] = {}
        self.gone: set[str] = set()
        self.troubles: list[int] = []

    def subscriber(self, path: str) -> Subscriber:
        made = self.subscribers[path] = Subscriber(path, self.port, "localhost")
        return made

    def decide(self, taken: Taken) -> int:
        with self.ledger.lock:
            status = 410 if taken.path in self.gone else self.troubles.pop() if self.troubles else 201
            if status == 410:
                self.gone.add(taken.path)
            said = self.subscribers[taken.path].read(taken)
            taken.signed()
            pushed = Pushed(taken.path, said["tag"], time.time(), status, str(said))
            self.ledger.pushes.append(pushed)
        return status


class Server(Peer):
    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self.folder = tempfile.TemporaryDirectory(prefix="prosa-push-")
        self.service = Service(Path(self.folder.name), ledger)
        self.browsers: list[Browser] = []

    def __enter__(self) -> Self:
        self.service.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.service.__exit__()
        self.folder.cleanup()

    def variables(self) -> dict[str, str]:
        return {
            "PROSA__NOTICES__PUSH_HOSTS": f"localhost:{self.service.port}",
            "PROSA__FETCH__PRIVATE_HOSTS": "localhost",
            "SSL_CERT_FILE": str(self.service.trusted),
        }

    def meet(self, house: House) -> None:
        """The agent wants to be told of each new conversation, in each of the browsers."""
        with db.writing() as session:
            ways = {**choices.USUAL, "unassigned": ("app", "push")}
            choices.choose(session.get_one(Agent, 1), choices.Choice(ways))
        self.browsers = [Browser(house, self.service, number) for number in range(BROWSERS)]
        for browser in self.browsers:
            browser.subscribe()

    def misbehave(self, dice: random.Random) -> str:
        for browser in self.browsers:
            if browser.path in self.service.gone:
                threading.Thread(target=browser.subscribe, daemon=True).start()
        name = dice.choice(list(TROUBLES))
        self.service.troubles = [TROUBLES[name]]
        return f"push: {name}"

    def behave(self) -> None:
        self.service.troubles.clear()


class Browser:
    """One that is signed in by itself, for a sign-in has one address; another one after it was gone."""

    def __init__(self, house: House, service: Service, number: int) -> None:
        self.house, self.service, self.number, self.turn = house, service, number, 0
        self.path = ""
        self.http = requests.Session()
        login = f"{house.url}/login"
        form = {"email": ADMIN["email"], "password": ADMIN["password"]}
        form["csrf_token"] = csrf(self.http.get(login, timeout=20).text)
        done = self.http.post(login, data=form, timeout=20)
        assert done.status_code == 200 and "/login" not in done.url, re.sub(r"\s+", " ", done.text)[:500]

    def subscribe(self) -> None:
        self.turn, self.path = self.turn + 1, ""
        path = f"/browser-{self.number}/{self.turn}"
        form = self.service.subscriber(path).form
        wait_for(lambda: self._sent(form), 60)
        self.path = path

    def _sent(self, form: dict[str, Any]) -> bool:
        try:
            token = csrf(self.http.get(f"{self.house.url}/settings/me", timeout=20).text)
            headers = {"X-CSRFToken": token, "Origin": self.house.url}
            url = f"{self.house.url}/push/subscriptions"
            return self.http.post(url, data=form, headers=headers, timeout=20).ok
        except (requests.RequestException, AssertionError):
            return False
