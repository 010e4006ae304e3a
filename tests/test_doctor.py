"""What the doctor finds, and what it says to do."""

import socket
import threading

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from inbox import config, connections, db, doctor
from inbox.config import load
from inbox.doctor import database, finding, machine, network, queues, work
from tests.conftest import NO_POSTGRES, POSTGRES


@pytest.fixture
def given(monkeypatch, tmp_path):
    """Settings for the doctor to look at."""

    def set_to(**sections) -> None:
        now = load(**({"data": {"dir": str(tmp_path)}} | sections))
        monkeypatch.setattr(config, "settings", lambda: now)

    database.engine.cache_clear()
    queues.store.cache_clear()
    set_to()
    yield set_to
    if database.engine.cache_info().currsize:
        database.engine().dispose()
    database.engine.cache_clear()
    queues.store.cache_clear()


def test_wrong_settings_are_said_once_and_nothing_that_hangs_on_them(monkeypatch):
    def broken():
        raise config.ConfigError("web.port = 'x' is not allowed")

    monkeypatch.setattr(config, "settings", broken)
    found = doctor.examine()
    assert found["settings"] == finding.problem(
        "web.port = 'x' is not allowed", "Mend config.toml or the environment."
    )
    assert set(found) == {"Python", "settings", "front end"}


def test_before_the_first_start_nothing_is_made_and_the_database_is_no_problem(given, tmp_path):
    found = doctor.examine()
    assert found["database"].level == "warn"
    assert "migrations" not in found
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_a_problem(given, monkeypatch):
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: machine.shutil._ntuple_diskusage(1, 1, 1))
    assert machine.free_space().level == "problem"


def test_a_data_directory_that_everybody_reads_is_worth_a_word(given, tmp_path):
    tmp_path.chmod(0o755)
    assert machine.data_directory().mend == f"chmod 700 {tmp_path}"


def test_a_secret_that_others_read_is_a_problem(given, tmp_path):
    (tmp_path / "secret").write_bytes(b"x" * 32)
    (tmp_path / "secret").chmod(0o644)
    assert "chmod 600" in finding.look(machine.secret, "").said


def test_a_damaged_database_is_a_problem(given, tmp_path):
    (tmp_path / "prosa.db").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    assert finding.look(database.answers, "Restore it.").level == "problem"


def test_an_empty_database_wants_its_migrations(given, tmp_path):
    (tmp_path / "prosa.db").touch()
    assert database.answers().level == "ok"
    assert database.migrations().mend == "Run `python -m inbox migrate`."


def test_a_redis_that_nobody_answers_at_says_how_to_start_it(given):
    found = doctor.examine()["Redis"]
    assert found.level == "problem"
    assert "make run" in found.mend


@pytest.mark.parametrize(("greeting", "level"), [(b"220 prosa LMTP\r\n", "ok"), (b"SSH-2.0\r\n", "problem")])
def test_the_mail_port_must_be_ours(given, greeting, level):
    with socket.create_server(("127.0.0.1", 0)) as server:
        given(mail={"listen_port": server.getsockname()[1]})

        def answer():
            line, _ = server.accept()
            with line:
                line.sendall(greeting)

        thread = threading.Thread(target=answer)
        thread.start()
        assert network.mail_listener().level == level
        thread.join()


def test_a_house_without_passwords_is_not_for_production(given, monkeypatch):
    monkeypatch.setattr(finding, "_asked_for_production", False)
    assert machine.demo().level == "ok"
    given(demo={"enabled": True})
    assert machine.demo().level == "warn" and "demo.enabled" in machine.demo().said
    assert "demo.enabled" in " ".join(found.said for found in doctor.refusals())


@pytest.mark.parametrize(
    ("url", "level"),
    [
        ("https://help.example.com", "ok"),
        ("http://127.0.0.1:8000", "ok"),
        ("http://help.example.com", "problem"),
    ],
)
def test_the_public_address_should_be_https(given, url, level):
    given(web={"public_url": url})
    assert network.public_address().level == level


def test_ports_open_to_others_are_named(given):
    given(web={"host": "0.0.0.0"}, mail={"listen_host": "0.0.0.0", "listen_port": 0})
    assert network.open_ports().said == "other machines can connect: web.host = 0.0.0.0"


def test_failed_messages_say_where_to_look():
    assert work.needs_attention(2, "replies could not be sent").level == "warn"
    assert work.needs_attention(0, "replies could not be sent").level == "ok"


@pytest.mark.parametrize(("found", "code"), [(finding.ok("fine"), 0), (finding.warn("hm", "do"), 0)])
def test_only_a_problem_makes_the_exit_code_1(monkeypatch, capsys, found, code):
    monkeypatch.setattr(doctor, "CHECKS", (("thing", lambda: found, "", ""),))
    assert doctor.main() == code
    assert "thing" in capsys.readouterr().out


def test_a_check_that_breaks_is_itself_a_problem_with_a_remedy(monkeypatch, capsys):
    def breaks():
        raise OSError("no such host\nand more")

    monkeypatch.setattr(doctor, "CHECKS", (("thing", breaks, "", "Plug it in."),))
    assert doctor.main() == 1
    said = capsys.readouterr().out
    assert "no such host" in said
    assert "and more" not in said
    assert "→ Plug it in." in said


def test_a_mailbox_that_fails_has_a_line_of_its_own(support, monkeypatch):
    monkeypatch.setattr(database, "engine", lambda: None)
    assert work.mailboxes().level == "ok"
    connections.failing(support.id, "in", "The server refused the user name or password: %(detail)s", "no")
    connections.failing(support.id, "out", "The mail server does not answer.")
    db.session.commit()
    found = work.mailboxes()
    assert found.level == "problem" and "try it out" in found.mend
    first, second = found.said.split("\n")
    assert "support@barro.example cannot be read: The server refused" in first and "password: no (" in first
    assert "support@barro.example cannot send: " in second
    db.session.merge(support).active = False
    db.session.commit()
    assert work.mailboxes().level == "ok"


@NO_POSTGRES
@pytest.mark.parametrize("sync", ["on", "off"])
def test_a_postgresql_that_does_not_wait_for_its_disk_is_a_problem(given, monkeypatch, sync):
    url = make_url(POSTGRES).set(drivername="postgresql+psycopg")
    engine = create_engine(url, poolclass=NullPool, connect_args={"options": f"-c synchronous_commit={sync}"})
    with monkeypatch.context() as patched:
        patched.setattr(database, "engine", lambda: engine)
        found = database.postgresql()
    assert found.level == ("ok" if sync == "on" else "problem")
    assert ("synchronous_commit to on" in found.mend) == (sync == "off")
