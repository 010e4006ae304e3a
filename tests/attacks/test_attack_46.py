"""Attack 46: Redis or a database on an open port, pickles in the queue, debug mode, a default admin, secrets
in logs, errors and backups."""

from __future__ import annotations

import json
import pickle
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from rq import Queue
from rq.exceptions import DeserializationError
from rq.serializers import JSONSerializer

from inbox import cli, config, doctor, engines, logs, queue, valkey
from inbox.config import load
from inbox.doctor import database, finding, machine, network, queues
from inbox.models import Account, Agent
from tests.conftest import HAS_POSTGRES, POSTGRES
from tests.house import free_port

PUBLIC = {"public_url": "https://help.example.com", "trusted_proxies": 1}


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """Settings for the doctor to look at; a public address makes it production."""
    tmp_path.chmod(0o700)
    monkeypatch.setattr(finding, "_asked_for_production", False)
    monkeypatch.delenv("FLASK_DEBUG", raising=False)
    engine, store = database.engine, queues.store

    def set_to(**sections: Any) -> None:
        now = load(**({"data": {"dir": str(tmp_path)}, "redis": {"url": ""}} | sections))
        monkeypatch.setattr(config, "settings", lambda: now)
        forget()

    def forget() -> None:
        if engine.cache_info().currsize:
            engine().dispose()
        if store.cache_info().currsize:
            store().close()
        engine.cache_clear()
        store.cache_clear()

    yield set_to
    forget()


@pytest.mark.parametrize(("public", "level"), [({}, "warn"), (PUBLIC, "problem")])
def test_46_debugging_is_refused_in_production(
    given: Any, monkeypatch: pytest.MonkeyPatch, public: dict[str, Any], level: str
) -> None:
    given(web=public)
    assert machine.debugging().level == "ok"
    monkeypatch.setenv("FLASK_DEBUG", "1")
    assert machine.debugging().level == level
    monkeypatch.delenv("FLASK_DEBUG")
    given(web=public, log={"level": "debug"})
    assert machine.debugging().level == level


def test_46_data_without_its_key_is_a_problem_and_an_empty_place_is_none(given: Any, tmp_path: Path) -> None:
    given(web=PUBLIC)
    assert machine.secret().level == "warn"
    from inbox import migrate

    engine = engines.make(f"sqlite:///{tmp_path / 'prosa.db'}")
    migrate.upgrade(engine)
    engine.dispose()
    assert machine.secret().level == "problem" and "Put it back" in machine.secret().mend
    assert not (tmp_path / "secret").exists(), "looking makes none"


@pytest.fixture(scope="module")
def open_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A server that listens on TCP and asks for nothing."""
    folder = tmp_path_factory.mktemp("r")
    port = free_port()
    command = valkey.command(folder, folder / "s")
    command[command.index("--port") + 1] = str(port)
    server = subprocess.Popen(
        [*command, "--bind", "127.0.0.1", "--protected-mode", "no"], stdout=subprocess.DEVNULL
    )
    client = redis.Redis(port=port, socket_timeout=2)
    for _ in range(200):
        try:
            client.ping()
            break
        except redis.ConnectionError:
            server.poll()
            time.sleep(0.05)
    client.close()
    yield port
    server.terminate()
    server.wait()


@pytest.mark.parametrize(("public", "level"), [({}, "warn"), (PUBLIC, "problem")])
def test_46_a_redis_that_listens_to_the_network_without_a_password(
    given: Any, open_redis: int, public: dict[str, Any], level: str
) -> None:
    given(web=public, redis={"url": f"redis://127.0.0.1:{open_redis}/0"})
    assert queues.reach().level == "ok"
    client = redis.Redis(port=open_redis)
    client.config_set("bind", "0.0.0.0")
    try:
        found = queues.reach()
        assert found.level == level and "asks for no password" in found.said
        client.config_set("protected-mode", "yes")
        assert queues.reach().level == "ok", "it turns strangers away by itself"
    finally:
        client.config_set("protected-mode", "no")
        client.config_set("bind", "127.0.0.1")
        client.close()


@pytest.mark.parametrize(
    ("url", "level"),
    [
        ("redis://redis.example:6379/0", "problem"),
        ("redis://:pw@redis.example:6379/0", "warn"),
        ("rediss://:pw@redis.example:6379/0", "ok"),
        ("unix:///run/redis.sock?db=0", "ok"),
    ],
)
def test_46_a_redis_elsewhere_needs_a_password(given: Any, url: str, level: str) -> None:
    given(web=PUBLIC, redis={"url": url})
    assert queues.reach().level == level


class Line:
    """What is known of a connection to PostgreSQL."""

    def __init__(self, host: str, password: bool, ssl: bool, listens: str) -> None:
        self.info = type("Info", (), {"host": host, "hostaddr": host})
        self.pgconn = type("Pg", (), {"used_password": password, "ssl_in_use": ssl})
        self.connection, self.driver_connection, self.listens = self, self, listens

    def connect(self) -> Line:
        return self

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def exec_driver_sql(self, _sql: str) -> Line:
        return self

    def scalar(self) -> str:
        return self.listens


@pytest.mark.parametrize(
    ("line", "level"),
    [
        (Line("127.0.0.1", False, False, "localhost"), "ok"),
        (Line("127.0.0.1", False, False, "*"), "problem"),
        (Line("127.0.0.1", True, False, "*"), "ok"),
        (Line("192.0.2.9", False, True, "*"), "problem"),
        (Line("192.0.2.9", True, False, "*"), "warn"),
        (Line("192.0.2.9", True, True, "*"), "ok"),
        (Line("/run/postgresql", False, False, "*"), "ok"),
    ],
)
def test_46_a_postgresql_that_listens_to_the_network_without_a_password(
    given: Any, monkeypatch: pytest.MonkeyPatch, line: Line, level: str
) -> None:
    given(web=PUBLIC, database={"url": "postgresql://x@y/z"})
    monkeypatch.setattr(database, "engine", lambda: line)
    assert database.reach().level == level


@pytest.mark.skipif(not HAS_POSTGRES, reason="no PostgreSQL at its standard port")
def test_46_a_real_postgresql_can_be_asked(given: Any) -> None:
    given(database={"url": POSTGRES})
    assert database.reach().level in ("ok", "warn")


@pytest.mark.parametrize(
    ("web", "level"),
    [({"public_url": "https://x.example"}, "problem"), (PUBLIC, "ok"), ({}, "ok")],
)
def test_46_a_proxy_that_is_not_believed_is_no_protection(
    given: Any, web: dict[str, Any], level: str
) -> None:
    given(web=web)
    assert network.proxy().level == level


def test_46_production_does_not_start_with_any_of_it(
    given: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    started: list[bool] = []
    monkeypatch.setattr("inbox.up.start", lambda: started.append(True))
    monkeypatch.setattr(machine, "free_space", lambda: finding.ok("enough"))
    checks = [check for check in doctor.CHECKS if check[0] not in ("disk", "front end")]
    monkeypatch.setattr(doctor, "CHECKS", tuple(checks))
    given(log={"level": "debug"})
    tmp_path.chmod(0o755)
    assert cli.run(["up", "--production"]) == 1 and not started
    said = capsys.readouterr().err
    assert "debugging is on" in said and "chmod 700" in said and "not started" in said
    given()
    tmp_path.chmod(0o700)
    assert cli.run(["up", "--production"]) == 0 and started


def test_46_what_a_stranger_puts_into_the_queue_is_never_unpickled(open_redis: int, tmp_path: Path) -> None:
    """A job of theirs is refused as not being JSON; no code of theirs runs."""
    assert queue.named.__wrapped__("intake").serializer is JSONSerializer

    class Evil:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "owned",)

    client = redis.Redis(port=open_redis)
    work = Queue("intake", connection=client, serializer=JSONSerializer)
    client.hset(
        "rq:job:evil",
        mapping={
            "data": pickle.dumps(("os.system", None, [Evil()], {})),
            "status": "queued",
            "created_at": "2026-01-01T00:00:00Z",
            "origin": "intake",
        },
    )
    job = work.fetch_job("evil")
    with pytest.raises(DeserializationError):
        assert job
        assert job.args
    assert not (tmp_path / "owned").exists()
    client.delete("rq:job:evil")
    client.close()


def test_46_nobody_is_admin_by_default(engine: Any, database: Any) -> None:
    from inbox import db

    assert db.session.query(Agent).count() == 0


def test_46_no_secret_stands_in_what_is_said(ada: Agent, support: Account) -> None:
    line = logs.discreet(None, "", {"redis_password": "pw", "url": "redis://:hunter2@h/0", "event": "x"})
    assert "pw" not in json.dumps(line).replace("redis_password", "") and "hunter2" not in json.dumps(line)
    with pytest.raises(config.ConfigError) as wrong:
        load(database={"url": "mysql://prosa:hunter2@h/x"})
    assert "hunter2" not in str(wrong.value)
    assert "hunter2" not in repr(load(web={"metrics_token": "hunter2"}))
