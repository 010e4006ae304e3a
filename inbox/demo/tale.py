"""A conversation, thought up from its number: who writes about what, and all that comes of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from html import escape
from itertools import accumulate
from random import Random
from typing import Any, NamedTuple

from inbox.demo import goods, stories, voice
from inbox.demo.calendar import at_work
from inbox.demo.case import Case
from inbox.demo.customers import Buyer, Buyers
from inbox.demo.house import House
from inbox.demo.mails import Letter
from inbox.demo.people import TEAM
from inbox.demo.pictures import Paper, invoice, picture
from inbox.demo.stories import Story

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LONG = 48
"""So many times both sides write in a conversation of a hundred messages."""

QUIET = 5
"""The light agent's id: who makes the pots."""


class Act(NamedTuple):
    """What happens next: a verb of the desk, and with what."""

    at: datetime
    verb: str
    said: tuple[Any, ...]


class Teller:
    """Makes up conversations; the same number makes the same one."""

    def __init__(self, seed: int, house: House, buyers: Buyers) -> None:
        self.seed, self.house, self.buyers = seed, house, buyers
        self._ours = {team: house.writers(team) for team in (None, *house.team_ids.values())}
        self._weighed = {
            (language, of_house): _weighed(language, of_house)
            for language in ("pt", "en")
            for of_house in (False, True)
        }
        self._address = {one.team: one.id for one in house.addresses}

    def dice(self, number: int) -> Random:
        return Random(self.seed * 7_919_393 + number)

    def begin(
        self, number: int, at: datetime, buyer: Buyer | None = None, long: bool = False
    ) -> tuple[Case, list[Act]]:
        dice = self.dice(number)
        if buyer is None and dice.random() < 0.035:
            return self._spam(number, at, dice)
        buyer = buyer or self.buyers.pick(dice)
        story = self._story(buyer, dice)
        return Tale(self, story, buyer, at, dice, number).told(long)

    def _story(self, buyer: Buyer, dice: Random) -> Story:
        kinds, weights = self._weighed[buyer.language, buyer.organisation is not None]
        return dice.choices(kinds, cum_weights=weights)[0]

    def writer(self, team: int | None, dice: Random, language: str) -> int:
        """One of those whose it is; who writes English best answers English most."""
        if language == "en" and dice.random() < 0.55 and 5 in self._ours[team]:
            return 5
        return dice.choice(self._ours[team])

    def _spam(self, number: int, at: datetime, dice: Random) -> tuple[Case, list[Act]]:
        buyer = self.buyers.spammer(dice)
        said = stories.of(buyer.language).said
        which = dice.randrange(len(said["spam"]))
        subject, text = said["spam_subjects"][which], said["spam"][which].format(**_lure(dice))
        case = Case(buyer, subject, buyer.language, 1, 1, None)
        acts = [Act(at, "receive", (Letter(subject, text),))]
        if dice.random() < 0.6:
            case.spam_reason = dice.choice(("words", "headers", "words"))
        else:
            who = dice.choice((2, 3, 4))
            acts.append(Act(at_work(who, at + dice.randint(20, 200) * MINUTE, dice), "mark_spam", (who,)))
        return case, acts


def _weighed(language: str, of_house: bool) -> tuple[list[Story], list[int]]:
    kinds = [one for one in stories.of(language).stories if of_house or not one.house]
    return kinds, list(accumulate(one.weight * (6 if one.house else 1) for one in kinds))


def _lure(dice: Random) -> dict[str, Any]:
    return {"n": dice.randint(100, 990), "m": dice.randint(2, 48), "pct": dice.choice((30, 40, 70, 90))}


class Tale:
    """One of them: acts in the order in which they happen."""

    def __init__(
        self, teller: Teller, story: Story, buyer: Buyer, at: datetime, dice: Random, number: int
    ) -> None:
        self.teller, self.story, self.buyer, self.dice, self.at = teller, story, buyer, dice, at
        self.house, self.phrases = teller.house, stories.of(buyer.language)
        self.team = self.house.team_ids.get(story.team)
        self.slots = goods.gaps(dice, buyer.language, at, self._order(at, number), story.of, buyer.city)
        self.who = teller.writer(self.team, dice, buyer.language)
        self.acts: list[Act] = []
        self.answers = story.answers
        self.slow = False

    def _order(self, at: datetime, number: int) -> int:
        """Orders are counted, too: a recent one for a recent conversation."""
        return 3200 + int((at.timestamp() / 86400 - 20_000) * 1.7) % 6000 + self.dice.randint(0, 24)

    def told(self, long: bool = False) -> tuple[Case, list[Act]]:
        dice, story = self.dice, self.story
        subject = self._filled(dice.choice(story.subjects))
        subject = subject[0].upper() + subject[1:]
        if self.buyer.style == 2:
            subject = subject.upper()
        elif self.buyer.style == 1:
            subject = subject.lower()
        named = self.team if self.team and dice.random() < 0.7 else None
        address = self.teller._address[named]
        case = Case(self.buyer, subject, self.buyer.language, 1, address, named)
        asked = dice.randrange(len(story.opens))
        self.answers = (story.answers[asked if asked < len(story.answers) else 0],)
        body = self._filled(story.opens[asked])
        text = voice.letter(self.phrases, self.buyer, body, self.at, dice)
        self._add(self.at, "receive", Letter(subject, text, self._files()))
        self._answered(case, long)
        case.mood = min(3, story.mood + self.slow) if story.mood else 0
        return case, self.acts

    # ----------------------------------------------------------------------------------- its course

    def _answered(self, case: Case, long: bool) -> None:
        dice = self.dice
        wait = dice.lognormvariate(4.2, 1.0) * MINUTE
        if dice.random() < 0.07:
            wait += dice.uniform(1.2, 3.5) * DAY
        at = at_work(self.who, self.at + wait, dice)
        self.slow = at - self.at > 2 * DAY
        self._nudged(at)
        self._looked_at(case, at)
        at = self._noted(at)
        rounds = self._rounds(long)
        last = self._reply(at, self.answers, not rounds, True)
        for theirs, ours in rounds:
            last = self._went_on(last, theirs, ours, (theirs, ours) == rounds[-1])
        self._ended(last)

    def _nudged(self, answered: datetime) -> None:
        """Whoever waits too long asks again."""
        wait = answered - self.at
        if wait > 20 * HOUR and self.dice.random() < 0.4:
            body = self._filled(self.dice.choice(self.phrases.said["nudges"]))
            letter = Letter("", voice.again(self.buyer, body, self.dice))
            self._add(self.at + wait * self.dice.uniform(0.5, 0.9), "receive", letter)

    def _looked_at(self, case: Case, answered: datetime) -> None:
        """Somebody takes it and marks it, some minutes before they answer."""
        dice = self.dice
        at = max(self.at + MINUTE, answered - dice.uniform(3, 25) * MINUTE)
        if self.team and case.team is None:
            self._add(at, "move", 2 if dice.random() < 0.5 else self.who, self.team)
        if dice.random() < 0.9:
            self._add(at + timedelta(seconds=5), "assign", self.who if dice.random() < 0.8 else 2, self.who)
        for n, tag in enumerate(self.story.tags):
            if dice.random() < 0.75:
                self._add(at + timedelta(seconds=9 + n), "tag", self.who, self.house.tag(tag))
        if self.story.topic and dice.random() < 0.85:
            self._add(at + timedelta(seconds=15), "set_topic", self.who, self.house.topic(self.story.topic))
        if self.story.mood == 3 or dice.random() < 0.05:
            priority = "urgent" if dice.random() < 0.2 else "high"
            self._add(at + timedelta(seconds=18), "prioritise", self.who, priority)
        elif dice.random() < 0.04:
            self._add(at + timedelta(seconds=18), "prioritise", self.who, "low")

    def _noted(self, at: datetime) -> datetime:
        """A word among colleagues; returns when the answer is written then."""
        dice = self.dice
        if not self.story.notes or dice.random() > 0.34:
            return at
        text = self._filled(dice.choice(self.story.notes))
        asked = dice.choice(
            [n for n in range(1, len(TEAM) + 1) if n != self.who and self.house.sees(n, self.team, None)]
        )
        if dice.random() < 0.55:
            self._note(at, self.who, f"{{name}} {text}", asked)
            back = at_work(asked, at + dice.uniform(8, 90) * MINUTE, dice)
            self._note(back, asked, dice.choice(self.phrases.said["asides"]), 0)
            return at_work(self.who, back + dice.uniform(5, 40) * MINUTE, dice)
        self._note(at, self.who, text, 0)
        return at + dice.uniform(2, 8) * MINUTE

    def _note(self, at: datetime, by: int, text: str, named: int) -> None:
        name = TEAM[named - 1].name if named else ""
        plain = text.replace("{name}", f"@{name}")
        html = escape(text).replace("{name}", f'<data value="{named}">@{escape(name)}</data>')
        self._add(at, "note", by, f"<p>{html}</p>", plain, [named] if named else [])

    def _rounds(self, long: bool) -> list[tuple[str, str]]:
        if long:
            small = self.phrases.said
            return [
                (self.dice.choice(small["small_talk"]), self.dice.choice(small["small_answers"]))
                for _ in range(LONG)
            ]
        kept, chance = [], 0.5
        for one in self.story.follows:
            if self.dice.random() < chance:
                kept.append(one)
                chance = 0.35
        return kept

    def _went_on(self, last: datetime, theirs: str, ours: str, done: bool) -> datetime:
        dice = self.dice
        at = last + dice.lognormvariate(5.2, 1.1) * MINUTE
        quotes = dice.random() < 0.6
        letter = Letter("", voice.again(self.buyer, self._filled(theirs), dice), [], "", quotes)
        self._add(at, "receive", letter)
        back = at_work(self.who, at + dice.lognormvariate(3.9, 0.9) * MINUTE, dice)
        return self._reply(back, (ours,), done, False)

    def _reply(self, at: datetime, answers: tuple[str, ...], done: bool, first: bool) -> datetime:
        dice = self.dice
        body = self._filled(dice.choice(answers))
        text = voice.answer(self.phrases, self.buyer, body, at, dice, first)
        if done:
            then = dice.choices(("resolved", "pending", "open"), (80, 13, 7))[0]
        else:
            then = "pending" if dice.random() < 0.7 else "open"
        self.then = then
        self._add(at, "reply", self.who, text, then)
        if dice.random() < 0.014:
            away = Letter("", dice.choice(self.phrases.said["away"]), [], "auto-replied")
            self._add(at + 40 * timedelta(seconds=1), "receive", away)
        return at

    def _ended(self, last: datetime) -> None:
        dice, said = self.dice, self.phrases.said
        if self.then == "open" and dice.random() < 0.4:
            self._add(last + 3 * MINUTE, "set_status", self.who, "on_hold")
            last = at_work(self.who, last + dice.uniform(2, 9) * DAY, dice)
            self._add(last, "reply", self.who, self._filled(dice.choice(said["news"])), "resolved")
        elif self.then != "resolved":
            last = at_work(self.who, last + dice.uniform(2, 6) * DAY, dice)
            self._add(last, "set_status", self.who, "resolved")
        if dice.random() < (0.3 if self.story.mood < 2 else 0.14):
            at = last + dice.lognormvariate(4.5, 1.2) * MINUTE
            self._add(at, "receive", Letter("", voice.again(self.buyer, dice.choice(said["thanks"]), dice)))
            last = at_work(self.who, at + dice.uniform(4, 90) * MINUTE, dice)
            self._add(last, "set_status", self.who, "resolved")
        if dice.random() < 0.3:
            self._add(at_work(2, last + dice.uniform(9, 16) * DAY, dice), "set_status", 2, "closed")
        if dice.random() < 0.02:
            self._add(last + dice.uniform(17, 25) * DAY, "go_on")

    # ----------------------------------------------------------------------------------- its words

    def _add(self, at: datetime, verb: str, *said: Any) -> None:
        if self.acts and at <= self.acts[-1].at:
            at = self.acts[-1].at + timedelta(milliseconds=700)
        self.acts.append(Act(at, verb, said))

    def _filled(self, text: str) -> str:
        return text.format_map(self.slots)

    def _files(self) -> list[Paper]:
        dice, order = self.dice, self.slots["order"]
        if self.story.file == "photo" and dice.random() < 0.5:
            names = [f"IMG_{dice.randint(1000, 9999)}.png" for _ in range(dice.choice((1, 1, 2)))]
            return [picture(dice.randrange(8), name) for name in names]
        if self.story.file == "invoice" and dice.random() < 0.5:
            return [invoice(str(order), f"pedido-{order}.pdf")]
        return []
