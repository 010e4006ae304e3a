"""An event as people read it: a sentence with today's names, what was before and after, and from where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from markupsafe import Markup, escape
from sqlalchemy import Select, func, literal, select, union_all

from inbox.audit.words import BETWEEN, FIELDS, SENTENCES, THINGS
from inbox.channels import N_
from inbox.db import session
from inbox.models import AccountAddress, Agent, Event, Identity, SignIn

PLACES = {
    "agent": "/settings/people#person-{}",
    "team": "/settings/teams/{}",
    "account": "/settings/mailboxes/{}",
    "macro": "/settings/macros/{}",
    "topic": "/settings/topics#topic-{}",
    "tag": "/settings/tags#tag-{}",
    "customer": "/customers/{}",
    "organisation": "/organisations/{}",
}
"""Where each thing can be looked at; the others have no page of their own."""

PLURALS = {f"{name}s": name for name in THINGS} | {"members": "agent"}
QUIET = ("by", "sign_in", "fields", "browser", "message", "payload", "ticket")
"""Said elsewhere in the line, or by nothing a person could use."""

VALUES = {
    "open": N_("Open"), "new": N_("New"), "pending": N_("Pending"), "on_hold": N_("On hold"),
    "resolved": N_("Resolved"), "closed": N_("Closed"), "spam": N_("Spam"), "low": N_("Low"),
    "normal": N_("Normal"), "high": N_("High"), "urgent": N_("Urgent"), "admin": N_("Admin"),
    "supervisor": N_("Supervisor"), "agent": N_("Agent"), "light": N_("Light agent"),
}  # fmt: skip

Names = dict[tuple[str, int], str]


@dataclass(frozen=True, slots=True)
class Change:
    """What a value was called, and what it is now."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Line:
    """One event, drawn."""

    event: Event
    who: str
    sentence: Markup
    text: str
    """The sentence without links."""
    changes: Sequence[Change]
    facts: Sequence[tuple[str, str]]
    """What else it says, by its label."""
    browser: str
    ip: str


def drawn(events: Sequence[Event]) -> list[Line]:
    """With every name they need in two queries."""
    names, sign_ins = _names(events), _sign_ins(events)
    return [_line(event, names, sign_ins) for event in events]


def _line(event: Event, names: Names, sign_ins: dict[int, SignIn]) -> Line:
    who = _who(event)
    browser = sign_ins.get(event.data.get("sign_in") or 0)
    # a number may be given twice, but never before the browser that has it signed in
    known = browser if browser and browser.created_at <= event.at else None
    return Line(
        event,
        who,
        Markup(_sentence(event, who, names, _linked)),  # noqa: S704 (every part is escaped)
        _sentence(event, who, names, _plain),
        list(_changes(event, names)),
        list(_facts(event, names)),
        known.browser if known else "",
        known.ip if known else "",
    )


def _who(event: Event) -> str:
    if event.agent:
        return event.agent.name or event.agent.email
    return gettext("The command line") if event.data.get("by") == "cli" else "Prosa"


def _sentence(event: Event, who: str, names: Names, say: Any) -> str:
    said = {name: say(name, number, names) for name, number in _things(event)}
    for name in THINGS:
        said.setdefault(name, gettext("somebody unknown") if name == "agent" else "…")
    said["who"] = say("agent", event.agent_id, names) if event.agent_id else say("", who, names)
    if into := event.data.get("into"):
        said["into"] = say("topic" if event.kind.startswith("topic") else "tag", into, names)
    return gettext(SENTENCES.get(event.kind, f"%(who)s: {event.kind}"), **said)


def _linked(name: str, number: Any, names: Names) -> str:
    said = escape(_plain(name, number, names))
    place = PLACES.get(name) if (name, number) in names else None
    return f'<a class="text-link" href="{place.format(number)}">{said}</a>' if place else f"<b>{said}</b>"


def _plain(name: str, number: Any, names: Names) -> str:
    """Its name of today; a number where it is gone."""
    return names.get((name, number)) or (f"#{number}" if isinstance(number, int) else str(number))


def _things(event: Event) -> Iterator[tuple[str, int]]:
    """What it names by one id."""
    for name in THINGS:
        if type(number := event.data.get(name)) is int:
            yield name, number
    if event.customer_id:
        yield "customer", event.customer_id


# -------------------------------------------------------------------------------------- what changed


def _changes(event: Event, names: Names) -> Iterator[Change]:
    for name, value in _pairs(event):
        before, after = (_value(name, one, names) for one in value)
        yield Change(_label(name), before, after)


def _pairs(event: Event) -> Iterator[tuple[str, list[Any]]]:
    """Every value that changed, by the name of what it is."""
    data = event.data
    if "before" in data and "to" in data:
        name = BETWEEN.get(event.kind, "priority" if event.kind == "prioritised" else "status")
        yield name, [data["before"], data["to"]]
    for name, value in data.items():
        if name not in ("before", "to", *QUIET) and _is_pair(name, value):
            yield name, value


def _is_pair(name: str, value: Any) -> bool:
    if not isinstance(value, list) or len(value) != 2:
        return False
    return name not in PLURALS or all(isinstance(one, list) for one in value)


def _facts(event: Event, names: Names) -> Iterator[tuple[str, str]]:
    """What else stands in it: how many, which, and the names of settings that changed."""
    for name, value in event.data.items():
        if name in QUIET or name in THINGS or name in ("before", "to", "into") or _is_pair(name, value):
            continue
        if name in FIELDS:
            yield _label(name), _value(name, value, names)
    if fields := event.data.get("fields"):
        yield gettext("Changed"), ", ".join(_label(str(name)) for name in fields)


def _label(name: str) -> str:
    if name.startswith("field-"):
        return gettext("Customer field")
    return gettext(FIELDS[name]) if name in FIELDS else name.replace("_", " ")


def _value(name: str, value: Any, names: Names) -> str:
    if isinstance(value, list):
        one = PLURALS.get(name, name)
        return ", ".join(_value(one, part, names) for part in value) or "–"
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if name in THINGS and isinstance(value, int):
        return _plain(name, value, names)
    return gettext(VALUES[value]) if value in VALUES else str(value)


# ------------------------------------------------------------------------------------------- looking up


def _names(events: Iterable[Event]) -> Names:
    wanted: dict[str, set[int]] = {name: set() for name in THINGS}
    for event in events:
        for name, number in _mentioned(event):
            wanted[name].add(number)
    parts = [_named(name, THINGS[name], ids) for name, ids in wanted.items() if ids]
    found = session.execute(union_all(*parts)) if parts else ()
    return {(what, number): name for what, number, name in found}


def _named(name: str, table: Any, ids: set[int]) -> Select[Any]:
    return select(literal(name).label("what"), table.id, _name_of(table).label("name")).where(
        table.id.in_(ids)
    )


def _mentioned(event: Event) -> Iterator[tuple[str, int]]:
    yield from _things(event)
    if event.agent_id:
        yield "agent", event.agent_id
    if type(into := event.data.get("into")) is int:
        yield ("topic" if event.kind.startswith("topic") else "tag"), into
    for name, value in _pairs(event):
        for part in value:
            for number in part if isinstance(part, list) else [part]:
                if (one := PLURALS.get(name, name)) in THINGS and type(number) is int:
                    yield one, number


def _name_of(table: Any) -> Any:
    if table is AccountAddress:
        return table.address
    if table is Agent:
        return func.coalesce(func.nullif(table.name, ""), table.email)
    return func.coalesce(func.nullif(table.name, ""), table.address) if table is Identity else table.name


def _sign_ins(events: Iterable[Event]) -> dict[int, SignIn]:
    """Browser and address are kept as long as the sign-in is, and no longer."""
    ids = {number for event in events if (number := event.data.get("sign_in"))}
    found = session.scalars(select(SignIn).where(SignIn.id.in_(ids))) if ids else ()
    return {sign_in.id: sign_in for sign_in in found}
