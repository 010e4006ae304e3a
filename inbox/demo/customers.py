"""Who writes: made anew from a number whenever they are asked for, so that a million cost no memory."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from random import Random

from inbox.demo.names import BRAZIL, CAST, ELSEWHERE, HOUSES, MAILBOXES, SPAM_DOMAINS, SPAMMERS, Place

PORTUGUESE = 0.65
"""The share of customers who write Portuguese."""

HOUSES_SHARE = 0.14
"""Who writes for a restaurant, a studio or a shop."""


@dataclass(slots=True)
class Buyer:
    """A customer with one address; ``id`` is the customer's and the identity's."""

    id: int
    name: str
    address: str
    language: str
    organisation: int | None = None
    style: int = 0
    """How they write: 0 as one does, more is hurried, shouting or careless."""
    city: str = "Recife"
    zone: str | None = None
    tier: str = "standard"

    @property
    def first_name(self) -> str:
        return self.name.split()[0]


class Buyers:
    """All of them, by number from 1; and what the world has to remember of each."""

    def __init__(self, seed: int, tickets: int) -> None:
        self.seed, self.n = seed, max(len(CAST) + 5, round(tickets * 0.7))
        self.heavy = min(1000, tickets // 4) if tickets >= 1000 else 0
        """So many conversations the first house has at least: its purchasing never sleeps."""
        self.all = self.n + max(6, tickets // 25)
        """With those who only send spam, who come last."""
        self.first = array("d", bytes(8 * (self.all + 1)))
        self.active = array("d", bytes(8 * (self.all + 1)))
        self.asked = array("d", bytes(8 * (self.all + 1)))
        """When each first wrote, was last written about and was last asked how it was; 0 is never."""
        self.verified = bytearray(self.all + 1)
        self.answered = bytearray(self.all + 1)
        self.spoken: dict[int, str] = {}
        self._kept: dict[int, Buyer] = {}

    def pick(self, dice: Random) -> Buyer:
        """Few write often, most once."""
        n = len(CAST) + 1 + int((self.n - len(CAST)) * dice.random() ** 1.3)
        return self.of(min(n, self.n))

    def spammer(self, dice: Random) -> Buyer:
        return self.of(dice.randint(self.n + 1, self.all))

    def of(self, number: int) -> Buyer:
        kept = self._kept.get(number)
        if kept is None:
            kept = self._make(number)
            if len(self._kept) < 50_000:
                self._kept[number] = kept
        return kept

    def _make(self, number: int) -> Buyer:
        if number <= len(CAST):
            name, address, language, city, house = CAST[number - 1]
            return Buyer(number, name, address, language, house or None, 0, city)
        dice = Random(self.seed * 1_000_003 + number)
        if number > self.n:
            name, local = dice.choice(SPAMMERS)
            return Buyer(
                number,
                name,
                f"{local}@{dice.choice(SPAM_DOMAINS)}{number}.example",
                dice.choice(("pt", "en")),
            )
        language = "pt" if dice.random() < PORTUGUESE else "en"
        place = dice.choice(BRAZIL if language == "pt" else ELSEWHERE)
        name = f"{dice.choice(place.first)} {dice.choice(place.last)}"
        style = dice.choices((0, 1, 2, 3), (70, 14, 6, 10))[0]
        if dice.random() < HOUSES_SHARE:
            which = [n for n, house in enumerate(HOUSES, 1) if house.language == language]
            number_of = which[int(len(which) * dice.random() ** 1.7)]
            address = f"{_local(name, number, self.n)}@{HOUSES[number_of - 1].domain}"
            return Buyer(number, name, address, language, number_of, 0, HOUSES[number_of - 1].city)
        domain = dice.choice(MAILBOXES[language])
        address = f"{_local(name, number, self.n)}@{domain}"
        return Buyer(number, name, address, language, None, style, dice.choice(place.cities))


def _local(name: str, number: int, n: int) -> str:
    """Addresses of one world are all different: among few by the name's shape, among many by a number."""
    plain = _plain(name).split()
    shape = number % 4
    if shape == 0:
        said = ".".join(plain)
    elif shape == 1:
        said = plain[0] + plain[-1][0]
    elif shape == 2:
        said = f"{plain[0][0]}{plain[-1]}"
    else:
        said = f"{plain[-1]}.{plain[0]}"
    return f"{said}{number % 90 + 10 if n < 1000 else number}"


_PLAIN = str.maketrans("áàãâäéêëíîóôõöúüçñøåÁÉÍÓÚÂ", "aaaaaeeeiioooouucnoaaeioua")


def _plain(text: str) -> str:
    return text.lower().translate(_PLAIN).replace("'", "").replace("ß", "ss").replace("ł", "l")


__all__ = ["Buyer", "Buyers", "Place"]
