"""Who wrote what came through a list that put its own address into From."""

from __future__ import annotations

import pytest

from inbox.mail.glance import glance
from inbox.mail.through import Writer
from inbox.mail.values import Address

GROUP = (
    "From: 'Marina Queiroz' via Support <support@barro.example>",
    "X-Original-Sender: marina@queiroz.example",
    "X-Original-Authentication-Results: mx.google.com;       dkim=pass header.i=@queiroz.example"
    " header.s=s header.b=Vjz+TKcm;       spf=pass (google.com: domain of marina@queiroz.example designates"
    " 192.0.2.1 as permitted sender) smtp.mailfrom=marina@queiroz.example;       dmarc=pass (p=REJECT"
    " sp=REJECT dis=NONE) header.from=queiroz.example",
    "X-Original-From: Marina Queiroz <marina@queiroz.example>",
    "Reply-To: Marina Queiroz <marina@queiroz.example>",
    "Precedence: list",
    "Mailing-list: list support@barro.example; contact support+owners@barro.example",
    "List-ID: <support.barro.example>",
    "X-Google-Group-Id: 357212215037",
)
"""As Google Groups writes it."""

MAILMAN = (
    "From: Marina Queiroz via Support <support@barro.example>",
    "Reply-To: Marina Queiroz <marina@queiroz.example>",
    "X-BeenThere: support@barro.example",
    "X-Mailman-Version: 2.1.39",
    "Precedence: list",
    "List-Id: Support <support.barro.example>",
)
MARINA = Address("Marina Queiroz", "marina@queiroz.example")


def head(*lines: str) -> bytes:
    return "\r\n".join([*lines, "", "x"]).encode()


def without(lines: tuple[str, ...], *names: str) -> tuple[str, ...]:
    return tuple(line for line in lines if not line.lower().startswith(tuple(f"{n.lower()}:" for n in names)))


def written(*lines: str) -> Writer | None:
    return glance(head(*lines)).writer


@pytest.mark.parametrize("lines", [GROUP, MAILMAN], ids=["Google", "Mailman"])
def test_a_list_says_who_wrote_it(lines: tuple[str, ...]) -> None:
    assert written(*lines) == Writer(MARINA, doubted=False)


def test_a_group_that_is_answered_itself_names_the_writer_all_the_same() -> None:
    to_all = (*without(GROUP, "Reply-To"), "Reply-To: support@barro.example")
    assert written(*to_all) == Writer(MARINA, doubted=False)
    bare = without(to_all, "X-Original-From")
    assert written(*bare) == Writer(Address("", "marina@queiroz.example"), doubted=False)


@pytest.mark.parametrize(
    "lines",
    [
        without(GROUP, "List-ID"),
        (*without(GROUP, "List-ID"), "List-ID: <news.else.example>"),
        (*without(GROUP, "From"), "From: marina@queiroz.example"),
        (*without(MAILMAN, "Reply-To"), "Reply-To: support@barro.example"),
        without(GROUP, "X-Original-From", "X-Original-Sender", "Reply-To"),
        (*without(MAILMAN, "Reply-To"), "Reply-To: " + "a@b.example, " * 20_000),
    ],
    ids=["no list", "another list", "not rewritten", "answered itself", "nobody named", "too many"],
)
def test_without_that_list_or_a_name_there_is_no_writer(lines: tuple[str, ...]) -> None:
    assert written(*lines) is None


@pytest.mark.parametrize(
    "lines",
    [
        (*without(GROUP, "Reply-To"), "Reply-To: eve@evil.example"),
        ("X-Original-From: eve@evil.example", *GROUP),
        (*GROUP, "X-Original-Sender: eve@evil.example"),
        ("X-Original-From: Eve <eve@evil.example>", *MAILMAN),
        (*without(MAILMAN, "Reply-To"), "Reply-To: eve@evil.example, marina@queiroz.example"),
        (*without(MAILMAN, "Reply-To"), "X-Original-From: eve@evil.example"),
        ("X-Original-Authentication-Results: mx.google.com; dmarc=fail header.from=queiroz.example", *GROUP),
    ],
    ids=[
        "answers to another",
        "named before",
        "named after",
        "Mailman's is the writer's own",
        "two to answer",
        "only the writer says so",
        "found forged",
    ],
)
def test_what_does_not_fit_together_is_doubted(lines: tuple[str, ...]) -> None:
    found = written(*lines)
    assert found is not None and found.doubted


def test_an_encoded_name_cannot_pose_as_an_address() -> None:
    sly = "X-Original-From: =?utf-8?q?marina=40queiroz=2Eexample=2C?= <eve@evil.example>"
    found = written(sly, *without(GROUP, "X-Original-From", "X-Original-Sender", "Reply-To"))
    assert found is not None and found.address.address == "eve@evil.example"
