"""The door for mail, without a network: what it says to odd envelopes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiosmtpd.smtp import Envelope

from inbox.listener import Handler
from inbox.models import Account


@pytest.mark.parametrize(
    "address", ["support@barro.example\0", "\udcff@barro.example", "a\x7f@barro.example"]
)
def test_an_address_no_database_keeps_is_refused_for_good(address: str, support: Account) -> None:
    nobody: Any = None
    answer = asyncio.run(Handler().handle_RCPT(nobody, nobody, Envelope(), address, []))
    assert answer.startswith("553")
