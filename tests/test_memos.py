"""Mail from the house to its own people: rendered at once, claimed by one sender, forgotten once it left."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
import time_machine
from sqlalchemy import func, select, update

from inbox import channels, db, memos, quarantine, vault
from inbox.channels import AccountError, Outbound, SendError, Sent
from inbox.channels.email.outbound import letter
from inbox.config import settings
from inbox.mail import marks
from inbox.models import Account, Agent, Memo
from tests.conftest import Bells

LINK = "http://127.0.0.1:8000/invitations/a-secret-of-32-bytes"
FACTS = {"link": LINK, "until": db.now() + timedelta(days=7), "inviter": "Ada Prado"}


class Provider:
    """Takes or refuses what the mail channel sends."""

    def __init__(self) -> None:
        self.sent: list[Outbound] = []
        self.raw: list[bytes] = []
        self.problem: Exception | None = None
        self.meanwhile: Callable[[], None] = lambda: None

    def send(self, config: dict[str, object], outbound: Outbound) -> Sent:
        self.sent.append(outbound)
        self.raw.append(letter(config, outbound))
        self.meanwhile()
        if self.problem:
            raise self.problem
        return Sent(outbound.key, "smtp", self.raw[-1])

    def mail(self) -> EmailMessage:
        read = message_from_bytes(self.raw[-1], policy=policy.default)
        assert isinstance(read, EmailMessage)
        return read


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Provider:
    made = Provider()
    monkeypatch.setattr(channels.of("mail"), "send", made.send, raising=False)
    return made


@pytest.fixture
def server(support: Account) -> Account:
    """support@, which leaves by a server."""
    support.settings = {"smtp_host": "127.0.0.1", "plus_addressing": True}
    db.session.commit()
    return support


@pytest.fixture
def memo(grace: Agent) -> Memo:
    made = memos.write(grace.email, "invitation", "en", agent=grace, **FACTS)
    db.session.commit()
    return made


def row(memo: Memo) -> Memo:
    db.session.expire_all()
    return db.session.scalars(select(Memo).where(Memo.id == memo.id)).one()


def test_it_is_one_mail_of_words_and_html_in_the_look_of_the_house(
    server: Account, memo: Memo, provider: Provider
) -> None:
    memos.send_now(memo.id)
    mail = provider.mail()
    assert mail["Subject"] == "Ada Prado invites you to Barro & Linho"
    assert mail["To"] == "grace@barro.example" and "support@barro.example" in mail["From"]
    assert mail["Auto-Submitted"] == "auto-generated" and mail["Reply-To"] is None
    assert marks.is_ours(vault.signing_key(), mail[marks.HEADER])
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text and html and mail.get_content_type() == "multipart/alternative"
    assert LINK in text.get_content() and f'href="{LINK}"' in html.get_content()
    assert "Barro &amp; Linho" in html.get_content() and "<script" not in html.get_content()


def test_it_is_written_in_its_readers_language(grace: Agent, support: Account) -> None:
    grace.zone = "America/Recife"
    at = db.now().replace(year=2026, month=3, day=9, hour=13, minute=5)
    made = memos.write(grace.email, "invitation", "pt-BR", agent=grace, **FACTS | {"until": at})
    assert "9 de março, 10:05" in made.text and 'lang="pt-BR"' not in made.text


def test_a_name_brings_no_markup_and_no_header(server: Account, grace: Agent, provider: Provider) -> None:
    facts = FACTS | {"inviter": "Ada\r\nBcc: all@x.example <b>&"}
    made = memos.write(grace.email, "invitation", "en", agent=grace, **facts)
    db.session.commit()
    memos.send_now(made.id)
    mail = provider.mail()
    html = mail.get_body(("html",))
    assert mail["Bcc"] is None and html and "<b>" not in html.get_content()


def test_what_is_missing_is_said_before_it_leaves(grace: Agent) -> None:
    with pytest.raises(Exception, match="link"):
        memos.write(grace.email, "invitation", "en", until=db.now(), inviter="Ada")


def test_it_rings_once_we_have_committed(grace: Agent, support: Account, bells: Bells) -> None:
    made = memos.write(grace.email, "invitation", "en", **FACTS)
    assert not bells.rung
    db.session.commit()
    assert ("outbox", "send_now", made.id) in bells.rung


def test_it_leaves_once_and_nothing_of_its_link_is_kept(
    server: Account, memo: Memo, provider: Provider
) -> None:
    memos.send_now(memo.id)
    memos.send_now(memo.id)
    assert len(provider.sent) == 1
    left = row(memo)
    assert (left.state, left.sent_via, left.text, left.html, left.lease) == ("sent", "smtp", "", "", None)
    assert left.subject


def test_its_link_stands_in_no_log(
    server: Account,
    memo: Memo,
    provider: Provider,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    provider.problem = RuntimeError("something unexpected")
    memos.send_now(memo.id)
    provider.problem = None
    db.session.execute(update(Memo).values(not_before=db.now()))
    db.session.commit()
    memos.send_now(memo.id)
    out, err = capfd.readouterr()
    assert "a-secret-of" not in caplog.text + out + err
    assert row(memo).state == "sent"


def test_without_a_server_it_can_be_read_in_the_preview_for_a_week(support: Account, memo: Memo) -> None:
    assert not memos.can_send()
    memos.send_now(memo.id)
    assert [one.id for one in memos.previews()] == [memo.id] and LINK in row(memo).text
    db.session.execute(update(Memo).values(created_at=db.now() - memos.LOOKED_AT - timedelta(minutes=1)))
    db.session.commit()
    quarantine.begin(db.now())
    db.session.commit()
    memos.forget()
    assert LINK in row(memo).text, "a restored copy deletes nothing"
    quarantine.release(None)
    db.session.commit()
    memos.forget()
    assert row(memo).text == ""
    db.session.execute(update(Memo).values(created_at=db.now() - memos.KEPT - timedelta(minutes=1)))
    db.session.commit()
    memos.forget()
    assert db.session.scalar(select(func.count()).select_from(Memo)) == 0


def test_the_first_account_with_a_server_sends_it(
    support: Account, pottery_mailbox: Account, memo: Memo, provider: Provider
) -> None:
    pottery_mailbox.settings = {"smtp_host": "127.0.0.1"}
    db.session.commit()
    assert memos.can_send()
    memos.send_now(memo.id)
    assert provider.sent[0].sender.address == "pottery@barro.example"


def test_an_account_that_is_turned_off_sends_nothing(server: Account, memo: Memo, provider: Provider) -> None:
    server.active = False
    db.session.commit()
    assert not memos.can_send()
    memos.send_now(memo.id)
    assert not provider.sent and row(memo).sent_via == "preview"


def test_while_one_account_waits_another_takes_over(
    server: Account, pottery_mailbox: Account, memo: Memo, provider: Provider
) -> None:
    pottery_mailbox.settings = {"smtp_host": "127.0.0.1"}
    db.session.commit()
    provider.problem = AccountError("The mail server does not answer: %(detail)s", "timed out")
    memos.send_now(memo.id)
    waits = row(memo)
    assert (waits.state, waits.attempts) == ("queued", 0) and LINK in waits.text
    provider.problem = None
    memos.send_now(memo.id)
    assert provider.sent[-1].sender.address == "pottery@barro.example" and row(memo).state == "sent"


def test_a_crash_between_the_servers_ok_and_our_commit_sends_the_same_mail_again(
    server: Account, memo: Memo, provider: Provider, bells: Bells
) -> None:
    class PowerCut(BaseException):
        pass

    provider.problem = PowerCut()  # type: ignore[assignment]
    with pytest.raises(PowerCut):
        memos.send_now(memo.id)
    assert row(memo).state == "sending"
    provider.problem = None
    memos.sweep()
    memos.send_now(memo.id)
    assert len(provider.sent) == 1, "whoever has it in hand may still be sending"
    db.session.execute(update(Memo).values(leased_until=db.now() - timedelta(seconds=1)))
    db.session.commit()
    bells.rung.clear()
    memos.sweep()
    assert ("outbox", "send_now", memo.id) in bells.rung
    memos.send_now(memo.id)
    assert row(memo).state == "sent" and len({one.key for one in provider.sent}) == 1


@pytest.mark.parametrize("then", ["queued", "in hand", "tried"])
def test_f17_one_that_was_written_while_the_clock_was_ahead_does_not_wait_for_it(
    server: Account, grace: Agent, provider: Provider, then: str
) -> None:
    with time_machine.travel(db.now() + timedelta(hours=1), tick=False):
        memo = memos.write(grace.email, "invitation", "en", agent=grace, **FACTS)
        db.session.commit()
        if then == "in hand":
            assert memos._claim(memo.id)  # and its sender dies
        elif then == "tried":
            provider.problem = SendError("Busy.", permanent=False)
            memos.send_now(memo.id)
            provider.problem = None
    taken = len(provider.sent)
    assert memos.sweep() == 1
    memos.send_now(memo.id)
    assert row(memo).state == "sent" and len(provider.sent) == taken + 1


def test_one_that_kills_every_sender_is_given_up(server: Account, memo: Memo, provider: Provider) -> None:
    db.session.execute(update(Memo).values(attempts=settings().outbox.attempts))
    db.session.commit()
    memos.send_now(memo.id)
    assert row(memo).state == "failed" and not provider.sent and not row(memo).text


def test_a_passing_failure_is_tried_again_later_and_a_lasting_one_is_not(
    server: Account, memo: Memo, provider: Provider
) -> None:
    provider.problem = SendError("The mail server said: 451 greylisted")
    memos.send_now(memo.id)
    waits = row(memo)
    assert waits.state == "queued" and waits.not_before > db.now() and "greylisted" in waits.failure
    db.session.execute(update(Memo).values(not_before=db.now()))
    db.session.commit()
    provider.problem = SendError("No such user", permanent=True)
    memos.send_now(memo.id)
    assert row(memo).state == "failed" and not row(memo).html


def test_a_sender_that_was_too_slow_and_failed_changes_nothing(
    server: Account, memo: Memo, provider: Provider
) -> None:
    def take_over() -> None:
        db.session.execute(update(Memo).values(lease="theirs"))
        db.session.commit()

    provider.meanwhile = take_over
    provider.problem = SendError("The mail server does not answer", permanent=True)
    memos.send_now(memo.id)
    assert row(memo).state == "sending" and row(memo).lease == "theirs"


def test_a_restored_copy_keeps_still_and_forgets_what_waited(
    server: Account, memo: Memo, provider: Provider, bells: Bells
) -> None:
    quarantine.begin(db.now())
    later = memos.write("grace@barro.example", "invitation", "en", **FACTS)
    db.session.commit()
    bells.rung.clear()
    assert memos.sweep() == 0 and not bells.rung
    memos.send_now(later.id)
    assert not provider.sent and row(later).state == "queued"
    held = row(memo)
    assert (held.state, held.failure, held.text) == ("failed", quarantine.MAY_HAVE_LEFT, "")


def test_an_address_gets_only_so_many_in_an_hour(support: Account, grace: Agent, bells: Bells) -> None:
    for _ in range(memos.MOST):
        memos.write(grace.email, "invitation", "en", **FACTS)
    db.session.commit()
    bells.rung.clear()
    refused = memos.write(grace.email.upper(), "invitation", "en", **FACTS)
    other = memos.write("linus@barro.example", "invitation", "en", **FACTS)
    db.session.commit()
    assert (refused.state, refused.failure, refused.text) == ("failed", memos.TOO_MANY, "")
    assert other.state == "queued" and bells.rung == [("outbox", "send_now", other.id)]
    db.session.execute(update(Memo).values(created_at=db.now() - memos.WITHIN - timedelta(seconds=1)))
    assert memos.write(grace.email, "invitation", "en", **FACTS).state == "queued"


def test_who_no_longer_works_here_gets_none(
    server: Account, grace: Agent, memo: Memo, provider: Provider
) -> None:
    grace.active = False
    db.session.commit()
    memos.send_now(memo.id)
    assert not provider.sent and (row(memo).state, row(memo).failure) == ("failed", memos.GONE)


def test_what_is_withdrawn_does_not_leave(
    server: Account, grace: Agent, memo: Memo, provider: Provider
) -> None:
    memos.withdraw(grace, "invitation")
    db.session.commit()
    memos.send_now(memo.id)
    assert not provider.sent and row(memo).text == ""
    assert memos.newest("invitation")[grace.id].failure == memos.WITHDRAWN
    assert db.session.scalar(select(func.count()).select_from(Memo)) == 1
