"""Threads named in mail: proof that we named them, and nothing a stranger can make up."""

from __future__ import annotations

import pytest

from inbox.mail import Signer

OURS = Signer(b"a secret of sixteen bytes or more")
OTHER = Signer(b"another secret that is just as long")


def test_a_message_id_of_ours_names_its_thread() -> None:
    message_id = OURS.message_id(42, "Livraria.example")
    assert message_id.startswith("<t42.") and message_id.endswith("@livraria.example>")
    assert OURS.thread_of(message_id) == 42
    assert OURS.thread_of(message_id.upper()) == 42
    assert OURS.message_id(42, "livraria.example") != message_id


def test_a_reply_address_names_its_thread_in_any_case() -> None:
    address = OURS.reply_address(42, "Ajuda@livraria.example")
    assert len(address.split("@")[0]) <= 64
    assert OURS.thread_of_address(address) == ("ajuda@livraria.example", 42)
    assert OURS.thread_of_address(address.swapcase()) == ("ajuda@livraria.example", 42)


def test_an_address_with_a_plus_of_its_own_still_works() -> None:
    address = OURS.reply_address(7, "ajuda+loja@livraria.example")
    assert OURS.thread_of_address(address) == ("ajuda+loja@livraria.example", 7)


@pytest.mark.parametrize("place", range(5, 40))
def test_changing_any_character_makes_it_no_token(place: int) -> None:
    message_id = OURS.message_id(42, "x.example")
    changed = message_id[:place] + ("b" if message_id[place] != "b" else "c") + message_id[place + 1 :]
    assert OURS.thread_of(changed) is None


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "<>",
        "<t42@x.example>",
        "<t42.aaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaa@x.example>",
        "<t042.x@x>",
        "x" * 10_000,
    ],
)
def test_a_made_up_message_id_names_nothing(forged: str) -> None:
    assert OURS.thread_of(forged) is None


def test_tokens_do_not_serve_for_another_thread_address_purpose_or_house() -> None:
    address = OURS.reply_address(42, "ajuda@x.example")
    assert OURS.thread_of_address(address.replace("t42", "t43")) is None
    assert OURS.thread_of_address(address.replace("ajuda", "vendas")) is None
    assert OURS.thread_of_address(address.replace("x.example", "y.example")) is None
    assert OTHER.thread_of_address(address) is None
    assert OTHER.thread_of(OURS.message_id(42, "x.example")) is None


def test_a_new_secret_still_knows_the_old_one() -> None:
    renewed = Signer(b"the new secret after a change", old=[b"a secret of sixteen bytes or more"])
    assert renewed.thread_of(OURS.message_id(42, "x.example")) == 42
    assert OURS.thread_of(renewed.message_id(42, "x.example")) is None


def test_what_cannot_be_a_token_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Signer(b"short")
    with pytest.raises(ValueError, match="domain"):
        OURS.message_id(1, "x>\r\nBcc: y")
    with pytest.raises(ValueError, match="too long"):
        OURS.reply_address(1, "a" * 60 + "@x.example")
    with pytest.raises(ValueError, match="positive"):
        OURS.reply_address(-1, "a@x.example")
