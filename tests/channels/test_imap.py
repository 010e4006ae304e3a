"""IMAP and POP3 against a real server: trying it out, and what an admin reads where it does not work."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inbox import channels, collector, fetch
from inbox.channels import Batch, Check, ConnectError, Item, Known
from inbox.channels.email import imap, pop3, pop3_server, refusals, secrecy
from tests.house import free_port, mail, wait_for
from tests.peers.dovecot import BINARY, MISSING, Dovecot
from tests.peers.liar import Liar

pytestmark = pytest.mark.slow

email = channels.of("mail")
real = pytest.mark.skipif(BINARY is None, reason=MISSING)


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with Dovecot() as server:
        yield server


@pytest.fixture
def liar() -> Iterator[Liar]:
    with Liar() as made:
        yield made


@pytest.fixture
def trusted(dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> Dovecot:
    """Its certificate counts on this machine."""
    monkeypatch.setenv("SSL_CERT_FILE", str(dovecot.authority))
    return dovecot


def failed(checks: list[Check]) -> tuple[str, str]:
    [found] = [check for check in checks if not check.ok]
    return found.label, found.detail


# --------------------------------------------------------------------------------------- trying it out


@real
@pytest.mark.parametrize(("security", "port"), [("tls", "imaps"), ("starttls", "imap"), ("none", "imap")])
def test_imap_is_tried_step_by_step(trusted: Dovecot, security: str, port: str) -> None:
    settings = trusted.settings(in_security=security, in_port=getattr(trusted, port), in_host="localhost")
    checks = imap.check(settings)
    assert [check.ok for check in checks] == [True] * 3
    assert ("TLS" in checks[0].detail) is (security != "none") and "INBOX" in checks[1].detail


@real
@pytest.mark.parametrize(("security", "port"), [("tls", "pop3s"), ("starttls", "pop3"), ("none", "pop3")])
def test_pop3_is_tried_step_by_step(trusted: Dovecot, security: str, port: str) -> None:
    settings = trusted.settings(in_security=security, in_port=getattr(trusted, port), in_host="localhost")
    assert [check.ok for check in pop3.check(settings)] == [True, True]


@real
@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"in_password": "wrong"}, refusals.PASSWORD),
        ({"in_host": ""}, refusals.NO_HOST),
        ({"in_host": "mail.nowhere.invalid"}, refusals.UNKNOWN_HOST),
        ({"in_host": "." * 300}, refusals.UNKNOWN_HOST),
        ({"in_port": 1}, refusals.REFUSED),
        ({"in_security": "tls"}, refusals.NO_TLS),
        ({"in_folders": "INBOX,Nowhere"}, imap.NO_FOLDER),
    ],
)
def test_what_is_wrong_is_said(
    dovecot: Dovecot, settings: dict[str, Any], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(host: str, *_: Any, **__: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    if "invalid" in settings.get("in_host", ""):
        monkeypatch.setattr(socket, "getaddrinfo", nobody)
    label, detail = failed(imap.check(dovecot.settings(**settings)))
    assert label == sentence and ("%(detail)s" not in label or detail)
    assert "b'" not in detail


@real
def test_a_certificate_that_nobody_vouches_for_is_refused(dovecot: Dovecot) -> None:
    for check, port in ((imap.check, dovecot.imaps), (pop3.check, dovecot.pop3s)):
        label, detail = failed(list(check(dovecot.settings(in_security="tls", in_port=port))))
        assert label == refusals.CERTIFICATE and "self-signed" in detail


@real
def test_a_certificate_for_another_name_is_refused(trusted: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", _always(trusted.imaps))
    settings = trusted.settings(in_security="tls", in_port=trusted.imaps, in_host="mail.other.example")
    assert failed(imap.check(settings))[0] == refusals.CERTIFICATE


def _always(port: int) -> Any:
    return lambda *_args, **_more: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]


@pytest.mark.parametrize(
    ("said", "sentence", "pause"),
    [
        ("NO [ALERT] Application-specific password required", refusals.APP_PASSWORD, None),
        ("NO [ALERT] Your account is not enabled for IMAP use", refusals.SWITCHED_OFF, None),
        ("NO [AUTHENTICATIONFAILED] Invalid credentials", refusals.PASSWORD, None),
        ("NO [LIMIT] Too many simultaneous connections, try again in 10 minutes", refusals.WAIT, 600),
        ("NO [UNAVAILABLE] Temporary authentication failure", refusals.WAIT, refusals.PAUSE),
    ],
)
def test_what_providers_say_at_the_door_is_understood(
    liar: Liar, said: str, sentence: str, pause: float | None
) -> None:
    liar.says["LOGIN"] = [said] * 2
    assert failed(imap.check(liar.settings()))[0] == sentence
    with pytest.raises(ConnectError) as refused:
        imap.folders(liar.settings())
    assert refused.value.pause == pause and refused.value.permanent is (pause is None)


def test_no_password_goes_out_where_the_server_wants_encryption(liar: Liar) -> None:
    liar.capabilities += " LOGINDISABLED"
    assert failed(imap.check(liar.settings()))[0] == refusals.IN_CLEAR
    assert failed(imap.check(liar.settings(in_security="starttls")))[0] == refusals.NO_STARTTLS
    assert not any(line.startswith("LOGIN") for line in liar.heard)


@pytest.mark.parametrize("token", [{}, {"access_token": "good"}])
def test_nothing_secret_goes_out_where_it_could_be_read_on_the_way(
    liar: Liar, monkeypatch: pytest.MonkeyPatch, token: dict[str, str]
) -> None:
    monkeypatch.setattr(fetch, "is_public", lambda _address: True)
    assert failed(imap.check(liar.settings(**token))) == (secrecy.READABLE, "127.0.0.1")
    assert not any(line.startswith(("LOGIN", "AUTH")) for line in liar.heard)


@real
def test_nor_by_pop3(dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "is_public", lambda _address: True)
    assert failed(pop3.check(dovecot.settings(in_port=dovecot.pop3)))[0] == secrecy.READABLE


@pytest.mark.parametrize("token", [{}, {"access_token": "good"}])
def test_a_server_that_hangs_up_at_the_door_refuses_no_password(liar: Liar, token: dict[str, str]) -> None:
    liar.says["AUTHENTICATE" if token else "LOGIN"] = ["DROP"]
    with pytest.raises(ConnectError) as told:
        imap.folders(liar.settings(**token))
    assert told.value.reason == refusals.DROPPED and not told.value.permanent


def test_a_permission_lets_in_and_a_withdrawn_one_is_told(liar: Liar) -> None:
    liar.tokens = {"good"}
    assert all(check.ok for check in imap.check(liar.settings(access_token="good")))
    assert failed(imap.check(liar.settings(access_token="bad")))[0] == refusals.TOKEN


@pytest.mark.parametrize("greeting", [b"", b"SSH-2.0-x\r\n", b"\x00\xff\r\n", b"* BYE not today\r\n"])
@pytest.mark.parametrize("check", [imap.check, pop3.check])
def test_something_else_on_that_port_is_said_to_be_so(greeting: bytes, check: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            line, _ = server.accept()
            with line:
                line.sendall(greeting)

        threading.Thread(target=answer, daemon=True).start()
        port = server.getsockname()[1]
        [found] = check({"in_host": "127.0.0.1", "in_port": port, "in_security": "none"})
    assert not found.ok and found.label in (refusals.DROPPED, refusals.UNREACHABLE)


@real
def test_folders_are_listed_with_what_they_are_for(dovecot: Dovecot) -> None:
    dovecot.deliver(mail(1), user="folders", folder="Açaí & co")
    listed = imap.folders(dovecot.settings("folders"))
    assert {(one.name, one.role) for one in listed} == {("INBOX", ""), ("Sent", "sent"), ("Açaí & co", "")}


# ------------------------------------------------------------------------------------------------- POP3


class Taken(Known):
    """What a test has committed."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.cursors: dict[str, Any] = {}

    def places(self, sources: Any) -> set[str]:
        return {item.source for item in self.items if not item.reason} & set(sources)

    def visit(self, settings: dict[str, Any], stop_after: int = 1000) -> None:
        """One visit; it may end after so many batches, before it says goodbye."""
        ended: list[Batch] = []
        for batch in email.listen(settings, self.cursors, lambda: len(ended) > stop_after, self):
            if batch.cursor is None:
                return
            self.cursors[batch.folder] = batch.cursor
            self.items += batch.items
            ended.append(batch)
            if len(ended) >= stop_after:
                return

    @property
    def numbers(self) -> list[str]:
        return sorted(item.body.split(b"token-")[1].split(b"-x")[0].decode() for item in self.items)


@pytest.fixture
def pop(dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> dict[str, Any]:
    """A mailbox of its own, with a mail in it."""
    monkeypatch.setattr(pop3, "POLL_SECONDS", 0.01)
    user = f"pop{abs(hash(request.node.name))}"
    dovecot.deliver(mail(0), user=user)
    return dovecot.settings(user, incoming="pop3", in_port=dovecot.pop3, max_bytes=1_000_000)


@real
def test_pop3_takes_what_comes_after_connecting_and_leaves_it(pop: dict[str, Any], dovecot: Dovecot) -> None:
    taken = Taken()
    taken.visit(pop)
    assert not taken.items
    dovecot.deliver(mail(1), mail(2, text="x" * 5000 + "\r\n.\r\n..dots"), user=pop["in_user"])
    for _ in range(3):
        taken.visit(pop)
    assert taken.numbers == ["1", "2"] and b"\r\n.\r\n..dots" in taken.items[1].body
    assert len(dovecot.mails(pop["in_user"])) == 3


@real
def test_pop3_deletes_after_the_commit_and_after_a_crash(pop: dict[str, Any], dovecot: Dovecot) -> None:
    taken, pop = Taken(), {**pop, "in_after": "delete"}
    taken.visit(pop)
    dovecot.deliver(mail(1), mail(2), user=pop["in_user"])
    taken.visit(pop, stop_after=1)  # kept here, and the session ended before it said goodbye
    assert taken.numbers == ["1", "2"]
    assert wait_for(lambda: len(dovecot.mails(pop["in_user"])) == 3, 5)
    taken.visit(pop)
    assert taken.numbers == ["1", "2"] and len(dovecot.mails(pop["in_user"])) == 1


@real
def test_pop3_keeps_a_record_of_what_is_too_large(pop: dict[str, Any], dovecot: Dovecot) -> None:
    taken, pop = Taken(), {**pop, "in_after": "delete"}
    taken.visit(pop)
    dovecot.deliver(mail(1, text="large " * 300_000), mail(2), user=pop["in_user"])
    for _ in range(2):
        taken.visit(pop)
    assert [bool(item.reason) for item in taken.items] == [True, False] and taken.numbers == ["1", "2"]
    assert len(dovecot.mails(pop["in_user"])) == 2, "it stays, for it is not here"


@real
def test_pop3_a_mail_that_is_far_larger_than_its_server_says_is_not_read_into_memory(
    pop: dict[str, Any], dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pop3_server, "_numbers", lambda row: (int(row.split()[0]), 100))
    taken = Taken()
    taken.visit(pop)
    dovecot.deliver(mail(1, text="large " * 400_000), mail(2), user=pop["in_user"])
    for _attempt in range(pop3.TRIES):
        with pytest.raises(ConnectError, match="at once"):
            taken.visit(pop)
    taken.visit(pop)
    assert [item.reason for item in taken.items] == [pop3.UNFETCHED, ""]


@real
def test_pop3_history_is_everything_and_goes_on_where_it_ended(
    pop: dict[str, Any], dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pop3, "BATCH", 2)
    dovecot.deliver(*(mail(n) for n in range(1, 6)), user=pop["in_user"])
    first = next(iter(email.history(pop, "", {}, None)))
    assert (len(first.items), first.total, first.done) == (2, 6, 2)
    rest = list(email.history(pop, "", first.cursor or {}, None))
    assert [len(batch.items) for batch in rest] == [2, 2] and rest[-1].done == rest[-1].total == 4
    late = datetime.now(UTC) + timedelta(days=1)
    assert not any(batch.items for batch in email.history(pop, "", {}, late) if _has_dates(batch))


@real
def test_pop3_history_goes_past_a_mail_that_breaks_the_line(
    pop: dict[str, Any], dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    dovecot.deliver(*(mail(n) for n in range(1, 5)), user=pop["in_user"])
    real = pop3_server.Server.body

    def body(self: pop3_server.Server, number: int) -> bytes:
        if number == 3:
            raise ConnectError(refusals.DROPPED)
        return real(self, number)

    monkeypatch.setattr(pop3_server.Server, "body", body)
    cursor: dict[str, Any] = {}
    items: list[Item] = []
    for _attempt in range(collector.Importing.MOST_FAILURES):
        with contextlib.suppress(ConnectError):
            for batch in email.history(pop, "", cursor, None):
                cursor = dict(batch.cursor or {})
                items += batch.items
            break
    assert [item.reason for item in items] == ["", "", pop3.UNFETCHED, "", ""]


@real
def test_pop3_history_says_what_the_server_said(pop: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(_self: pop3_server.Server) -> Any:
        raise pop3_server.Refused("-ERR mailbox is locked")

    monkeypatch.setattr(pop3_server.Server, "mails", locked)
    with pytest.raises(ConnectError) as told:
        list(email.history(pop, "", {}, None))
    assert (told.value.reason, told.value.detail) == (refusals.SAID, "-ERR mailbox is locked")


@real
def test_pop3_a_server_that_wants_a_pause_is_not_taken_for_a_bad_mail(
    pop: dict[str, Any], dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = Taken()
    taken.visit(pop)
    dovecot.deliver(mail(1), user=pop["in_user"])
    with monkeypatch.context() as busy:
        busy.setattr(pop3_server.Server, "body", _busy)
        for _attempt in range(pop3.TRIES + 1):
            with pytest.raises(ConnectError, match="wait"):
                taken.visit(pop)
    taken.visit(pop)
    assert taken.numbers == ["1"] and not taken.items[0].reason


def _busy(_self: pop3_server.Server, _number: int) -> bytes:
    raise ConnectError(refusals.WAIT, "[IN-USE]", pause=300)


def _has_dates(batch: Batch) -> bool:
    return all(b"Received:" in item.body for item in batch.items)


def test_a_server_that_is_not_there_is_no_surprise() -> None:
    settings = {"in_host": "127.0.0.1", "in_port": free_port(), "in_security": "none", "incoming": "pop3"}
    with pytest.raises(ConnectError) as refused:
        next(iter(email.listen(settings, {}, lambda: False, Known())))
    assert refused.value.reason == refusals.REFUSED
