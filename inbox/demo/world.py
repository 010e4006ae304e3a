"""Everything that happened in the shop, in its order: conversations begin, go on and end, until a moment."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, NamedTuple, Protocol

from inbox.demo import cast, stories
from inbox.demo.afterwards import Front
from inbox.demo.calendar import arrivals, at_work, length
from inbox.demo.case import Case
from inbox.demo.customers import Buyer, Buyers
from inbox.demo.house import House, begun
from inbox.demo.mails import Letter, Post
from inbox.demo.names import HOUSES, MERGED
from inbox.demo.rows import Batch, moment, perhaps
from inbox.demo.tale import DAY, MINUTE, Act, Teller
from inbox.models.customer_word import _words as words_of

LONG_EVERY, LONG_AT = 2_000, 500
"""Of so many conversations one has a hundred messages, where there are enough of them."""

MANY = 1_000
"""From so many on a world has its extremes: long conversations, and a customer with a thousand."""

SCORES = {
    0: (1, 0, 2, 12, 85),
    1: (2, 3, 8, 29, 58),
    2: (7, 11, 20, 34, 28),
    3: (24, 22, 20, 20, 14),
}
"""How customers rate, 1 to 5 in percent, by their mood."""


class Sink(Protocol):
    """Where batches go."""

    def write(self, batch: Batch) -> None: ...


class Ending(NamedTuple):
    """What the house knows when its story is over."""

    used: dict[int, datetime]
    """When each tag was last put on a conversation."""
    last_in: datetime
    last_out: datetime


class World:
    """Plays the acts of all conversations in the order of their moments."""

    def __init__(self, tickets: int, seed: int, until: datetime, many: bool) -> None:
        self.n, self.seed, self.until, self.many = tickets, seed, until, many
        self.batch = Batch()
        self.house = House()
        self.house.by_server_until = until - timedelta(days=1)
        self.buyers = Buyers(seed, tickets)
        self.days = length(tickets)
        self.begins = until - timedelta(days=self.days + 1)
        self.front = Front(self.house, self.buyers, Post(seed, not many), until, self.batch)
        self.teller = Teller(seed, self.house, self.buyers)
        self._heap: list[tuple[datetime, int, Case, str, tuple[Any, ...]]] = []
        self._number = 0
        self.lately: deque[Case] = deque(maxlen=60)
        """The last that ended and are open still."""

    def play(self, out: Sink, size: int) -> Ending:
        """All of it, into this database; a large world is written whenever ``size`` more have begun."""
        for at, kind, data in begun(self.begins):
            self.front.log.record(at, kind, data, agent=1)
        own = cast.script(self.until, self.buyers, self.house)
        dice = Random(self.seed)
        each = self.n // self.buyers.heavy if self.buyers.heavy else 0
        for number, at in enumerate(arrivals(self.n - len(own), self.days, self.until, dice), 1):
            while own and own[0][1][0].at <= at:
                self._start(*own.pop(0))
            self._go_on(at)
            heavy = bool(each) and number % each == 0
            long = self.n >= MANY and number % LONG_EVERY == LONG_AT
            self._start(*self.teller.begin(number, at, self.buyers.of(1) if heavy else None, long))
            if self.many and number % size == 0:
                out.write(self.batch)
        for case, acts in own:
            self._start(case, acts)
        self._go_on(self.until)
        self._end(out)
        return Ending(self.house.used, self.front.last_in, self.front.last_out)

    def _start(self, case: Case, acts: Iterable[Act]) -> None:
        case.dice = case.dice or self.teller.dice(self.n + self._number)
        for act in acts:
            self._later(case, *act)

    def _later(self, case: Case, at: datetime, verb: str, said: tuple[Any, ...] = ()) -> None:
        """What would happen after the last moment does not."""
        if at <= self.until - timedelta(seconds=15):
            self._number += 1
            case.pending += 1
            heapq.heappush(self._heap, (at, self._number, case, verb, said))

    def _go_on(self, limit: datetime) -> None:
        heap, front = self._heap, self.front
        while heap and heap[0][0] <= limit:
            at, _number, case, verb, said = heapq.heappop(heap)
            if verb in OWN:
                getattr(self, verb)(case, at, *said)
            else:
                getattr(front, verb)(case, at, *said)
            while front.due:
                due, asked, row = front.due.pop()
                self._later(asked, due, "ask", (row,))
            case.pending -= 1
            if not case.pending:
                self._finish(case)

    def _finish(self, case: Case) -> None:
        self.front.finish(case)
        if case.is_open:
            self.lately.append(case)

    # ----------------------------------------------------------------------------------- consequences

    def ask(self, case: Case, at: datetime, row: list[Any]) -> None:
        """They are asked how it was, and some answer."""
        dice = case.dice
        assert dice is not None
        sent = self.front.ask(case, at, row)
        if sent and case.rating:
            score, reasons, comment, minutes = case.rating
            self._later(case, at + minutes * MINUTE, "rate", (row, score, reasons, comment))
        if not sent or case.rating or dice.random() > 0.42:
            return
        score = dice.choices((1, 2, 3, 4, 5), SCORES[case.mood])[0]
        said = stories.of(case.language).said
        comment = dice.choice(said[f"rated_{score}"]) if dice.random() < (0.5 if score > 3 else 0.8) else ""
        which = (
            ("fast", "kind", "solved", "clear") if score > 3 else ("slow", "unsolved", "unclear", "repeated")
        )
        reasons = dice.sample(which, dice.choice((0, 1, 1, 2)))
        self._later(case, at + dice.lognormvariate(5, 1.4) * MINUTE, "rate", (row, score, reasons, comment))

    def rate(
        self, case: Case, at: datetime, row: list[Any], score: int, reasons: list[str], comment: str
    ) -> None:
        """A low one is looked at by somebody who can do something about it."""
        if not self.front.rate(case, at, row, score, reasons, comment) or case.rating:
            return
        dice, said = case.dice, stories.of(case.language).said
        assert dice is not None
        boss = dice.choice((1, 2, 2))
        seen = at_work(boss, at + dice.uniform(20, 200) * MINUTE, dice)
        self._later(case, seen, "see", (boss,))
        text = dice.choice(said["sorry"]).format(first=case.buyer.first_name)
        self._later(case, seen + dice.uniform(4, 25) * MINUTE, "reply", (boss, text, "resolved"))

    def go_on(self, case: Case, at: datetime) -> None:
        """The customer answers an old conversation: a new one goes on from it."""
        dice = case.dice
        assert dice is not None
        if case.is_open or case.status == "spam" or case.resolved is None or at - case.resolved < 8 * DAY:
            return
        new = Case(case.buyer, f"Re: {case.subject}", case.language, case.account, case.address, case.team)
        new.thread, new.thread_row, new.continues = case.thread, case.thread_row, case.id
        new.refers, new.ours, new.our_words = case.refers, case.ours, case.our_words
        new.mood, new.dice = case.mood, dice
        text = dice.choice(stories.of(case.language).said["once_more"])
        who = self.teller.writer(case.team, dice, case.language)
        back = at_work(who, at + dice.uniform(10, 200) * MINUTE, dice)
        answer = dice.choice(stories.of(case.language).said["small_answers"])
        self._start(new, [
            Act(at, "receive", (Letter("", text, [], "", True),)),
            Act(back, "assign", (who, who)),
            Act(back + 4 * MINUTE, "reply", (who, answer, "resolved")),
        ])  # fmt: skip
        case.thread_row[3] = self.front.ticket + 1

    # ----------------------------------------------------------------------------------- the end

    def _end(self, out: Sink) -> None:
        for case in {id(one[2]): one[2] for one in self._heap}.values():
            self._finish(case)
        self._heap.clear()
        rows = self.batch.rows
        rows["tally"] += [(*spot, n) for spot, n in sorted(self.front.tallies.items())]
        rows["verdict"] += self.front.judged.values()
        learnt = self.front.learnt
        rows["spam_word"] += [
            (word, learnt[word, "spam"], learnt[word, "good"])
            for word in sorted({word for word, _kind in learnt})
        ]
        cast.leave_open(self)
        self.front.log.close()
        self._customers(out)
        out.write(self.batch)

    def _customers(self, out: Sink) -> None:
        """Everybody who ever wrote, as they are known now."""
        for number in range(1, self.buyers.all + 1):
            if self.buyers.first[number]:
                self._customer(self.buyers.of(number))
            if self.many and number % 50_000 == 0:
                out.write(self.batch)

    def _customer(self, buyer: Buyer) -> None:
        rows, buyers, number = self.batch.rows, self.buyers, buyer.id
        first, active = _at(buyers.first[number]), _at(buyers.active[number])
        at, reason = self.front.bounced.get(number, (None, ""))
        house = HOUSES[buyer.organisation - 1] if buyer.organisation else None
        tier = (house.tier if house else "") or "standard"
        into = MERGED.get(number)
        version = int(bool(into) or number in MERGED.values())
        rows["customer"].append(
            (
                number, buyer.name, tier, buyers.spoken.get(number), None, buyer.organisation,
                cast.NOTES.get(number, ""), version, into, perhaps(first if into else active), perhaps(first),
            )
        )  # fmt: skip
        rows["identity"].append(
            (
                number, into or number, number if into else None, "mail", buyer.address, buyer.name,
                buyers.verified[number], at, reason, perhaps(first),
            )
        )  # fmt: skip
        if not into:
            said = [buyer.name, *([house.name] if house else []), buyer.name, buyer.address]
            said += [buyers.of(other).address for other, kept in MERGED.items() if kept == number]
            rows["customer_word"] += [(number, word) for word in words_of(said)]


OWN = ("ask", "rate", "go_on")
"""Acts after which more may follow."""


def _at(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


__all__ = ["World", "moment"]
