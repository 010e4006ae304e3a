"""The command line, and what an MTA that pipes mail into it relies on."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from inbox import __main__ as command
from inbox import cli, intake

ROOT = Path(__file__).resolve().parent.parent
MAIL = b"From: Ana <ana@example.com>\r\nTo: support@example.com\r\nSubject: Hello\r\n\r\nIs it blue?\r\n"


@pytest.fixture
def call(monkeypatch, capfd):
    """Call the command line; the exit code and what it said."""
    monkeypatch.setattr(cli, "connect", lambda: None)

    def run(*arguments: str, stdin: bytes = b"") -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["inbox", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = command.main()
        said = capfd.readouterr()
        return code, said.out + said.err

    return run


def test_without_a_command_it_shows_what_there_is(call):
    code, said = call()
    assert code == 0
    assert "doctor" in said


def test_a_delivered_mail_is_stored_with_its_recipients_before_exit_0(call, monkeypatch):
    stored = []
    monkeypatch.setattr(intake, "accept_mail", lambda raw, to: stored.append((raw, [*to])) or [7])
    code, said = call(
        "mail", "deliver", "--recipient", "a@x.example", "--recipient", "b@x.example", stdin=MAIL
    )
    assert (code, said) == (0, "stored as payload 7\n")
    assert stored == [(MAIL, ["a@x.example", "b@x.example"])]


@pytest.mark.parametrize(
    "failure", [OSError("the disk is full"), intake.NobodyHere("x@y"), KeyboardInterrupt()]
)
def test_whatever_fails_the_mta_keeps_the_mail(call, monkeypatch, failure):
    def fail(raw, to):
        raise failure

    monkeypatch.setattr(intake, "accept_mail", fail)
    code, said = call("mail", "deliver", stdin=MAIL)
    assert code == 75
    assert len(said.splitlines()) == 1


def test_a_mail_that_nobody_took_stays_with_the_mta(call, monkeypatch):
    monkeypatch.setattr(intake, "accept_mail", lambda raw, to: [])
    assert call("mail", "deliver", stdin=MAIL)[0] == 75


@pytest.mark.parametrize("arguments", [["--recipients", "a@b"], ["--recipient"], ["surplus"]])
def test_a_wrong_option_in_the_mtas_settings_loses_no_mail(call, arguments):
    assert call("mail", "deliver", *arguments, stdin=MAIL)[0] == 75


def test_no_mail_at_all_is_no_delivery(call):
    assert call("mail", "deliver", stdin=b"")[0] == 75


def test_a_mail_over_the_limit_stays_with_the_mta(call, monkeypatch):
    from inbox import config

    monkeypatch.setattr(config, "settings", lambda: config.load(mail={"max_bytes": 1000}))
    code, said = call("mail", "deliver", stdin=MAIL + b"x" * 1000)
    assert code == 75
    assert "mail.max_bytes" in said


def test_a_broken_installation_loses_no_mail(tmp_path):
    """Not even the command line can be imported."""
    (tmp_path / "click.py").write_text("raise ImportError('broken')")
    done = subprocess.run(
        [sys.executable, "-m", "inbox", "mail", "deliver"],
        cwd=ROOT, env={"PYTHONPATH": str(tmp_path)}, input=MAIL, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 75
    assert done.stderr.decode().splitlines() == ["mail deliver: ImportError: broken"]


def test_a_wrong_setting_is_one_line_and_exit_code_2(call, monkeypatch):
    from inbox import config

    monkeypatch.setattr(cli, "connect", lambda: config.load(web={"port": 0}))
    code, said = call("migrate")
    assert code == 2
    assert said.startswith("Settings: web.port = 0")
    assert len(said.splitlines()) == 1


def test_lines_of_json_survive_half_a_surrogate(call, monkeypatch):
    from inbox.mail import report

    monkeypatch.setattr(report, "strip_jsonl", lambda lines: [{"reply": "olá \udc80"} for _ in lines])
    code, said = call("mail", "strip", "--jsonl", stdin=b"{}\n")
    assert code == 0
    assert json.loads(said) == {"reply": "olá \udc80"}
