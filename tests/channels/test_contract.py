"""What every channel owes, whichever it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from inbox import channels
from inbox.channels import Channel, ParseError, Received

ICONS = (Path(__file__).resolve().parents[2] / "static" / "icons.svg").read_text()
SETTINGS = {"signing_key": b"k" * 32}


@pytest.fixture(params=channels.registry.channels.values(), ids=lambda channel: channel.kind)
def channel(request: pytest.FixtureRequest) -> Channel:
    return request.param  # type: ignore[no-any-return]


def test_it_has_a_name_and_a_face(channel: Channel) -> None:
    assert channel.kind and channel.label and f'id="i-{channel.icon}"' in ICONS
    assert channels.of(channel.kind) is channel


def test_its_settings_can_be_drawn(channel: Channel) -> None:
    names = [field.name for field in channel.fields]
    assert len(names) == len(set(names)) and "signing_key" not in names
    for field in channel.fields:
        assert field.kind in ("text", "password", "number", "select", "bool", "textarea", "secret")
        assert bool(field.choices) == (field.kind == "select")


def test_it_refuses_what_nobody_signed(channel: Channel) -> None:
    assert channel.verify(SETTINGS, {}, b"{}") is False


@pytest.mark.parametrize("body", [b"", b"{", b"\x00" * 100, b"null", "ação".encode("latin-1")])
def test_what_it_cannot_read_is_said_and_nothing_worse(channel: Channel, body: bytes) -> None:
    with pytest.raises(ParseError) as refused:
        channel.parse(SETTINGS, Received(body))
    assert str(refused.value).endswith(".")


def test_a_message_has_a_name_before_it_is_sent(channel: Channel) -> None:
    first = channel.new_key(SETTINGS, 7, "support@barro.example")
    assert first and first != channel.new_key(SETTINGS, 7, "support@barro.example")
