"""An agent's browser: it asks with a key, and asks again until it is answered."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from datetime import UTC, datetime, timedelta

import requests

from tests.fire.ledger import Errand, Ledger, outgoing, private
from tests.fire.plan import Task
from tests.house import House, csrf

MESSAGE = re.compile(r'id="message-(\d+)"')
FINAL = (200, 404, 409, 422)


class Browser:
    def __init__(self, house: House, ledger: Ledger, stop: threading.Event) -> None:
        self.house, self.ledger, self.stop = house, ledger, stop
        self.http = requests.Session()
        self.http.cookies.update(house.http.cookies)
        self.token = ""

    def do(self, task: Task, ticket: int) -> None:
        if task.kind == "resolve":
            self._resolve(ticket)
        elif task.kind == "note":
            self._note(task, ticket)
        else:
            self._reply(task, ticket)

    def ask(self, method: str, path: str, **form: str) -> requests.Response | None:
        """Until the server gives an answer that another try would not change; None when the run is over."""
        while not self.stop.is_set():
            with contextlib.suppress(requests.RequestException, AssertionError):
                answer = self._once(method, path, form)
                if answer.status_code in FINAL:
                    return answer
            self.token = ""
            time.sleep(0.2)
        return None

    def _once(self, method: str, path: str, form: dict[str, str]) -> requests.Response:
        if not self.token:
            self.token = csrf(self.http.get(f"{self.house.url}/settings/me", timeout=20).text)
        headers = {"X-CSRFToken": self.token, "Origin": self.house.url}
        return self.http.request(method, self.house.url + path, data=form, headers=headers, timeout=20)

    def _reply(self, task: Task, ticket: int) -> None:
        token = outgoing(task.number)
        errand = self._asks(task, f"reply-{task.number}", token, ticket)
        form = {"html": f"<p>It is on its way. {token}</p>", "key": errand.key, "anyway": "1"}
        if task.kind == "later":
            errand.moment = self.ledger.house_time(errand.asked_at) + task.wait
            form["send_at"] = datetime.fromtimestamp(errand.moment, UTC).isoformat()
        answer = self.ask("POST", f"/tickets/{ticket}/replies", **form)
        self._answered(errand, answer)
        if task.kind == "undo" and answer is not None and answer.status_code == 200:
            self._undo(errand, int(MESSAGE.findall(answer.text)[0]))

    def _undo(self, errand: Errand, message: int) -> None:
        """A 404 after a line that broke: the try before has taken it back."""
        answer = self.ask("DELETE", f"/messages/{message}/delivery")
        errand.undone = answer is not None and answer.status_code in (200, 404)

    def _note(self, task: Task, ticket: int) -> None:
        token = private(task.number)
        errand = self._asks(task, f"note-{task.number}", token, ticket)
        form = {"html": f"<p>Between us: {token}</p>", "key": errand.key}
        self._answered(errand, self.ask("POST", f"/tickets/{ticket}/notes", **form))

    def _resolve(self, ticket: int) -> None:
        answer = self.ask("POST", f"/tickets/{ticket}/resolution")
        if answer is not None and answer.status_code == 200:
            self.ledger.resolved.append(ticket)

    def _asks(self, task: Task, key: str, token: str, ticket: int) -> Errand:
        undo = timedelta(seconds=int(self.house.variables["PROSA__OUTBOX__UNDO_SECONDS"])).total_seconds()
        wait = {"later": task.wait, "note": 0.0}.get(task.kind, undo)
        return self.ledger.asks(Errand(key, token, task.kind, ticket, time.time(), wait))

    def _answered(self, errand: Errand, answer: requests.Response | None) -> None:
        errand.answered_at = time.time()
        if answer is not None:
            errand.acknowledged = answer.status_code == 200
            errand.refused = 0 if errand.acknowledged else answer.status_code
