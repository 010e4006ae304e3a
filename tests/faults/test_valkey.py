"""The bell is broken and forgets everything: nothing is lost, for the database remembers (row F6)."""

from __future__ import annotations

from collections.abc import Callable

import redis
import requests

from tests.house import House, Ledger, mail, wait_for


def bell(house: House) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(house.folder / "valkey" / "valkey.sock"))


def test_valkey_killed_and_emptied_while_mail_comes_in(
    small_house: House, ledger: Ledger, connect_smtp: Callable[[House, Ledger], None]
) -> None:
    house = small_house
    connect_smtp(house, ledger)
    for round_ in range(3):
        house.deliver(*(mail(100 * round_ + n) for n in range(20)))
        bell(house).flushall()
        house.kill("valkey", "unixsocket") or house.kill("valkey")
        house.deliver(*(mail(100 * round_ + 50 + n) for n in range(20)))
    wait_for(lambda: house.count("SELECT count(*) FROM ticket") == 120, 60, house.said)
    wait_for(house.is_ready, 30, house.said)
    assert house.ask("POST", "/tickets/1/replies", html="<p>Hi</p>", key="k").status_code == 200
    bell(house).flushall()
    wait_for(lambda: house.count("SELECT count(*) FROM message WHERE state = 'sent'") == 1, 30, house.said)
    assert ledger.taken.total() == 1


def test_pages_answer_while_valkey_is_away(small_house: House) -> None:
    house = small_house
    house.deliver(mail(1))
    wait_for(lambda: house.count("SELECT count(*) FROM ticket") == 1, 20, house.said)
    [server] = house.find("valkey-server") or house.find("valkey")[:1]
    server.suspend()
    try:
        assert "Cracked cup" in house.page("/views/open")
        assert requests.get(f"{house.url}/healthz", timeout=5).status_code == 200
        assert requests.get(f"{house.url}/readyz", timeout=10).status_code == 503
    finally:
        server.resume()
    wait_for(house.is_ready, 30, house.said)


def test_nobody_waits_for_a_bell_that_hangs(small_house: House) -> None:
    house = small_house
    house.deliver(mail(1))
    wait_for(lambda: house.count("SELECT count(*) FROM ticket") == 1, 20, house.said)
    house.page("/settings/me")
    [server] = house.find("valkey-server") or house.find("valkey")[:1]
    server.suspend()
    try:
        assert house.ask("POST", "/tickets/1/notes", html="<p>Hi</p>", key="n").status_code == 200
        assert house.ask("PUT", "/tickets/1/priority", priority="high").status_code == 200
    finally:
        server.resume()
    assert house.count("SELECT count(*) FROM message WHERE kind = 'note'") == 1


def test_an_open_screen_hears_again_after_the_bus_was_away(small_house: House) -> None:
    import simple_websocket

    house = small_house
    cookie = "; ".join(f"{c.name}={c.value}" for c in house.http.cookies)
    socket = simple_websocket.Client(
        f"{house.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket",
        headers={"Cookie": cookie, "Origin": house.url},
    )
    socket.send("40")
    heard: list[str] = []

    def hears(what: str) -> bool:
        frame = socket.receive(timeout=1)
        if frame == "2":
            socket.send("3")
        elif frame and str(frame).startswith("40"):
            socket.send('42["watch",{"view":"open"}]')
        heard.append(str(frame))
        return any(what in one for one in heard)

    wait_for(lambda: hears("40{"), 10)
    house.kill("valkey")
    wait_for(lambda: hears('42["rewatch"'), 30, house.said)
    house.deliver(mail(1))
    wait_for(lambda: hears('42["changed"'), 20, house.said)
    socket.close()
