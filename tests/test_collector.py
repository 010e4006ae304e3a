"""What a mailbox holds comes in once, whatever its server does (row F10 of the fault list).

A real client talks to a server that lies; the rows are looked at when nothing more happens.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import select

from inbox import collector, connections, db, files, imports, intake, oauth, vault
from inbox.channels import ConnectError
from inbox.channels.email import imap, imap_folder, imap_server
from inbox.models import Account, Agent, Cursor, MailImport, Message, Payload
from tests.house import mail
from tests.peers.liar import Liar

pytestmark = pytest.mark.slow

TOKENS = range(1, 8)


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for minutes here."""
    monkeypatch.setattr(imap, "IDLE_SECONDS", 0.2)
    monkeypatch.setattr(imap, "POLL_SECONDS", 0.2)
    monkeypatch.setattr(imap_folder, "PATIENCE", (0.0,) * len(imap_folder.PATIENCE))
    monkeypatch.setattr(collector, "BACKOFF", (0.0,) * len(collector.BACKOFF))


@pytest.fixture
def liar() -> Iterator[Liar]:
    with Liar() as made:
        yield made


class Mailbox(collector.Listening):
    """Listens in this thread, until what it is asked for has happened."""

    def __init__(self, account: Account) -> None:
        super().__init__(account.id, None)
        self.told_of: list[ConnectError] = []
        self.enough: Callable[[], bool] = lambda: True
        self.rounds = 0

    def stopped(self) -> bool:
        return self.enough()

    def _works(self) -> None:
        super()._works()
        self.rounds += 1

    def tell(self, problem: ConnectError) -> None:
        super().tell(problem)
        self.told_of.append(problem)

    def until(self, enough: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        self.enough = lambda: enough() or time.monotonic() > deadline
        while not self.enough():
            self._attempt()
        assert time.monotonic() < deadline, (self.told_of, self.rounds)

    def settle(self, rounds: int = 2) -> None:
        """Until it has looked so often that it would have found more."""
        wanted = self.rounds + rounds
        self.until(lambda: self.rounds >= wanted)

    def position(self, folder: str = "INBOX") -> dict[str, Any]:
        return dict(db.session.get_one(Cursor, (self.account_id, folder)).value)


def connected(account: Account, **settings: Any) -> Mailbox:
    sealed = {"in_password": vault.seal(settings["in_password"])}
    account.settings = {**account.settings, **settings, **sealed}
    db.session.commit()
    return Mailbox(account)


@pytest.fixture
def mailbox(support: Account, liar: Liar) -> Mailbox:
    """Connected while older mail was there."""
    liar.offer(mail(-1), mail(-2))
    found = connected(support, **liar.settings())
    found.settle(1)
    return found


def tokens() -> list[int]:
    """The numbers of the mails that became messages, in their order."""
    for payload in payloads("new"):
        intake.read_now(payload.id)
    subjects = db.session.scalars(select(Message.subject).order_by(Message.id)).all()
    return [int(subject.split("token-")[1].split("-x")[0]) for subject in subjects]


def payloads(state: str) -> list[Payload]:
    return list(db.session.scalars(select(Payload).where(Payload.state == state).order_by(Payload.id)))


def reason_of(mailbox: Mailbox) -> str:
    found = connections.health(db.session.get_one(Account, mailbox.account_id)).error
    return found.reason if found else ""


# ------------------------------------------------------------------------------------------ on good days


def test_only_what_comes_after_connecting_is_taken_in_and_nothing_is_marked_as_read(
    mailbox: Mailbox, liar: Liar
) -> None:
    liar.offer(*(mail(n) for n in TOKENS))
    mailbox.settle()
    assert tokens() == [*TOKENS]
    assert not any(found.flags for found in liar.folders["INBOX"].mails)
    assert not any(line.startswith("SELECT") for line in liar.heard)
    health = connections.health(db.session.get_one(Account, mailbox.account_id))
    assert health.incoming.state == "ok" and health.last_in and not health.error


def test_a_folder_may_be_deep_and_its_name_long(support: Account, ada: Agent, liar: Liar) -> None:
    name = "/".join(f"Kunden {number}" for number in range(80))
    liar.folders[name] = type(liar.folders["INBOX"])()
    mailbox = connected(support, **liar.settings(in_folders=name))
    mailbox.settle(1)
    liar.offer(mail(1), folder=name)
    mailbox.settle()
    assert tokens() == [1] and len(name) > 255 and mailbox.position(name)
    imports.start(db.session.get_one(Account, support.id), name, None, db.session.merge(ada))
    db.session.commit()


def test_several_folders_are_read_and_a_missing_one_stops_none(support: Account, liar: Liar) -> None:
    liar.folders["Sales"] = type(liar.folders["INBOX"])()
    mailbox = connected(support, **liar.settings(in_folders="INBOX, Nowhere, Sales"))
    mailbox.until(lambda: len(mailbox.told_of) > 1)
    liar.offer(mail(1))
    liar.offer(mail(2), folder="Sales")
    mailbox.until(lambda: len(payloads("new")) == 2)
    assert sorted(tokens()) == [1, 2]
    assert "Nowhere" in mailbox.told_of[0].detail and reason_of(mailbox) == imap_folder.NO_FOLDER
    assert liar.connections == 2, "the others are not left alone because of it"


def test_what_is_kept_is_moved_after_the_commit(support: Account, liar: Liar) -> None:
    liar.offer(mail(-1))
    mailbox = connected(support, **liar.settings(in_after="move", in_move_to="Prosa"))
    mailbox.settle(1)
    liar.offer(mail(1), mail(2))
    mailbox.settle()
    assert tokens() == [1, 2]
    assert len(liar.folders["INBOX"].mails) == 1 and len(liar.folders["Prosa"].mails) == 2
    assert "leaving" not in mailbox.position()


@pytest.mark.parametrize("capabilities", ["IMAP4rev1 IDLE UIDPLUS", "IMAP4rev1"])
def test_a_server_without_move_and_without_idle_does_it_too(
    support: Account, liar: Liar, capabilities: str
) -> None:
    liar.capabilities = capabilities
    mailbox = connected(support, **liar.settings(in_after="move", in_move_to="Prosa"))
    mailbox.settle(1)
    liar.offer(mail(1), mail(2))
    mailbox.settle()
    assert tokens() == [1, 2]
    assert not liar.folders["INBOX"].mails and len(liar.folders["Prosa"].mails) == 2


def test_mail_goes_on_coming_in_where_moving_is_refused(support: Account, liar: Liar) -> None:
    mailbox = connected(support, **liar.settings(in_after="move", in_move_to="Prosa"))
    mailbox.settle(1)
    liar.says["MOVE"] = ["NO [NOPERM] not yours"] * 20
    liar.says["CREATE"] = ["NO [NOPERM] not yours"] * 20
    liar.offer(mail(1))
    mailbox.until(lambda: reason_of(mailbox) != "")
    liar.offer(mail(2))
    mailbox.until(lambda: len(payloads("new")) == 2)
    assert tokens() == [1, 2] and reason_of(mailbox) == imap_folder.NOT_TAKEN_AWAY
    liar.says.clear()
    mailbox.until(lambda: not liar.folders["INBOX"].mails)
    mailbox.settle(1)
    assert reason_of(mailbox) == "" and len(liar.folders["Prosa"].mails) == 2


def test_a_mail_that_is_too_large_is_recorded_with_its_headers(
    mailbox: Mailbox, liar: Liar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        mailbox, "_account", lambda real=mailbox._account: (real()[0], {**real()[1], "max_bytes": 3_000_000})
    )
    liar.offer(mail(1), mail(2, text="large " * 600_000), mail(3))
    mailbox.settle()
    assert tokens() == [1, 3]
    [large] = payloads("failed")
    assert large.reason == imap_folder.TOO_LARGE and large.reason_detail == "3"
    assert b"token-2-x" in files.get(large.sha256) and large.size < 1000


def test_a_mail_that_is_far_larger_than_its_server_says_is_not_read_into_memory(
    mailbox: Mailbox, liar: Liar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        mailbox, "_account", lambda real=mailbox._account: (real()[0], {**real()[1], "max_bytes": 3_000_000})
    )
    liar.understates = {4}
    liar.offer(mail(1), mail(2, text="large " * 2_000_000), mail(3))
    mailbox.until(lambda: len(payloads("failed")) == 1)
    mailbox.settle()
    assert tokens() == [1, 3]
    [large] = payloads("failed")
    assert large.reason == imap_folder.UNFETCHED and b"token-2-x" in files.get(large.sha256)


# --------------------------------------------------------------------------------------------------- F10


def test_f10_a_drop_in_the_middle_of_a_mail(mailbox: Mailbox, liar: Liar) -> None:
    liar.drops[5] = 3
    liar.offer(*(mail(n) for n in TOKENS))
    mailbox.until(lambda: len(payloads("new")) == len(TOKENS))
    mailbox.settle()
    assert sorted(tokens()) == [*TOKENS] and not payloads("failed")


@pytest.mark.parametrize(
    "answer", ["NO something is wrong", "BAD something is wrong", "* BYE going down", "DROP"]
)
def test_f10_no_and_bad(mailbox: Mailbox, liar: Liar, answer: str) -> None:
    for number, command in enumerate(("EXAMINE", "SEARCH", "FETCH", "IDLE", "LOGIN")):
        liar.hang_up()
        liar.says[command] = [answer] * 2
        liar.offer(mail(2 * number), mail(2 * number + 1))
        mailbox.until(lambda: not any(liar.says.values()))
        mailbox.settle(1)
    assert sorted(tokens()) == [*range(10)] and not payloads("failed")


@pytest.mark.parametrize(
    ("answer", "pause"),
    [
        ("NO [LIMIT] too many requests", 300),
        ("NO [THROTTLED] slower, please", 300),
        ("BAD Request is throttled. Suggested Backoff Time: 92415 milliseconds", 92.415),
        ("* BYE [UNAVAILABLE] Too many simultaneous connections", 300),
        ("NO [OVERQUOTA] Account exceeded command or bandwidth limits", 300),
    ],
)
@pytest.mark.parametrize("command", ["LOGIN", "FETCH"])
def test_f10_throttling(mailbox: Mailbox, liar: Liar, command: str, answer: str, pause: float) -> None:
    liar.hang_up()
    liar.says[command] = [answer]
    liar.offer(*(mail(n) for n in TOKENS))
    mailbox.until(lambda: bool(mailbox.told_of))
    assert mailbox.told_of[0].pause == pytest.approx(pause)
    until = connections.pause_of(mailbox.account_id, "in")
    assert until and until > datetime.now(UTC) + timedelta(seconds=pause - 30)
    mailbox.until(lambda: len(payloads("new")) == len(TOKENS))
    assert tokens() == [*TOKENS] and not payloads("failed")


@pytest.mark.parametrize("seen_before", [True, False])
@pytest.mark.parametrize("after", ["keep", "delete"])
def test_f10_uidvalidity_changes(support: Account, liar: Liar, seen_before: bool, after: str) -> None:
    liar.offer(mail(-1), mail(-2), at=datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC))
    mailbox = connected(support, **liar.settings(in_after=after))
    mailbox.settle(1)
    liar.offer(*(mail(n) for n in (1, 2, 3)))
    mailbox.settle()
    if seen_before:
        assert tokens() == [1, 2, 3]
    liar.hang_up()
    liar.offer(mail(4))
    liar.renumber(2000)
    liar.offer(mail(5))
    mailbox.settle()
    liar.offer(mail(6))
    liar.renumber(1000)  # the first numbering again, with other mail behind the numbers
    liar.hang_up()
    mailbox.settle()
    assert sorted(tokens()) == [1, 2, 3, 4, 5, 6]
    assert not payloads("failed")
    if after == "delete":
        assert [b"token--" in found.body for found in liar.folders["INBOX"].mails] == [True, True]


def test_f10_what_we_have_is_not_fetched_again_after_a_new_uidvalidity(mailbox: Mailbox, liar: Liar) -> None:
    liar.offer(*(mail(n) for n in TOKENS), at=datetime.now(UTC) + timedelta(seconds=5))
    mailbox.settle()
    assert tokens() == [*TOKENS]
    liar.hang_up()
    liar.renumber(2000)
    liar.heard.clear()
    mailbox.settle()
    assert not any("BODY.PEEK[])" in line for line in liar.heard)
    assert mailbox.position()["uidvalidity"] == 2000 and tokens() == [*TOKENS]


@pytest.mark.parametrize("names_next", [True, False])
def test_f10_uids_are_renumbered_without_a_word(mailbox: Mailbox, liar: Liar, names_next: bool) -> None:
    liar.names_next = names_next
    for n in TOKENS:
        liar.offer(mail(n), at=datetime.now(UTC) + timedelta(seconds=n))
    mailbox.settle()
    liar.vanish(4)
    liar.vanish(5)
    liar.renumber()
    for n in (8, 9, 10):
        liar.offer(mail(n), at=datetime.now(UTC) + timedelta(seconds=n))
    mailbox.settle()
    assert sorted(tokens()) == [*TOKENS, 8, 9, 10] and not payloads("failed")


def test_f10_what_was_refused_is_asked_for_again_while_nothing_else_comes(
    mailbox: Mailbox, liar: Liar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In its time, not when IDLE happens to end."""
    monkeypatch.setattr(imap, "IDLE_SECONDS", 300.0)
    monkeypatch.setattr(imap_folder, "PATIENCE", (0.0, 0.5, 0.5, 0.5))
    liar.refuses[1] = 2
    liar.offer(mail(1))
    mailbox.until(lambda: tokens() == [1])


def test_f17_what_a_clock_that_was_ahead_put_off_is_fetched_when_that_is_right() -> None:
    """Neither sooner than its pause nor an hour late."""
    now, pauses = time.time(), [*enumerate(imap_folder.PATIENCE, 1), (imap_folder.KEPT, imap_folder.HOUR)]
    for tries, pause in pauses:
        assert imap_folder._pause(tries) == pause
        assert imap_folder._is_over(now + pause + 3600, pause) and imap_folder._is_over(now - 1, pause)
        assert pause == 0 or not imap_folder._is_over(now + pause, pause)


def test_f10_a_mail_vanishes_before_it_is_fetched(mailbox: Mailbox, liar: Liar) -> None:
    liar.hides = {5}
    liar.offer(*(mail(n) for n in TOKENS))
    mailbox.until(lambda: "later" in mailbox.position())
    liar.vanish(5)
    mailbox.until(lambda: "later" not in mailbox.position())
    assert sorted(tokens()) == [1, 2, 4, 5, 6, 7] and not payloads("failed")


def test_f10_rows_come_twice(mailbox: Mailbox, liar: Liar) -> None:
    liar.repeats = True
    liar.offer(*(mail(n) for n in TOKENS))
    mailbox.settle()
    assert tokens() == [*TOKENS]


@pytest.mark.parametrize("hours", [-5, 0, 5])
def test_f10_the_servers_clock_is_off(support: Account, liar: Liar, hours: int) -> None:
    liar.skew = timedelta(hours=hours)
    liar.offer(mail(-1), mail(-2))
    mailbox = connected(support, **liar.settings())
    mailbox.settle(1)
    liar.offer(*(mail(n) for n in TOKENS))  # in the same second, perhaps
    liar.renumber(2000)
    liar.hang_up()
    mailbox.settle()
    assert tokens() == [*TOKENS]


def test_f10_a_server_goes_silent_in_idle(
    mailbox: Mailbox, liar: Liar, monkeypatch: pytest.MonkeyPatch
) -> None:
    liar.hang_up()
    monkeypatch.setattr(imap_server, "READ_SECONDS", 0.5)
    liar.silent = True
    mailbox.until(lambda: bool(mailbox.told_of) and liar.connections > 2)
    liar.offer(*(mail(n) for n in TOKENS))
    mailbox.until(lambda: len(payloads("new")) == len(TOKENS))
    liar.silent = False
    mailbox.settle()
    assert tokens() == [*TOKENS]


@pytest.mark.parametrize("moment", ["FETCH", "before", "with", "after"])
def test_mail_is_taken_in_when_it_is_announced_and_whenever_that_is(
    mailbox: Mailbox, liar: Liar, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """In the answer to another command too, and around the word that IDLE has begun."""
    monkeypatch.setattr(imap, "IDLE_SECONDS", 300)
    liar.slips[moment] = mail(1)
    mailbox.until(lambda: len(payloads("new")) == 1)
    assert tokens() == [1] and not mailbox.told_of and liar.connections == 2


def test_f10_mail_that_no_idle_announces_is_found_all_the_same(mailbox: Mailbox, liar: Liar) -> None:
    liar.deaf = True
    liar.offer(mail(1))
    mailbox.settle()
    liar.offer(mail(2))
    mailbox.settle()
    assert tokens() == [1, 2] and not mailbox.told_of and any("IDLE" in line for line in liar.heard)


def test_a_server_without_idle_is_asked_again_and_again(mailbox: Mailbox, liar: Liar) -> None:
    liar.capabilities = "IMAP4rev1"
    mailbox.settle(1)
    liar.offer(mail(1))
    mailbox.settle()
    assert tokens() == [1] and not mailbox.told_of


def test_f10_an_expired_token_is_replaced(
    support: Account, liar: Liar, monkeypatch: pytest.MonkeyPatch
) -> None:
    liar.tokens = {"first"}
    now_valid = ["first"]
    refused: list[int] = []
    mailbox = connected(support, **liar.settings())
    real = mailbox._account
    monkeypatch.setattr(
        mailbox, "_account", lambda: (real()[0], {**real()[1], "access_token": now_valid[-1]})
    )

    def again(account: Account) -> None:
        refused.append(account.id)
        now_valid.append("second")

    monkeypatch.setattr(oauth, "refused", again)
    mailbox.settle(1)
    liar.offer(mail(1))
    mailbox.settle()
    liar.tokens = {"second"}
    liar.hang_up()
    liar.offer(mail(2))
    mailbox.settle()
    assert tokens() == [1, 2] and refused == [support.id]
    assert reason_of(mailbox) == "", "nobody is told of a token that simply ran out"


@pytest.mark.parametrize("how", ["refuses", "hides", "drops"])
def test_f10_one_mail_that_is_never_handed_over_is_shown_to_a_person(
    mailbox: Mailbox, liar: Liar, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap_folder, "HOUR", 0.5)
    bad = 5
    if how == "hides":
        liar.hides = {bad}
    else:
        getattr(liar, how)[bad] = 10_000
    liar.offer(*(mail(n) for n in TOKENS))
    mailbox.until(lambda: len(payloads("new")) == len(TOKENS) - 1)
    mailbox.until(lambda: len(payloads("failed")) == 1)
    assert sorted(tokens()) == [1, 2, 4, 5, 6, 7]
    [record] = payloads("failed")
    assert record.reason == imap_folder.UNFETCHED and record.unfetched
    liar.offer(mail(8))
    mailbox.until(lambda: len(payloads("new")) == 1)
    liar.hides, liar.refuses[bad], liar.drops[bad] = set(), 0, 0
    mailbox.until(lambda: not payloads("failed"))
    assert sorted(tokens()) == [1, 2, 3, 4, 5, 6, 7, 8], "it is taken in after all once it can be had"
    mailbox.settle()
    assert "later" not in mailbox.position()


def test_f10_a_server_that_hands_over_nothing_is_not_taken_for_many_bad_mails(
    mailbox: Mailbox, liar: Liar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap_folder, "MOST_LATER", 5)
    liar.offer(*(mail(n) for n in range(1, 13)))
    for uid in range(3, 15):
        liar.refuses[uid] = 3
    mailbox.until(lambda: bool(mailbox.told_of))
    assert mailbox.told_of[0].reason == imap_folder.NOT_HANDED_OVER
    mailbox.until(lambda: len(payloads("new")) == 12)
    assert sorted(tokens()) == [*range(1, 13)] and not payloads("failed")


@pytest.mark.parametrize("bad", [range(4, 16, 2), range(4, 12)], ids=["here and there", "in a row"])
def test_f10_many_mails_that_are_never_handed_over_do_not_keep_the_others_out(
    mailbox: Mailbox, liar: Liar, monkeypatch: pytest.MonkeyPatch, bad: range
) -> None:
    monkeypatch.setattr(imap_folder, "MOST_LATER", 3)
    liar.offer(*(mail(n) for n in range(3, 17)))  # those are their UIDs, too
    liar.refuses.update(dict.fromkeys(bad, 10_000))
    mailbox.until(lambda: len(payloads("new")) == 14 - len(bad))
    mailbox.until(lambda: len(payloads("failed")) == len(bad))
    assert sorted(tokens()) == [n for n in range(3, 17) if n not in bad]
    assert bool(mailbox.told_of) is (bad.step == 1)


def test_f10_a_date_in_another_zone_is_the_same_date(mailbox: Mailbox, liar: Liar) -> None:
    """One mailbox, and behind it several servers with clocks of their own."""
    liar.offer(mail(1))
    mailbox.settle()
    for found in liar.folders["INBOX"].mails:
        found.at = found.at.astimezone(timezone(timedelta(hours=-3)))
    liar.offer(mail(2))
    mailbox.settle()
    assert tokens() == [1, 2] and "turn" not in mailbox.position()


def test_a_mailbox_that_somebody_tried_and_found_working_is_not_waited_for(
    support: Account, liar: Liar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collector.Listening, "start", lambda _self: None)
    monkeypatch.setattr(collector.Listening, "is_alive", lambda _self: True)
    mailbox = connected(support, **liar.settings())
    mailbox.facts = ("mail", support.settings, None)
    fetching = collector.Collector()
    fetching.listening = {support.id: mailbox}
    liar.password = "another"
    mailbox.until(lambda: bool(mailbox.told_of))
    fetching.look()
    assert not mailbox.asked.is_set(), "it waits for its next attempt"
    connections.ok(support.id, "in")
    db.session.commit()
    fetching.look()
    assert mailbox.asked.is_set()


# ----------------------------------------------------------------------------------------------- imports


class Import(collector.Importing):
    """Works in this thread, and is killed after so many batches."""

    def __init__(self, wanted: MailImport, batches: int = 10_000) -> None:
        super().__init__(wanted.account_id, wanted.id)
        self.batches = batches

    def _keep(self, batch: Any, before: int) -> list[int] | None:
        self.batches -= 1
        if self.batches < 0:
            raise KeyboardInterrupt
        return super()._keep(batch, before)

    def go(self) -> None:
        while not self.stopped():
            self._attempt()


@pytest.fixture
def old(support: Account, liar: Liar) -> Mailbox:
    """Connected with forty mails of forty days in it, and with five that came since."""
    begun = datetime(2026, 1, 1, 12, tzinfo=UTC)
    for n in range(1, 41):
        liar.offer(mail(n), at=begun + timedelta(days=n))
    mailbox = connected(support, **liar.settings())
    mailbox.settle(1)
    liar.offer(*(mail(n) for n in range(41, 46)))
    mailbox.settle()
    return mailbox


def wanted(since: datetime | None = None) -> MailImport:
    account = db.session.scalars(select(Account)).one()
    asked = imports.start(account, "INBOX", since, None)
    db.session.commit()
    return asked


def test_older_mail_comes_in_on_request_oldest_first_and_once(old: Mailbox) -> None:
    assert tokens() == [*range(41, 46)]
    asked = wanted()
    Import(asked).go()
    assert not payloads("new"), "it is read by whoever imports it"
    assert tokens() == [*range(41, 46), *range(1, 41)]
    assert [p.imported for p in payloads("parsed")] == [False] * 5 + [True] * 40
    done = imports.of(db.session.get_one(Account, old.account_id))[0]
    assert (done.state, done.done, done.total) == ("done", 45, 45) and done.finished_at


def test_an_import_goes_no_further_back_than_asked(old: Mailbox) -> None:
    Import(wanted(datetime(2026, 1, 31, 12, tzinfo=UTC))).go()
    assert sorted(tokens()) == [*range(30, 46)]


def test_what_came_while_nobody_listened_is_new_whatever_an_import_finds(old: Mailbox, liar: Liar) -> None:
    liar.offer(mail(50))
    Import(wanted()).go()
    assert sorted(tokens()) == [*range(1, 46)]
    old.settle()
    [late] = payloads("new")
    assert not late.imported and sorted(tokens()) == [*range(1, 46), 50]


def test_nothing_is_imported_from_a_folder_that_was_empty(support: Account, liar: Liar) -> None:
    mailbox = connected(support, **liar.settings())
    mailbox.settle(1)
    liar.offer(mail(1))
    Import(wanted()).go()
    assert not tokens()
    [row] = imports.of(db.session.get_one(Account, mailbox.account_id))
    assert row.state == "done"


def test_an_import_that_was_killed_goes_on(old: Mailbox) -> None:
    asked = wanted()
    with pytest.raises(KeyboardInterrupt):
        Import(asked, batches=1)._attempt()
    row = imports.of(db.session.get_one(Account, old.account_id))[0]
    assert row.state == "running" and 0 < row.done < 45
    Import(row).go()
    assert sorted(tokens()) == [*range(1, 46)]
    row = imports.of(db.session.get_one(Account, old.account_id))[0]
    assert (row.state, row.done, row.total) == ("done", 45, 45)


def test_an_import_can_be_stopped_and_asked_for_again(old: Mailbox) -> None:
    asked = wanted()
    imports.stop(asked.id)
    db.session.commit()
    Import(asked).go()
    assert tokens() == [*range(41, 46)]
    again = wanted()
    assert again.id == asked.id and wanted().id == asked.id
    Import(again).go()
    assert sorted(tokens()) == [*range(1, 46)]


def test_an_import_from_a_folder_that_is_not_there_says_so(old: Mailbox, ada: Agent) -> None:
    account = db.session.get_one(Account, old.account_id)
    asked = imports.start(account, "Nowhere", None, ada)
    db.session.commit()
    Import(asked).go()
    [row] = imports.of(account)
    assert row.state == "failed" and row.reason == imap_folder.NO_FOLDER and "Nowhere" in row.reason_detail


def test_an_import_survives_drops_and_a_bad_mail(old: Mailbox, liar: Liar) -> None:
    liar.drops[7], liar.refuses[9], liar.refuses[30] = 2, 10_000, 2
    Import(wanted()).go()
    assert sorted(set(range(1, 46)) - set(tokens())) == [9]
    assert [p.reason for p in payloads("failed")] == [imap_folder.UNFETCHED]


def test_an_import_goes_past_more_bad_mails_than_a_server_may_have(
    old: Mailbox, liar: Liar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap_folder, "MOST_LATER", 3)
    bad = range(2, 20, 3)
    liar.refuses.update(dict.fromkeys(bad, 10_000))
    Import(wanted()).go()
    assert sorted(set(range(1, 46)) - set(tokens())) == [*bad] and len(payloads("failed")) == len(bad)
