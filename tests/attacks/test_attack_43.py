"""Attack 43: text that makes a pattern work for hours. Whatever a stranger may send is read in a share of
processor time that grows with its length and not with its square: a line of a megabyte costs no more than
many short ones.

What is counted is processor time of this process, as the limit that ends the reading child does; a busy
machine changes nothing.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import pkgutil
import re
import signal
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import inbox
from inbox.db import now
from inbox.mail import Reader, Unreadable, clean, links
from inbox.mail.clean import clean_written
from inbox.tickets import placeholders
from inbox.tickets.words import fill
from inbox.views.letters import linked
from inbox.web.addresses import local_path
from inbox.web.moments import parse as moment
from tests.mail.letters import html, letter

pytestmark = pytest.mark.slow

LONG = 20_000
"""At this length what is linear takes a few milliseconds, and what is square some seconds."""
OF_A_PATTERN, SHARE = 0.3, 4.0
"""Seconds of processor time: for one pattern and a line so long, and for a step over a megabyte."""
MEGABYTE = 1_000_000

ATOMS = (
    "a", "0", " ", "\t", "\n", "\r\n", "<", ">", '"', "(", "=", "-", ".", "@", ":", "&", "/", "\\", "_",
    "*", "{{ ", "a@", "a.", "> ", "=?", "On ", "<a ", '<img a="', "a:", "http://", "a b ", "&gt;", "; ",
    "1,", "a;a", "- ", "url(",
)  # fmt: skip

BOUNDED = {"_FIELD"}
"""What reads the head of a mail that we wrote ourselves, whose lines are short and all end."""


class TooMuch(Exception):
    pass


@contextlib.contextmanager
def working_at_most(seconds: float, what: object) -> Iterator[None]:
    """Of processor time; `re` looks for signals while it works."""

    def stop(*_: object) -> None:
        raise TooMuch(what)

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


# ------------------------------------------------------------------------------- every pattern of ours


def patterns() -> Iterator[tuple[str, re.Pattern[Any], set[str]]]:
    """All that stand in a module, with the methods that module uses them by."""
    for found in pkgutil.walk_packages(inbox.__path__, "inbox."):
        if found.name.endswith("__main__"):
            continue
        module = importlib.import_module(found.name)
        source = inspect.getsource(module)
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern) and f"{name} = " in source:
                yield f"{found.name}.{name}", value, set(re.findall(rf"\b{name}\.(\w+)\(", source))


def work(pattern: re.Pattern[Any], ways: set[str], line: Any) -> None:
    if ways & {"match", "fullmatch"} or not ways:
        pattern.match(line)
        pattern.fullmatch(line)
    if ways & {"search", "sub", "subn", "findall", "finditer", "split"}:
        for _one in pattern.finditer(line):
            pass


def test_attack_43_no_pattern_works_more_than_its_line_is_long() -> None:
    tried, slow = 0, []
    for name, pattern, ways in patterns():
        if name.rpartition(".")[2] in BOUNDED:
            continue
        for atom in ATOMS:
            line = (atom * (LONG // len(atom) + 1))[:LONG] + "\x01"
            try:
                with working_at_most(OF_A_PATTERN, name):
                    work(pattern, ways, line.encode() if isinstance(pattern.pattern, bytes) else line)
            except TooMuch:
                slow.append((name, atom))
                break
            tried += 1
    assert tried > 5_000 and slow == []


# ------------------------------------------------------------------------------ a megabyte in one line

LINES = {
    "letters": "a", "spaces": " ", "addresses": "a@b.", "brackets": "(", "quotes": "> ", "dashes": "-",
    "said": "On Mon wrote: ", "tags": "<a ", "images": '<img src="', "entities": "&gt;", "links": "http://a.",
    "placeholders": "{{ customer.name|", "marks": "*_", "stars": "**** ", "semicolons": "; ",
    "colons": "De: ",
}  # fmt: skip


@pytest.fixture(scope="module")
def warm() -> Iterator[Reader]:
    with Reader() as warm:
        warm.read(letter())
        yield warm


@pytest.mark.parametrize("atom", LINES.values(), ids=LINES)
def test_attack_43_a_line_of_a_megabyte_is_read_within_the_childs_limits(atom: str, warm: Reader) -> None:
    line = (atom * (MEGABYTE // len(atom) + 1))[:MEGABYTE]
    for raw in (
        letter("", line),
        letter("", f"Hi\r\n\r\n{line}\r\n\r\n-- \r\nAda"),
        html(f"<p>{line}</p>"),
        letter(f"Subject: {line[:60_000]}"),
        letter(f"From: {line[:60_000]} <a@b.example>"),
    ):
        try:
            warm.read(raw)
        except Unreadable as refused:  # a limit may be met, but none of time or memory
            assert refused.code == "too_many_recipients", refused


@pytest.mark.parametrize("atom", LINES.values(), ids=LINES)
def test_attack_43_what_we_make_of_it_afterwards_is_no_more_work(atom: str) -> None:
    line = (atom * (MEGABYTE // len(atom) + 1))[:MEGABYTE]
    steps = {
        "clean": lambda: clean(line),
        "clean_written": lambda: clean_written(line),
        "links": lambda: links.marked(clean(line), str),
        "linked": lambda: linked(line[:50_000]),
        "placeholders": lambda: placeholders.fill(line, {"customer.name": line[:100]}),
        "unknown": lambda: placeholders.unknown(line),
        "words": lambda: fill(line, {"customer.first_name": "x"}),
        "moment": lambda: moment(line[:1000], now(), ZoneInfo("UTC")),
        "local_path": lambda: local_path("/" + line),
    }
    for name, step in steps.items():
        with working_at_most(SHARE, name):
            step()
