"""The same letters for every product: what is sent, in which order, and what must be there in the end.

A letter differs between products only in how it says which conversation it goes on with: one product gets an
In-Reply-To and References, another its own tag in the subject.
"""

from __future__ import annotations

import email
import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache, cached_property

from benchmarks.mails import CLOSINGS, OPENINGS, SHAPES

COMMON = "zanzibar"
"""The word that is searched for: one opening letter in four holds it, no other letter does."""

LONG, SHORT = 0, 1
"""The conversations of ``LONG_LENGTH`` and of three letters, whose pages are measured."""

LONG_LENGTH = 100
ANSWERED = 10
"""Every tenth conversation goes on: its customer writes twice more, one block later."""

OPENED = 84
"""Conversations that begin in a block: with what goes on from the block before, about a hundred letters."""

CUSTOMERS = 200


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail: the ``part``-th of its conversation. ``named`` stands in no other letter's text."""

    conversation: int
    part: int
    customers: int

    @property
    def number(self) -> int:
        return self.conversation * LONG_LENGTH + self.part

    @property
    def named(self) -> str:
        return f"letter{self.number}word"

    @property
    def has_common(self) -> bool:
        return self.part == 0 and self.conversation % 4 == 3

    def raw(self, tag: str = "") -> bytes:
        """Its bytes. A later part names its conversation by ``tag``, without one by its References."""
        chance = random.Random(self.number)
        mail = EmailMessage()
        self._headed(mail, tag, chance)
        words = [self.named, *([COMMON] if self.has_common else [])]
        lines = [chance.choice(OPENINGS) for _ in range(chance.randint(1, 6))]
        text = "\n\n".join([" ".join(words), *lines, chance.choice(CLOSINGS)])
        if self.conversation in (LONG, SHORT):  # measured pages: plain text, which all of them draw
            _written(mail, text, chance)
        else:
            chance.choice(SHAPES)(mail, text, chance)
        return mail.as_bytes()

    def _headed(self, mail: EmailMessage, tag: str, chance: random.Random) -> None:
        who = self.conversation % self.customers
        subject = f"{chance.choice(OPENINGS)[:40]} {subject_word(self.conversation)}"
        mail["From"] = f"Customer {who} <customer{who}@example{who % 40}.com>"
        mail["To"] = "Barro & Linho <support@barro.example>"
        mail["Subject"] = " ".join(filter(None, ["Re:" if self.part else "", tag, subject]))
        mail["Date"] = format_datetime(datetime(2026, 3, 2, 8, tzinfo=UTC) + timedelta(seconds=self.number))
        mail["Message-ID"] = self._id(self.part)
        if self.part and not tag:
            mail["In-Reply-To"] = self._id(self.part - 1)
            mail["References"] = " ".join(self._id(part) for part in {0, self.part - 1})
        for hop in range(chance.randint(1, 6)):
            mail[f"X-Hop-{hop}"] = f"by mx.example.com with ESMTPS id {chance.getrandbits(128):032x}"

    def _id(self, part: int) -> str:
        return f"<conversation-{self.conversation}-{part}@example.com>"


def _written(mail: EmailMessage, text: str, chance: random.Random) -> None:
    """Plain text, every fifth with a file."""
    mail.set_content(text)
    if chance.random() < 0.2:
        content = chance.randbytes(20_000)
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename="cup.jpg")


def subject_word(conversation: int) -> str:
    """What finds a conversation by its subject, in any product."""
    return f"case-{conversation}-"


def conversation_in(subject: str) -> int:
    """The other way round; -1: none of ours."""
    found = re.search(r"case-(\d+)-", subject)
    return int(found[1]) if found else -1


def conversations_in(page: str) -> set[int]:
    """All that a page names."""
    return {int(one) for one in re.findall(r"case-(\d+)-", page)}


def letters_in(page: str, conversation: int) -> int:
    """How many letters of a conversation a page shows."""
    return sum(Letter(conversation, part, 1).named in page for part in range(LONG_LENGTH))


@dataclass(frozen=True, slots=True)
class Facts:
    """What a product holds: letters by conversation, attached files, their bytes, and in how many
    conversations the common word is found.
    """

    letters: dict[int, int]
    files: int
    bytes: int
    found: int

    def differences(self, other: Facts) -> list[str]:
        """In words, what is missing or too much in ``other``."""
        said = []
        if self.letters != other.letters:
            wrong = [
                n for n in {*self.letters, *other.letters} if self.letters.get(n) != other.letters.get(n)
            ]
            said.append(
                f"{len(other.letters)} conversations instead of {len(self.letters)}, {len(wrong)} with "
                f"another number of letters, such as {wrong[0]}: {other.letters.get(wrong[0], 0)} "
                f"instead of {self.letters.get(wrong[0], 0)}"
            )
        return said + [
            f"{getattr(other, name)} {name} instead of {getattr(self, name)}"
            for name in ("files", "bytes", "found")
            if getattr(self, name) != getattr(other, name)
        ]


class World:
    """All letters of a run, in blocks; a block goes on only with conversations of blocks before it."""

    def __init__(self, conversations: int) -> None:
        self.conversations = conversations
        self.customers = max(2, min(CUSTOMERS, conversations // 4))

    @cached_property
    def blocks(self) -> list[list[Letter]]:
        blocks: list[list[Letter]] = []
        answers: list[Letter] = []
        for start in range(0, self.conversations, OPENED):
            opened = range(start, min(start + OPENED, self.conversations))
            blocks.append([*(self._letter(one, 0) for one in opened), *answers])
            answers = [self._letter(one, part) for one in opened for part in range(1, _length(one))]
        return blocks  # what the last block opened does not go on

    def _letter(self, conversation: int, part: int) -> Letter:
        return Letter(conversation, part, self.customers)


def _length(conversation: int) -> int:
    if conversation == LONG:
        return LONG_LENGTH
    return 3 if conversation == SHORT or conversation % ANSWERED == 0 else 1


def expected(letters: Sequence[Letter]) -> Facts:
    """What must be there once these were taken in, found by reading the mails with the standard library."""
    sizes = [size for letter in letters for size in _files(letter)]
    return Facts(
        dict(Counter(letter.conversation for letter in letters)),
        len(sizes),
        sum(sizes),
        sum(letter.has_common for letter in letters),
    )


@cache
def _files(letter: Letter) -> list[int]:
    mail = email.message_from_bytes(letter.raw("[x]"), policy=policy.default)
    return [len(part.get_content()) for part in mail.iter_attachments()] if mail.is_multipart() else []
