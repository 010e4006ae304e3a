"""What a house wants to know of its customers besides: which fields there are, and what fits into them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import and_, func, or_, select

from inbox import audit
from inbox.db import alone, now, session
from inbox.models import Agent, Customer, CustomerField, CustomerValue
from inbox.models.customer_field import KINDS
from inbox.text import fold

LONGEST_NAME = 60
LONGEST = 1000
MOST = 40
MOST_CHOICES = 50
LONGEST_CHOICE = 80
YES, NO = "yes", "no"
TRUE = ("yes", "y", "1", "true", "on")
FALSE = ("no", "n", "0", "false", "off")

_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:([., \u00a0'])\d{3})+|\d{1,30})(?:[.,]\d{1,12})?", re.ASCII)
_DAY_FIRST = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})", re.ASCII)


class Invalid(Exception):
    """``reason`` is one of ``choice choices date kind link many name number taken text yes_no``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


# ---------------------------------------------------------------------------------------- values


def read(field: CustomerField, typed: str) -> str:
    """What was typed, as it is kept; '' takes the value away. Raises Invalid with the field's kind."""
    typed = " ".join("".join(c for c in typed if c.isprintable() or c.isspace()).split())
    if not typed:
        return ""
    if len(typed) > LONGEST:
        raise Invalid("text")
    return _READ[field.kind](field, typed)


def _text(_field: CustomerField, typed: str) -> str:
    return typed


def _number(_field: CustomerField, typed: str) -> str:
    """``1.234,5`` and ``1,234.5`` are one number; ``1,5`` is one and a half; ``1.234`` cannot be told apart
    and is taken as it is written in programs: a point parts the decimals."""
    found = _NUMBER.fullmatch(typed)
    if not found:
        raise Invalid("number")
    plain = _plain(typed, found[1])
    try:
        value = Decimal(plain)
    except InvalidOperation as wrong:
        raise Invalid("number") from wrong
    return f"{value.normalize():f}" if value else "0"


def _plain(typed: str, grouped_by: str | None) -> str:
    marks = [c for c in typed if c in ".,"]
    if grouped_by and (len(marks) != 1 or grouped_by not in ".,"):
        typed = typed.replace(grouped_by, "")
    return typed.replace(",", ".")


def _date(_field: CustomerField, typed: str) -> str:
    """As ISO 8601 writes it, or day, month and year."""
    found = _DAY_FIRST.fullmatch(typed)
    try:
        day = date(int(found[3]), int(found[2]), int(found[1])) if found else date.fromisoformat(typed)
    except ValueError as wrong:
        raise Invalid("date") from wrong
    return day.isoformat()


def _yes_no(_field: CustomerField, typed: str) -> str:
    if typed.lower() in TRUE:
        return YES
    if typed.lower() in FALSE:
        return NO
    raise Invalid("yes_no")


def _choice(field: CustomerField, typed: str) -> str:
    wanted = fold(typed)
    found = next((choice for choice in field.choices if fold(choice) == wanted), None)
    if found is None:
        raise Invalid("choice")
    return found


def _link(_field: CustomerField, typed: str) -> str:
    """An address of the web. Agents will press it: no other scheme, and nobody's password in it."""
    whole = typed if "://" in typed else f"https://{typed}"
    try:
        parts = urlsplit(whole)
        fits = parts.scheme in ("http", "https") and "." in (parts.hostname or "") and not parts.username
        _port = parts.port
    except ValueError:
        fits = False
    if not fits or any(c.isspace() for c in whole):
        raise Invalid("link")
    return whole


_READ: dict[str, Callable[[CustomerField, str], str]] = {
    "text": _text,
    "number": _number,
    "date": _date,
    "yes_no": _yes_no,
    "choice": _choice,
    "link": _link,
}


@dataclass(frozen=True, slots=True)
class Known:
    """A field, and what is known of a customer: '' for nothing."""

    field: CustomerField
    value: str

    @property
    def key(self) -> str:
        return key_of(self.field)


def key_of(field: CustomerField) -> str:
    """As a fact of a customer is called: ``field-3``."""
    return f"field-{field.id}"


def known(customer: Customer) -> Sequence[Known]:
    """Every field that is asked, and those put away of which something is known, in their order."""
    theirs = and_(CustomerValue.field_id == CustomerField.id, CustomerValue.customer_id == customer.id)
    rows = session.execute(
        select(CustomerField, CustomerValue.value)
        .outerjoin(CustomerValue, theirs)
        .where(or_(CustomerField.archived_at.is_(None), CustomerValue.value.is_not(None)))
        .order_by(CustomerField.archived_at.is_not(None), CustomerField.position, CustomerField.id)
    )
    return [Known(field, value or "") for field, value in rows]


def put(customer: Customer, field_id: int, value: str | None) -> None:
    """Keep what `read` made of it; '' or None for nothing."""
    kept = session.get(CustomerValue, (customer.id, field_id))
    if not value:
        if kept is not None:
            session.delete(kept)
    elif kept is None:
        session.add(CustomerValue(customer_id=customer.id, field_id=field_id, value=value))
    else:
        kept.value = value


def value_of(customer: Customer, field_id: int) -> str:
    kept = session.get(CustomerValue, (customer.id, field_id), populate_existing=True)
    return kept.value if kept else ""


# ---------------------------------------------------------------------------------------- fields


def every() -> Sequence[CustomerField]:
    """In their order, those put away last."""
    away = CustomerField.archived_at.is_not(None)
    return session.scalars(
        select(CustomerField).order_by(away, CustomerField.position, CustomerField.id)
    ).all()


def add(by: Agent, name: str, kind: str, choices: Sequence[str] = ()) -> CustomerField:
    """Raises Invalid."""
    alone("customer fields")
    if kind not in KINDS:
        raise Invalid("kind")
    _check_room()
    last = session.scalar(select(func.max(CustomerField.position))) or 0
    field = CustomerField(
        kind=kind, position=last + 1, name=_name(name, None), choices=_choices(kind, choices)
    )
    session.add(field)
    session.flush()
    audit.record("field_added", by, field=field.id)
    return field


def _check_room() -> None:
    standing = select(func.count()).where(CustomerField.archived_at.is_(None)).select_from(CustomerField)
    if (session.scalar(standing) or 0) >= MOST:
        raise Invalid("many")


def change(field: CustomerField, by: Agent, name: str, choices: Sequence[str] = ()) -> None:
    """Its kind stays: values of one kind mean nothing as another. What was chosen before stays, also where it
    can be chosen no more. Raises Invalid."""
    alone("customer fields")
    new: dict[str, Any] = {"name": _name(name, field), "choices": _choices(field.kind, choices)}
    changed = [key for key, value in new.items() if getattr(field, key) != value]
    for key in changed:
        setattr(field, key, new[key])
    if changed:
        audit.record("field_changed", by, field=field.id, fields=changed)


def archive(field: CustomerField, by: Agent, *, away: bool = True) -> None:
    """Ask it no more, or again. What is known stays, and is shown where it is known. Raises Invalid."""
    if (field.archived_at is not None) == away:
        return
    if not away:
        _check_room()
        _name(field.name, field)
    field.archived_at = now() if away else None
    audit.record("field_archived" if away else "field_restored", by, field=field.id)


def move(field: CustomerField, by: Agent, steps: int) -> None:
    """Up (-1) or down (1) among those that are asked."""
    alone("customer fields")
    ordered = [one for one in every() if one.archived_at is None]
    if field not in ordered:
        return
    at = ordered.index(field)
    to = min(max(at + steps, 0), len(ordered) - 1)
    if to == at:
        return
    ordered.insert(to, ordered.pop(at))
    for place, one in enumerate(ordered, 1):
        one.position = place
    audit.record("field_changed", by, field=field.id, fields=["position"])


def _name(name: str, field: CustomerField | None) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise Invalid("name")
    others = session.scalars(select(CustomerField).where(CustomerField.archived_at.is_(None)))
    if any(one is not field and fold(one.name) == fold(name) for one in others):
        raise Invalid("taken")
    return name


def _choices(kind: str, choices: Sequence[str]) -> list[str]:
    if kind != "choice":
        return []
    by_fold = {fold(clean): clean for one in choices if (clean := " ".join(one.split()))}
    found = list(by_fold.values())
    if not 2 <= len(found) <= MOST_CHOICES or any(len(one) > LONGEST_CHOICE for one in found):
        raise Invalid("choices")
    return found
