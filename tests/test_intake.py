"""What comes in is kept first, read once, and shown to somebody when it cannot be read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from inbox import attention, db, files, intake, tickets
from inbox.intake import claims
from inbox.mail.tokens import Signer
from inbox.models import Account, Agent, Message, Payload, Team, Ticket
from inbox.vault import signing_key
from tests.conftest import Bells

MAIL = (
    b"From: Marina <marina@queiroz.example>\r\nTo: support@barro.example\r\nSubject: Cracked cup\r\n"
    b"Message-ID: <1@queiroz.example>\r\nDate: Tue, 14 Oct 2025 09:52:00 -0300\r\n\r\nIt came cracked.\r\n"
)


def only(payload_id: int) -> Payload:
    return db.session.scalars(select(Payload).where(Payload.id == payload_id)).one()


def test_mail_is_kept_before_anything_is_read(support: Account, bells: Bells) -> None:
    [payload_id] = intake.accept_mail(MAIL, ["Support@Barro.example"])
    payload = only(payload_id)
    assert payload.state == "new" and files.get(payload.sha256) == MAIL
    assert bells.rung == [("intake", "read_now", payload_id)]
    assert db.session.scalar(select(func.count()).select_from(Ticket)) == 0


def test_reading_it_opens_a_ticket_and_tells_the_screens(support: Account, bells: Bells) -> None:
    [payload_id] = intake.accept_mail(MAIL, ["support@barro.example"])
    intake.read_now(payload_id)
    ticket = db.session.scalars(select(Ticket)).one()
    assert (ticket.subject, only(payload_id).state) == ("Cracked cup", "parsed")
    told = [rooms for what, news, rooms in bells.told if what == "changed" and news["ticket"] == ticket.id]
    assert {"open:team:0", "unassigned:team:0", f"ticket:{ticket.id}"} <= set().union(*told)


def test_reading_twice_changes_nothing(support: Account) -> None:
    [payload_id] = intake.accept_mail(MAIL, ["support@barro.example"])
    intake.read_now(payload_id)
    intake.read_now(payload_id)
    assert db.session.scalar(select(func.count()).select_from(Message)) == 1


def test_the_same_mail_by_two_hops_is_one_message(support: Account) -> None:
    for hop in (
        b"Received: from a by b; Tue, 14 Oct 2025 09:52:01 -0300\r\n",
        b"Delivered-To: x@y.example\r\n",
    ):
        [payload_id] = intake.accept_mail(hop + MAIL, ["support@barro.example"])
        intake.read_now(payload_id)
    assert db.session.scalar(select(func.count()).select_from(Message)) == 1
    assert only(payload_id).state == "ignored"


def test_a_reused_message_id_with_other_words_is_kept(support: Account) -> None:
    for words in (b"It came cracked.", b"It came in two pieces."):
        [payload_id] = intake.accept_mail(MAIL.replace(b"It came cracked.", words), ["support@barro.example"])
        intake.read_now(payload_id)
    assert db.session.scalar(select(func.count()).select_from(Message)) == 2


def test_an_unknown_recipient_is_told_so(support: Account) -> None:
    with pytest.raises(intake.NobodyHere):
        intake.accept_mail(MAIL, ["nobody@barro.example"])


def test_without_an_envelope_the_headers_decide_and_then_the_first_mailbox(
    support: Account, linen_mailbox: Account
) -> None:
    [payload_id] = intake.accept_mail(MAIL.replace(b"To: support@", b"To: Linen <linen@"), [])
    assert only(payload_id).account_id == linen_mailbox.id
    [payload_id] = intake.accept_mail(MAIL.replace(b"To: support@barro.example", b"To: else@x.example"), [])
    assert only(payload_id).account_id == support.id


def test_a_signed_reply_address_belongs_to_its_mailbox(support: Account) -> None:
    signed = Signer(signing_key()).reply_address(7, "support@barro.example")
    assert intake.mailboxes([signed]) == [support.id]


@pytest.mark.parametrize(
    "mail", [b"", b"(" * 1000, b"\r\n\r\nno header at all", b"Subject: nobody wrote this\r\n\r\nx"]
)
def test_what_cannot_be_read_waits_for_a_person_with_its_reason(
    support: Account, ada: Agent, mail: bytes
) -> None:
    [payload_id] = intake.accept_mail(mail, ["support@barro.example"])
    intake.read_now(payload_id)
    payload = only(payload_id)
    assert payload.state == "failed" and payload.reason
    assert [p.id for p in attention.payloads(ada)] == [payload_id]
    assert attention.count(ada) == 1
    intake.retry(payload)
    assert payload.state == "new"
    intake.read_now(payload_id)
    assert only(payload_id).state == "failed"


def test_a_payload_put_aside_needs_no_attention(support: Account, ada: Agent) -> None:
    [payload_id] = intake.accept_mail(b"", ["support@barro.example"])
    intake.read_now(payload_id)
    attention.ignore_payload(only(payload_id), ada)
    assert attention.count(ada) == 0


def test_the_sweep_rings_for_what_nobody_read(support: Account, bells: Bells) -> None:
    [payload_id] = intake.accept_mail(MAIL, ["support@barro.example"])
    bells.rung.clear()
    assert intake.sweep() == 0  # its bell was rung a moment ago
    db.session.execute(update(Payload).values(created_at=db.now() - timedelta(seconds=10)))
    db.session.commit()
    assert intake.sweep() == 1 and bells.rung == [("intake", "read_now", payload_id)]


def test_a_reader_that_died_again_and_again_is_given_up(support: Account) -> None:
    [payload_id] = intake.accept_mail(MAIL, ["support@barro.example"])
    db.session.execute(update(Payload).values(attempts=intake.MOST_ATTEMPTS))
    db.session.commit()
    intake.read_now(payload_id)
    assert only(payload_id).state == "failed"


def test_a_lost_raw_file_is_said(support: Account) -> None:
    [payload_id] = intake.accept_mail(MAIL, ["support@barro.example"])
    db.session.execute(update(Payload).values(sha256="0" * 64))
    db.session.commit()
    intake.read_now(payload_id)
    assert "file store" in only(payload_id).reason


def test_a_reader_whose_lease_ran_out_changes_nothing(support: Account) -> None:
    [payload_id] = intake.accept_mail(MAIL, ["support@barro.example"])
    [claimed] = claims.claim(payload_id, 1)
    inbounds = intake._parse(claimed)
    db.session.execute(update(Payload).values(leased_until=db.now() - timedelta(seconds=1)))
    db.session.commit()
    intake.read_now(payload_id)
    intake._take_in(claimed, inbounds)
    assert only(payload_id).state == "parsed" and only(payload_id).reason == ""


def test_the_bytes_of_a_message_are_seen_with_its_ticket_only(
    support: Account, ada: Agent, grace: Agent, linen: Team
) -> None:
    ids = [intake.accept_mail(hop + MAIL, ["support@barro.example"])[0] for hop in (b"", b"X-Hop: 2\r\n")]
    for payload_id in ids:
        intake.read_now(payload_id)
    assert [only(payload_id).state for payload_id in ids] == ["parsed", "ignored"]
    tickets.move(db.session.scalars(select(Ticket)).one(), linen, ada)
    assert [attention.payload(grace, payload_id) for payload_id in ids] == [None, None]


def test_the_same_place_is_taken_in_once(support: Account, pottery_mailbox: Account) -> None:
    first = intake.accept([support.id], MAIL, source="INBOX/1/1")
    assert intake.accept([support.id], MAIL, source="INBOX/1/1") == []
    assert intake.accept([support.id], MAIL + b"more", source="INBOX/1/1") == []
    assert intake.accept([support.id], MAIL, source="INBOX/2/7") == [], "the same bytes under another number"
    assert len(intake.accept([support.id], MAIL + b"more", source="INBOX/1/2")) == 1
    assert len(intake.accept([pottery_mailbox.id], MAIL, source="INBOX/1/1")) == 1
    assert len(intake.accept([support.id], MAIL)) == 1, "who hands it over without a place is always heard"
    assert only(first[0]).source == "INBOX/1/1"


@pytest.mark.parametrize("imported", [False, True])
def test_what_could_not_be_fetched_is_taken_in_as_new_whoever_fetches_it(
    support: Account, bells: Bells, imported: bool
) -> None:
    def keep(body: bytes, **more: Any) -> list[int]:
        with db.writing():
            return intake.keep([support.id], body, files.put(body), source="INBOX/1/1", **more)

    [payload_id] = keep(b"Subject: Cracked cup\r\n\r\n", reason="It does not come: %(detail)s", detail="x")
    assert only(payload_id).state == "failed" and only(payload_id).reason_detail == "x" and not bells.rung
    assert keep(b"", reason="It does not come: %(detail)s") == []
    assert keep(MAIL, imported=imported) == [payload_id]
    assert only(payload_id).state == "new" and not only(payload_id).imported
    assert not only(payload_id).reason and len(bells.rung) == 1
    intake.read_now(payload_id)
    assert keep(MAIL) == [] and only(payload_id).state == "parsed"


def test_imported_mail_rings_no_bell_and_is_found_when_its_reader_is_gone(
    support: Account, bells: Bells
) -> None:
    [payload_id] = intake.accept([support.id], MAIL, source="INBOX/1/1", imported=True)
    assert not bells.rung and intake.sweep() == 0
    ago = db.now() - timedelta(minutes=5)
    db.session.execute(update(Payload).where(Payload.id == payload_id).values(created_at=ago))
    db.session.commit()
    assert intake.sweep() == 1
