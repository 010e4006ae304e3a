"""How people write what they have to say: hurried, shouting, careless, or as one does."""

from __future__ import annotations

from datetime import datetime
from random import Random

from inbox.demo.calendar import RECIFE
from inbox.demo.customers import Buyer, _plain
from inbox.demo.stories import Phrases

SHORT = {
    "pt": (
        (" você", " vc"),
        (" vocês", " vcs"),
        (" porque", " pq"),
        (" também", " tb"),
        (" obrigada", " obg"),
        (" não", " n"),
    ),
    "en": ((" please", " pls"), (" you ", " u "), (" because", " bc"), (" thanks", " thx"), (" are ", " r ")),
}


def letter(said: Phrases, buyer: Buyer, body: str, at: datetime, dice: Random) -> str:
    """A first mail: greeted and signed, unless its writer does neither."""
    if buyer.style == 1:
        return _hurried(body, buyer.language)
    hello, bye = greeting(said, at, dice), dice.choice(said.said["byes"])
    name = buyer.first_name if dice.random() < 0.6 else buyer.name
    if buyer.organisation and dice.random() < 0.6:
        name = buyer.name
    thanks = _gendered(bye, buyer)
    text = f"{hello}\n\n{body}\n\n{thanks}\n{name}" if hello else f"{body}\n\n{thanks} {name}".strip()
    if buyer.style == 2:
        return text.replace(body, _shouted(body))
    return _careless(text, dice) if buyer.style == 3 else text


def again(buyer: Buyer, body: str, dice: Random) -> str:
    """A further mail: people greet once."""
    if buyer.style == 1:
        return _hurried(body, buyer.language)
    if buyer.style == 3:
        return _careless(body, dice)
    return f"{body}\n\n{buyer.first_name}" if dice.random() < 0.3 else body


def answer(said: Phrases, buyer: Buyer, body: str, at: datetime, dice: Random, first: bool) -> str:
    """What one of us writes."""
    hello = (
        dice.choice(said.said["hellos"]).format(first=buyer.first_name)
        if first or dice.random() < 0.5
        else ""
    )
    bye = dice.choice(said.said["regards"]) if first or dice.random() < 0.4 else ""
    return "\n\n".join(part for part in (hello, body, bye) if part)


def greeting(said: Phrases, at: datetime, dice: Random) -> str:
    if dice.random() < 0.35:
        return dice.choice(said.said["greetings"])
    hour = (at + RECIFE).hour
    part = 0 if 5 <= hour < 12 else 1 if 12 <= hour < 18 else 2
    return said.said["daytimes"][part] + dice.choice((",", "!", ",", "."))


def _gendered(bye: str, buyer: Buyer) -> str:
    if "Obrigad" in bye and buyer.first_name.endswith(("a", "e", "is", "ce", "de", "th")) is False:
        return bye.replace("Obrigada", "Obrigado")
    return bye


def _hurried(body: str, language: str) -> str:
    text = body[0].lower() + body[1:]
    for long, short in SHORT[language]:
        text = text.replace(long, short)
    return text.replace("\n\n", " ").rstrip(".!")


def _shouted(body: str) -> str:
    """The last sentence is, with more than one exclamation mark."""
    head, _dot, last = body.rstrip(".!?").rpartition(". ")
    return f"{head}. {last.upper()}!!!" if head else f"{body.rstrip('.')}!!!"


def _careless(text: str, dice: Random) -> str:
    """Without accents, and with one pair of letters the wrong way round."""
    words = text.split(" ")
    long = [n for n, word in enumerate(words) if word.isalpha() and len(word) > 5]
    if long:
        n = dice.choice(long)
        word, cut = words[n], dice.randint(2, len(words[n]) - 2)
        words[n] = word[: cut - 1] + word[cut] + word[cut - 1] + word[cut + 1 :]
    return "\n".join(_same_case(line) for line in " ".join(words).split("\n"))


def _same_case(line: str) -> str:
    return "".join(_plain(letter) if letter.islower() else letter for letter in line)
