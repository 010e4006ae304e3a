"""What taking in one mail asks of the database: each statement is a round trip."""

from __future__ import annotations

from sqlalchemy import Connection

from inbox import intake
from inbox.models import Account
from tests.views.test_queries import counting

NEW = (
    b"From: Marina <marina@queiroz.example>\r\nTo: support@barro.example\r\nSubject: Cracked cup\r\n"
    b"Message-ID: <1@queiroz.example>\r\n\r\nIt came cracked.\r\n"
)
ANSWER = (
    b"From: Marina <marina@queiroz.example>\r\nTo: support@barro.example\r\nSubject: Re: Cracked cup\r\n"
    b"Message-ID: <2@queiroz.example>\r\nReferences: <1@queiroz.example>\r\n\r\nAny news?\r\n"
)
KEPT, OPENED, WENT_ON = 4, 19, 16
"""Statements to keep a mail, and to read one of somebody new, or one of a conversation that goes on."""


def test_a_mail_asks_the_database_a_bounded_number_of_times(support: Account, database: Connection) -> None:
    for raw, most in ((NEW, OPENED), (ANSWER, WENT_ON)):
        with counting(database) as keeping:
            [payload_id] = intake.accept_mail(raw, ["support@barro.example"])
        with counting(database) as reading:
            intake.read_now(payload_id)
        assert len(keeping) <= KEPT, keeping
        assert len(reading) <= most, reading
