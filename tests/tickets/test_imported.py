"""Older mail is brought in without waking anybody."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from inbox import collector, db, files, intake, lists, search
from inbox.models import Account, Agent, Message, Ticket
from inbox.models.tally import drift
from tests.attacks.post import EVE, MARINA, SUPPORT, again, answer, count, letter, react, received, sent
from tests.conftest import Bells


def bring(account: Account, raw: bytes, place: str) -> None:
    for payload_id in intake.accept([account.id], raw, source=place, imported=True):
        intake.read_now(payload_id)
    react()


def dated(day: int) -> str:
    return f"Date: {datetime(2020, 3, day, 12, tzinfo=UTC):%a, %d %b %Y %H:%M:%S +0000}"


HERS = letter(MARINA, "Cup", "It came cracked.", dated(1), "Message-ID: <1@queiroz.example>")
OURS = letter(
    f"Barro <{SUPPORT}>", "Re: Cup", "Another one is on its way.", dated(2), "Message-ID: <2@barro.example>",
    "In-Reply-To: <1@queiroz.example>", to=MARINA,
)  # fmt: skip
THANKS = letter(
    MARINA, "Re: Cup", "Thank you!", dated(3), "Message-ID: <3@queiroz.example>",
    "References: <1@queiroz.example> <2@barro.example>",
)  # fmt: skip


@pytest.mark.parametrize(
    "order", [(0, 1, 2), (0, 2, 1), (1, 0, 2)], ids=["by date", "sent folder last", "ours first"]
)
def test_a_conversation_comes_in_whole_closed_and_with_its_dates(
    support: Account, ada: Agent, order: tuple[int, ...]
) -> None:
    mails = (HERS, OURS, THANKS)
    for place in order:
        bring(support, mails[place], f"Archive/1/{place}")
    found = db.session.scalars(select(Message).order_by(Message.created_at)).all()
    if order != (1, 0, 2):
        assert len({message.ticket_id for message in found}) == 1
    ticket = found[-1].ticket
    assert [message.kind for message in found] == ["customer", "reply", "customer"]
    assert [message.created_at.day for message in found] == [1, 2, 3] and found[1].state == "sent"
    assert all(message.imported for message in found)
    assert (ticket.status, ticket.waiting_since, ticket.active_at.day) == ("closed", None, 3)
    assert ticket.identity.address == "marina@queiroz.example" and ticket.snippet == "Thank you!"
    assert not sent() and lists.counts(again(ada))["open"] == 0 and not drift()
    assert search.find(again(ada), "on its way")
    assert count(Ticket) == len({message.ticket_id for message in found})


def test_it_tells_no_screen_for_each_mail_and_the_counts_in_the_end(
    support: Account, ada: Agent, bells: Bells
) -> None:
    for place, mail in enumerate((HERS, OURS, THANKS)):
        bring(support, mail, f"Archive/1/{place}")
    assert not [what for what, _news, _rooms in bells.told if what in ("changed", "counts")]
    importing = collector.Importing(support.id, 0)
    importing.run()
    assert bells.told == [("counts", {}, {"attention"})]
    assert lists.counts(again(ada))["resolved"] == 1 and not drift()


def test_it_is_seen_at_once_in_a_conversation_that_goes_on(support: Account, bells: Bells) -> None:
    live = received(letter(MARINA, "Cup", "It came cracked"))
    bells.told.clear()
    reply = THANKS.replace(b"<1@queiroz.example>", (live.message_id_header or "").encode())
    bring(support, reply, "Archive/1/3")
    assert f"ticket:{live.ticket_id}" in set().union(*(rooms for _what, _news, rooms in bells.told))


def test_bringing_it_in_twice_changes_nothing(support: Account) -> None:
    for round_ in range(2):
        for place, mail in enumerate((HERS, OURS, THANKS)):
            bring(support, mail, f"Archive/{round_}/{place}")
    assert count(Message) == 3


def test_what_left_from_here_is_known_when_the_sent_folder_is_read(support: Account, ada: Agent) -> None:
    ours = answer(ada, received(letter()).ticket)
    raw = files.get(ours.raw_sha256 or "")
    before = count(Message)
    bring(support, raw, "Sent/1/1")
    assert count(Message) == before


def test_older_mail_of_a_live_conversation_does_not_touch_it(support: Account, ada: Agent) -> None:
    bring(support, HERS, "Archive/1/1")
    live = received(letter(MARINA, "Re: Cup", "Still cracked", "References: <1@queiroz.example>"))
    assert live.ticket.status == "new" and live.ticket.continues_id, "a closed one goes on in a linked ticket"
    ticket, since = live.ticket, live.ticket.waiting_since
    bring(
        support,
        THANKS.replace(b"<1@queiroz.example>", (live.message_id_header or "").encode()),
        "Archive/1/3",
    )
    ticket = again(ticket)
    assert (ticket.status, ticket.waiting_since, ticket.snippet) == ("new", since, "Still cracked")


def test_spam_of_old_is_not_judged_and_a_forged_mail_of_ours_is_left_out(support: Account) -> None:
    bring(support, letter(EVE, "Pills", "x"), "Junk/1/1")
    assert db.session.scalars(select(Ticket)).one().status == "closed"
    support = again(support)
    support.settings = {**support.settings, "authserv_id": "mx.barro.example"}
    db.session.commit()
    bring(support, letter(SUPPORT, "Your invoice", "Pay here", to=MARINA, dmarc="fail"), "Junk/1/2")
    assert count(Message) == 1
