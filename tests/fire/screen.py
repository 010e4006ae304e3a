"""An open inbox: it hears what changed, asks how that looks now, and catches up when its line comes back.

As ``static/js/live.js`` and ``list.js`` do it, without drawing anything.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading

import requests
import simple_websocket

from tests.house import House

ROW = re.compile(r'<li class="row[^>]*? data-id="(\d+)" data-version="(\d+)"[^>]*? data-at="([^"]+)"')
GONE = re.compile(r'<li id="row-(\d+)" data-id="\d+" data-gone')
MOST = 200
"""Rows that it asks for again after its line was lost, the newest first."""


class Screen(threading.Thread):
    """``rows``: the version it shows of each conversation and when somebody last wrote in it, by number."""

    def __init__(self, house: House, view: str = "open") -> None:
        super().__init__(daemon=True)
        self.house, self.view, self.ended = house, view, threading.Event()
        self.rows: dict[int, tuple[int, str]] = {}
        self.changed: set[int] = set()
        self.connections = self.heard = 0
        self.http = requests.Session()
        self.http.cookies.update(house.http.cookies)

    def run(self) -> None:
        while not self.ended.is_set():
            with contextlib.suppress(Exception):  # whatever a server says that is being killed
                self.watch()
            self.ended.wait(0.5)

    def watch(self) -> None:
        cookie = "; ".join(f"{c.name}={c.value}" for c in self.http.cookies)
        line = simple_websocket.Client(
            f"{self.house.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket",
            headers={"Cookie": cookie, "Origin": self.house.url},
        )
        try:
            line.send("40")
            self.connections += 1
            while not self.ended.is_set():
                self.hear(line, line.receive(timeout=0.3))
                if self.changed:
                    self.look(sorted(self.changed)[:100])
        finally:
            with contextlib.suppress(Exception):
                line.close()

    def hear(self, line: simple_websocket.Client, frame: object) -> None:
        said = str(frame or "")
        if said == "2":
            line.send("3")
        elif said.startswith("40{"):
            self.listen(line)
        elif said.startswith("430"):
            self.catch_up()
        elif said.startswith("42"):
            what, news = json.loads(said[2:])
            if what == "rewatch":
                self.listen(line)
            elif what == "changed" and self.rows.get(news["ticket"], (-1, ""))[0] < news["version"]:
                self.heard += 1
                self.changed.add(news["ticket"])

    def listen(self, line: simple_websocket.Client) -> None:
        """Say what is shown; once the server has heard it (``430``), ask what came before that."""
        line.send(f'420["watch",{{"view":"{self.view}"}}]')

    def catch_up(self) -> None:
        self.apply(self.get(f"/views/{self.view}/_rows"))
        newest = sorted(self.rows, key=lambda ticket: self.rows[ticket][1], reverse=True)[:MOST]
        if newest:
            self.look(newest)

    def look(self, ids: list[int]) -> None:
        self.apply(self.get(f"/views/{self.view}/_rows?ids={','.join(map(str, ids))}"))
        self.changed.difference_update(ids)

    def get(self, path: str) -> str:
        answer = self.http.get(self.house.url + path, timeout=20)
        if answer.status_code != 200:
            raise requests.RequestException(f"{path}: {answer.status_code}")
        return answer.text

    def apply(self, html: str) -> None:
        for ticket, version, at in ROW.findall(html):
            self.rows[int(ticket)] = (int(version), at)
        for ticket in GONE.findall(html):
            self.rows.pop(int(ticket), None)
