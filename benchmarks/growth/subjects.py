"""What is asked of a house: tickets, customers and words that are of the same kind in every size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import quote_plus

from sqlalchemy import ColumnElement, exists, func, insert, literal, select, update

from benchmarks.growth.house import Filled, opened
from inbox import db, lists, search
from inbox.models import Agent, Customer, Identity, Message, Ticket
from inbox.models.tally import recount
from inbox.text import words as words_of

ENTRIES = 1_000
"""In the timeline that is measured."""

SHORT, LONG = 3, 100
"""Messages of the tickets that are measured."""

EACH = 20
"""Tickets and customers of a kind: no page is asked for again before as many others were."""

RARER = 0.01
"""The share of messages that a word stands in which is neither common nor rare."""


class Words(NamedTuple):
    """What is typed, the same in every house."""

    common: str
    other: str
    """Common, too."""
    rarer: str
    """One in about a hundred messages."""
    name: str
    """Of people that each house knows."""


def words(houses: Sequence[Filled]) -> Words:
    """Words that are as common in one house as in the other: in a small one, a talkative customer makes words
    common that are rare elsewhere."""
    shares = [_shares(house) for house in houses]
    everywhere = set.intersection(*({*said} for said in shares))
    common, other = sorted(everywhere, key=lambda word: (-min(said[word] for said in shares), word))[:2]
    rarer = min(everywhere, key=lambda word: (max(abs(said[word] - RARER) for said in shares), word))
    return Words(common, other, rarer, _name(houses))


def _name(houses: Sequence[Filled]) -> str:
    """The most usual one of two words or more in the first house, of those that all houses know."""
    found = [_names(house) for house in houses]
    known = set.intersection(*({*names} for names in found))
    return min(known, key=lambda name: (-found[0][name], name), default="Ana Souza")


def _names(house: Filled) -> Counter[str]:
    with opened(house), db.reading():
        wrote = select(Customer.name, func.count()).where(Customer.active_at.is_not(None))  # not only spam
        rows = db.session.execute(wrote.group_by(Customer.name)).all()
    return Counter({name: n for name, n in rows if " " in name})


def _shares(house: Filled) -> dict[str, float]:
    """In how many of the newest messages each word stands."""
    with opened(house), db.reading():
        newest = select(Message.text).order_by(Message.id.desc()).limit(2_000)
        texts = db.session.scalars(newest).all()
    found = Counter(word for said in texts for word in {*words_of(said)} if len(word) > 3 and word.isalpha())
    return {word: n / len(texts) for word, n in found.items()}


def paths(said: Words) -> dict[str, Sequence[str]]:
    """Which addresses are asked for in turns, by what they are."""
    common, other, rarer, name = said
    searched = {
        "a common word": common,
        "two common words": f"{common} {other}",
        "a word of one in a hundred": rarer,
        "a rare word": _rare(),
        "a common word and a rare one": f"{common} {_rare()}",
        "a number": str(_middle()),
        "a beginning of a word": common[:3],
        "a customer's name": name,
        "nothing": "xyzzyx",
    }
    return {
        "list, open": ["/views/open"],
        "list, mine": ["/views/mine"],
        "list, unassigned": ["/views/unassigned"],
        "list, resolved": ["/views/resolved"],
        "list, open, second page": [_second("open")],
        "list, resolved, second page": [_second("resolved")],
        "view counts": ["/views/_counts?view=open"],
        f"ticket of {SHORT} messages": [f"/views/open/tickets/{one}" for one in _tickets(SHORT)],
        f"ticket of {LONG} messages": [f"/views/open/tickets/{one}" for one in _tickets(LONG)],
        f"customer with {ENTRIES:,} entries": [f"/customers/{_customer()}"],
        "customers": ["/customers"],
        "customers, a name": [f"/customers?q={quote_plus(name)}"],
        "customers, a beginning": [f"/customers?q={quote_plus(name[:2])}"],
        "people of a composer": [f"/recipients/_suggest?q={quote_plus(name[:3])}"],
        "attention": ["/attention"],
        **{f"search, {what}": [f"/search?q={quote_plus(q)}"] for what, q in searched.items()},
        "palette, a common word": [f"/palette/_results?q={common}"],
    }


def _admin() -> Agent:
    return db.session.scalars(select(Agent).where(Agent.role == "admin").order_by(Agent.id)).one()


def _second(view: str) -> str:
    return f"/views/{view}/_rows?before={lists.page(_admin(), view).next or ''}"


def _tickets(messages: int) -> Sequence[int]:
    """The newest, as people look at them; a long one has so many at least. Copies that only fill a timeline
    count messages and have none."""
    counts = Ticket.message_count == messages if messages < LONG else Ticket.message_count >= messages
    said = exists().where(Message.ticket_id == Ticket.id)
    newest = select(Ticket.id).where(counts, said).order_by(Ticket.id.desc())
    return db.session.scalars(newest.limit(EACH)).all()


def _middle() -> int:
    """The number of a ticket that is neither new nor old."""
    half = (db.session.scalar(select(func.max(Ticket.id))) or 0) // 2
    return (
        db.session.scalars(select(Ticket.id).where(Ticket.id >= half).order_by(Ticket.id).limit(1)).first()
        or half
    )


def _rare() -> str:
    """The word of some conversations in the middle of the house that the fewest hold."""
    which = Message.ticket_id.between(_middle(), _middle() + EACH)
    there = {
        word for said in db.session.scalars(select(Message.text).where(which)) for word in words_of(said)
    }
    longest = sorted(there, key=lambda word: (len(word), word))[-EACH:]
    return min(longest, key=lambda word: len(search.find(_admin(), word)), default="x")


def _customer() -> int:
    """Who has the most conversations."""
    most = select(Identity.customer_id).join(Ticket, Ticket.identity_id == Identity.id)
    most = most.group_by(Identity.customer_id).order_by(func.count().desc(), Identity.customer_id)
    return db.session.scalars(most.limit(1)).one()


def top_up() -> None:
    """What a small house has not enough of is copied from others', all over its time: whoever has the most
    conversations gets ``ENTRIES`` (without words of their own), and one conversation ``LONG`` messages."""
    with db.writing() as session:
        theirs = select(Identity.id).where(Identity.customer_id == _customer()).order_by(Identity.id).limit(1)
        identity = session.scalars(theirs).one()
        _copies(Ticket, ENTRIES, "identity_id", identity, Ticket.status == "closed")
        if not _tickets(LONG):
            [ticket, *_others] = _tickets(SHORT)
            _copies(Message, LONG, "ticket_id", ticket, Message.kind != "note")
            session.execute(update(Ticket).where(Ticket.id == ticket).values(message_count=LONG))
        recount()


UNIQUE = ("id", "external_id", "idempotency_key")


def _copies(
    of: type[Ticket | Message], wanted: int, belongs: str, owner: int, which: ColumnElement[bool]
) -> None:
    """Until so many rows belong to their owner."""
    table: Any = of.__table__
    columns = [column for column in table.columns if column.key not in (*UNIQUE, belongs)]
    others = select(literal(owner), *columns).where(which, table.c[belongs] != owner).order_by(func.random())
    there = select(func.count()).where(table.c[belongs] == owner)
    while (n := db.session.scalar(there) or 0) < wanted:
        into = [belongs, *(column.key for column in columns)]
        db.session.execute(insert(table).from_select(into, others.limit(wanted - n)))
