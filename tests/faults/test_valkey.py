"""The bell is broken and forgets everything: nothing is lost, for the database remembers (row F6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import redis
import requests

from tests.house import House, Ledger, mail, wait_for


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with House(tmp_path_factory.mktemp("valkey")) as made:
        yield made


@pytest.fixture
def house(shared: House) -> House:
    """Its Valkey is there again, whatever became of it in the test before."""
    wait_for(shared.is_ready, 30, shared.said)
    return shared


def arrive(house: House, number: int) -> int:
    """A mail; the id of its ticket."""
    its = f"FROM ticket WHERE subject LIKE '%token-{number}-x'"
    house.deliver(mail(number))
    wait_for(lambda: house.count(f"SELECT count(*) {its}") == 1, 20, house.said)
    return house.count(f"SELECT id {its}")


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


def test_pages_answer_while_valkey_is_away(house: House) -> None:
    arrive(house, 1)
    [server] = house.find("valkey-server") or house.find("valkey")[:1]
    server.suspend()
    try:
        assert "Cracked cup" in house.page("/views/open")
        assert requests.get(f"{house.url}/healthz", timeout=5).status_code == 200
        assert requests.get(f"{house.url}/readyz", timeout=10).status_code == 503
    finally:
        server.resume()
    wait_for(house.is_ready, 30, house.said)


def test_nobody_waits_for_a_bell_that_hangs(house: House) -> None:
    ticket = arrive(house, 2)
    house.page("/settings/me")
    [server] = house.find("valkey-server") or house.find("valkey")[:1]
    server.suspend()
    try:
        assert house.ask("POST", f"/tickets/{ticket}/notes", html="<p>Hi</p>", key="n").status_code == 200
        assert house.ask("PUT", f"/tickets/{ticket}/priority", priority="high").status_code == 200
    finally:
        server.resume()
    assert house.count("SELECT count(*) FROM message WHERE kind = 'note'") == 1


def test_an_open_screen_hears_again_after_the_bus_was_away(house: House) -> None:
    import simple_websocket

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
    house.deliver(mail(3))
    wait_for(lambda: hears('42["changed"'), 20, house.said)
    socket.close()
