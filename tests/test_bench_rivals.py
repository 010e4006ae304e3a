"""The comparison with other products: what is sent, how it is judged, and who does no work fails it."""

from __future__ import annotations

import email
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from email import policy
from pathlib import Path

import pytest

from benchmarks.rivals import __main__ as run
from benchmarks.rivals import turns
from benchmarks.rivals.letters import (
    ANSWERED,
    LONG,
    LONG_LENGTH,
    SHORT,
    Facts,
    Letter,
    World,
    conversation_in,
    expected,
    letters_in,
)
from benchmarks.rivals.product import Product, Took, WorkNotDone, must_show_letters
from benchmarks.rivals.table import INGEST, drawn, misses, percentile, row

TICKETS = 200


def read(letter: Letter, tag: str = "") -> email.message.EmailMessage:
    return email.message_from_bytes(letter.raw(tag), policy=policy.default)


# ----------------------------------------------------------------------------------------- what is sent


def test_every_letter_comes_after_those_it_answers() -> None:
    seen: set[tuple[int, int]] = set()
    for block in World(TICKETS).blocks:
        before = set(seen)
        for letter in block:
            assert letter.part == 0 or (letter.conversation, 0) in before
            seen.add((letter.conversation, letter.part))
    assert {(LONG, part) for part in range(LONG_LENGTH)} <= seen
    assert {(SHORT, 2), (ANSWERED, 2)} <= seen and (SHORT, 3) not in seen


def test_without_a_tag_an_answer_names_the_letters_before_it() -> None:
    first, third = read(Letter(LONG, 0, 9)), read(Letter(LONG, 2, 9))
    assert "In-Reply-To" not in first and "References" not in first
    assert str(third["In-Reply-To"]) == str(read(Letter(LONG, 1, 9))["Message-ID"])
    assert str(first["Message-ID"]) in str(third["References"])
    assert str(third["From"]) == str(first["From"])


@pytest.mark.parametrize("tag", ["[support-12]", "[issue12]"])
def test_with_a_tag_only_its_subject_says_what_it_goes_on_with(tag: str) -> None:
    answer = read(Letter(SHORT, 1, 9), tag)
    assert str(answer["Subject"]).startswith(f"Re: {tag} ")
    assert "In-Reply-To" not in answer and "References" not in answer
    assert conversation_in(str(answer["Subject"])) == SHORT


def test_a_letter_is_the_same_for_everybody() -> None:
    tagged, plain = read(Letter(SHORT, 1, 9), "[issue12]"), read(Letter(SHORT, 1, 9))
    assert tagged.get_body().get_content() == plain.get_body().get_content()  # type: ignore[union-attr]
    assert Letter(7, 0, 9).raw() == Letter(7, 0, 9).raw()


def test_what_is_expected_is_counted_in_the_mails_themselves() -> None:
    letters = [letter for block in World(TICKETS).blocks for letter in block]
    facts = expected(letters)
    assert len(facts.letters) == TICKETS and facts.letters[LONG] == LONG_LENGTH and facts.letters[SHORT] == 3
    assert sum(facts.letters.values()) == len(letters)
    assert facts.found == sum(b"zanzibar" in letter.raw() for letter in letters) == TICKETS // 4
    attached = [part for letter in letters for part in read(letter).walk() if part.get_filename()]
    assert facts.files == len(attached) > 10
    assert facts.bytes == sum(len(part.get_content()) for part in attached)


# ------------------------------------------------------------------------------------------ how it is judged


def test_a_ratio_is_that_to_the_faster_rival() -> None:
    one = row("ticket list", {"A": [0.4, 0.3, 0.2], "B": [0.05], "ours": [0.02, 0.01, 0.09]}, ["A", "B"])
    assert one.p50 == pytest.approx({"A": 300, "B": 50, "ours": 20})
    assert one.p95["ours"] == pytest.approx(90)
    assert one.ratio("ours") == pytest.approx(2.5)
    assert misses([one]) == []
    assert "50.0/50.0" in drawn([one]) and "2.5 (asked: 2)" in drawn([one])


def test_each_database_has_its_own_factor_for_mail() -> None:
    times = {"A": [0.030], "Prosa, SQLite": [0.010], "Prosa, PostgreSQL": [0.010]}
    said = misses([row(INGEST, times, ["A"])])
    assert len(said) == 1 and "SQLite is 3.0 times" in said[0] and "not 4 times" in said[0]


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert percentile([*range(1, 101)], 0.95) == 95
    assert percentile([3.0], 0.95) == 3.0
    assert percentile([1, 2, 3, 4], 0.5) == 2


def test_a_page_that_lacks_a_letter_is_found_out(tmp_path: Path) -> None:
    page = " ".join(Letter(SHORT, part, 1).named for part in range(3))
    honest = Pretender("A", tmp_path)
    must_show_letters(honest, "ticket of 3 messages", page)
    assert letters_in(page, LONG) == 0
    with pytest.raises(WorkNotDone, match="shows 2 of 3"):
        must_show_letters(honest, "ticket of 3 messages", page.replace(Letter(SHORT, 1, 1).named, ""))


# ---------------------------------------------------------------------------------------------- the whole run


class Pretender(Product):
    """Remembers what it was brought, and may lose some of it."""

    rival = True

    def __init__(self, name: str, folder: Path, loses: int | None = None, seconds: float = 1.0) -> None:
        super().__init__(folder)
        self.name, self.rival = name, name in "AB"
        self.loses, self.seconds = loses, seconds
        self.brought: list[Letter] = []

    def set_up(self) -> None: ...

    def bring(self, letters: Sequence[Letter]) -> None:
        self.brought += [letter for letter in letters if letter.number != self.loses]

    def take_in(self) -> Took:
        return Took(self.seconds, self.seconds)

    def facts(self) -> Facts:
        return expected(self.brought)

    def serve(self) -> None: ...

    def page(self, name: str) -> str:
        return name

    def check(self, name: str, text: str) -> None:
        assert name == text

    def stop(self) -> None:
        self.brought.clear()


def judged(monkeypatch: pytest.MonkeyPatch, products: list[Pretender], *words: str) -> int:
    @contextmanager
    def given(_folder: Path, _cache: Path) -> Iterator[list[Pretender]]:
        yield products

    for product in products:
        product.brought.clear()
    monkeypatch.setattr(run, "_products", given)
    monkeypatch.setattr(run.signal, "signal", lambda *_: None)
    monkeypatch.setattr(turns, "_timed", lambda product, _name: product.seconds)
    return run.main(["--tickets", str(TICKETS), "--blocks", "1", "--rounds", "2", *words])


def test_who_loses_a_letter_fails_the_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = Letter(LONG, 57, 1).number
    products = [Pretender("A", tmp_path / "a", loses=lost), Pretender("Prosa, SQLite", tmp_path / "p")]
    assert judged(monkeypatch, products) == 1
    said = capsys.readouterr().out
    assert f"such as {LONG}: 99 instead of 100" in said and "p50/p95" not in said


def test_only_a_check_fails_for_a_factor(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    products = [
        Pretender("A", tmp_path / "a"),
        Pretender("B", tmp_path / "b", seconds=0.9),
        Pretender("Prosa, SQLite", tmp_path / "p", seconds=0.3),
    ]
    assert judged(monkeypatch, products) == 0
    assert "missed: ingest a mail: Prosa, SQLite is 3.0 times" in capsys.readouterr().out
    assert judged(monkeypatch, products, "--check") == 2
    products[2].seconds = 0.2
    assert judged(monkeypatch, products, "--check") == 0
