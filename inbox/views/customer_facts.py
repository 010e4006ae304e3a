"""One fact as a small form that saves itself: what it is, what may be chosen, and what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import format_date, format_decimal
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from inbox.customers import editing, organisations
from inbox.customers.editing import Invalid, Known, Meanwhile
from inbox.db import session
from inbox.models import Customer, Organisation
from inbox.models.customer_field import CustomerField
from inbox.models.macro import LANGUAGES
from inbox.web.i18n import zone_choices

Options = Sequence[tuple[str, Any]]

TIERS = (("standard", _l("Standard")), ("vip", _l("VIP")))
YES_NO = (("", "–"), ("yes", _l("Yes")), ("no", _l("No")))
KINDS = {
    "text": _l("Text"),
    "number": _l("Number"),
    "date": _l("Date"),
    "yes_no": _l("Yes or no"),
    "choice": _l("Choice"),
    "link": _l("Link"),
}
NAMES = {
    "en": "English",
    "pt": "Português",
    "es": "Español",
    "fr": "Français",
    "de": "Deutsch",
    "it": "Italiano",
}

LABELS = {
    "name": _l("Name"),
    "tier": _l("Tier"),
    "organisation": _l("Organisation"),
    "language": _l("Language"),
    "zone": _l("Time zone"),
    "note": _l("Note for colleagues"),
}

SENTENCES = {
    "name": _l("Give a name of up to 255 characters."),
    "taken": _l("There is one with this name already."),
    "tier": _l("Choose a tier from the list."),
    "language": _l("Choose a language from the list."),
    "zone": _l("Choose a time zone from the list."),
    "note": _l("A note has up to 4,000 characters. Shorten it, or keep the rest in a conversation."),
    "organisation": _l("There is no organisation with this name."),
    "text": _l("That is too long: up to 1,000 characters fit."),
    "number": _l("Write a number, for example 1234.5."),
    "date": _l("Write a date, for example 2026-03-09."),
    "yes_no": _l("Choose yes or no."),
    "choice": _l("Choose one from the list."),
    "link": _l("Write a web address, for example https://shop.example/page."),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """What `customers/_fact.html` draws."""

    key: str
    label: Any
    kind: str
    value: str
    options: Options = ()
    may: bool = True
    hint: Any = ""
    problem: Any = ""
    typed: str | None = None
    """What was typed and is not written: it is wrong, or somebody was faster."""
    meanwhile: Meanwhile | None = None
    saved: bool = False
    can_make: bool = False
    """It names an organisation that could be made."""

    @property
    def as_read(self) -> str:
        """In words, for who may not change it and for the panel."""
        return worded(self.kind, self.value, self.options)


def worded(kind: str, value: str, options: Options = ()) -> str:
    if kind == "number" and value:
        return str(format_decimal(value))
    if kind == "date" and value:
        return str(format_date(date.fromisoformat(value), "long"))
    return str(dict(options).get(value, value))


def of_customer(customer: Customer, key: str, *, may: bool, **more: Any) -> Fact:
    """Raises KeyError for no fact of theirs."""
    value = editing.shown(customer, key)
    if key in LABELS:
        kind, options = _shape(key)
        return Fact(key, LABELS[key], kind, value, _with(options, value), may, **more)
    field = session.get_one(CustomerField, int(key.removeprefix("field-")))
    return own(Known(field, value), may=may, **more)


def _shape(key: str) -> tuple[str, Options]:
    if key == "tier":
        return "select", TIERS
    if key == "language":
        return "select", [("", _("not known")), *((code, NAMES[code]) for code in LANGUAGES)]
    if key == "zone":
        return "select", [("", _("not known")), *zone_choices()]
    return {"note": "area", "organisation": "organisation"}.get(key, "text"), ()


def _with(options: Options, value: str) -> Options:
    """What it is stays possible, also where it would be offered no more."""
    if not options or value in dict(options):
        return options
    return [*options, (value, value)]


def own(one: Known, *, may: bool, **more: Any) -> Fact:
    """A field of the house's own."""
    hint = _("No longer asked") if one.field.archived_at else ""
    return Fact(one.key, one.field.name, one.field.kind, one.value, choices(one), may, hint, **more)


def choices(one: Known) -> Options:
    if one.field.kind == "yes_no":
        return YES_NO
    if one.field.kind == "choice":
        return _with([("", "–"), *((choice, choice) for choice in one.field.choices)], one.value)
    return ()


def written(customer: Customer) -> list[Fact]:
    """What is known in fields of the house's own, and only that."""
    order = sorted(customer.values, key=lambda one: (one.field.position, one.field_id))
    return [own(Known(one.field, one.value), may=False) for one in order]


def in_words(key: str, field: CustomerField | None, value: str) -> str:
    """A value of a customer as people read it, whichever fact it is."""
    if field is not None:
        return read_only(field, value)
    return worded("", value, _shape(key)[1] if value else ())


def read_only(field: CustomerField, value: str) -> str:
    return worded(field.kind, value, YES_NO if field.kind == "yes_no" else ())


def of_organisation(organisation: Organisation, key: str, *, may: bool, **more: Any) -> Fact:
    """Raises KeyError for no fact of its own."""
    if key not in organisations.FACTS:
        raise KeyError(key)
    value = getattr(organisation, key)
    if key == "tier":
        options: Options = [("", _("as they are")), *TIERS]
        return Fact(key, _("Tier of who joins"), "select", value, options, may, **more)
    return Fact(key, LABELS[key], "area" if key == "note" else "text", value, (), may, **more)


def sentence(wrong: Invalid) -> str:
    return str(SENTENCES.get(wrong.reason) or _("Something in what you entered does not fit."))
