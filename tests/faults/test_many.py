"""Several web processes on one port: whichever a browser meets, it hears everything (row F20)."""

from __future__ import annotations

import time
from pathlib import Path

import simple_websocket

from tests.house import House, mail, wait_for


def test_every_web_process_hears_what_the_others_did(tmp_path: Path) -> None:
    with House(tmp_path, PROSA__WEB__PROCESSES="2") as house:
        assert len(house.find("app.py")) == 2
        sockets = [_watching(house) for _ in range(12)]
        time.sleep(1)
        house.deliver(mail(1))
        for socket in sockets:
            assert _hears(socket), house.said()
            socket.close()


def _watching(house: House) -> simple_websocket.Client:
    cookie = "; ".join(f"{c.name}={c.value}" for c in house.http.cookies)
    socket = simple_websocket.Client(
        f"{house.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket",
        headers={"Cookie": cookie, "Origin": house.url},
    )
    socket.send("40")
    assert wait_for(lambda: str(socket.receive(timeout=5) or "").startswith("40{"), 10)
    socket.send('42["watch",{"view":"open"}]')
    return socket


def _hears(socket: simple_websocket.Client) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if str(socket.receive(timeout=1) or "").startswith('42["changed"'):
            return True
    return False
