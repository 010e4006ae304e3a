"""What reaches a log, and what never does."""

import json
import logging

import pytest
import structlog

from inbox import logs
from inbox.config import Log


@pytest.fixture(autouse=True)
def as_it_was():
    """Other tests keep the logging that pytest gave them."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    levels = {name: logging.getLogger(name).level for name in logs.TALKATIVE}
    yield
    root.handlers = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()


@pytest.fixture
def line(capsys):
    """Log something as JSON; the line that came of it."""

    def write(event: str = "happened", **values) -> dict:
        logs.setup(Log(format="json"))
        structlog.get_logger("test").info(event, **values)
        return json.loads(capsys.readouterr().err)

    return write


@pytest.mark.parametrize("key", ["password", "smtp_password", "setup_token", "secret", "cookie", "api_key"])
def test_secrets_never_reach_the_log(line, key):
    assert line(**{key: "hunter2"})[key] == "***"
    assert line(settings={key: "hunter2"})["settings"] == {key: "***"}


@pytest.mark.parametrize("key", ["text", "html", "body", "subject", "raw"])
def test_of_what_customers_write_only_the_length_is_logged(line, key):
    assert line(**{key: "Where is my cup?"})[key] == "(16 characters)"


def test_an_address_is_logged_without_its_password(line):
    assert line(url="redis://me:hunter2@store/0")["url"] == "redis://me:***@store/0"


def test_ids_and_numbers_are_logged_as_they_are(line):
    said = line("mail_accepted", payload=7)
    assert (said["event"], said["payload"], said["level"], said["logger"]) == (
        "mail_accepted",
        7,
        "info",
        "test",
    )


def test_libraries_log_in_the_same_format(capsys):
    logs.setup(Log(format="json"))
    logging.getLogger("somebody.else").warning("cannot reach %s", "redis://me:hunter2@store/0")
    said = json.loads(capsys.readouterr().err)
    assert said["event"] == "cannot reach redis://me:***@store/0"
    assert said["logger"] == "somebody.else"


def test_a_traceback_shows_no_local_variables(capsys):
    for log in (Log(), Log(format="json")):
        logs.setup(log)
        words = "".join(["what the", " customer wrote"])
        try:
            int(words[:0])
        except ValueError:
            structlog.get_logger("test").exception("failed")
        said = capsys.readouterr().err
        assert "ValueError" in said
        assert words not in said


def test_below_the_level_nothing_is_logged(capsys):
    logs.setup(Log(level="error"))
    structlog.get_logger("test").warning("careful")
    logging.getLogger("somebody.else").warning("careful")
    assert capsys.readouterr().err == ""


def test_lines_are_coloured_for_the_supervisors_terminal_only(monkeypatch, capsys):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert logs.coloured()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not logs.coloured()
