"""What forms share: fields that trim what was typed, and checks that say what is wanted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import EmailField, Field, SelectChoice, SelectField, StringField
from wtforms.validators import InputRequired, Length, StopValidation, ValidationError

from inbox import passwords
from inbox.web.i18n import LANGUAGES, zone_choices, zones

ADDRESS = re.compile(r"[^\s@<>,;:\"()\\\[\]]+@[^\s@<>,;:\"()\\\[\]]+\.?[^\s@<>,;:\"()\\\[\]]+")


def trimmed(value: str | None) -> str | None:
    """Without control characters and outer space: a name is one line."""
    return "".join(c for c in value if c.isprintable()).strip() if value else value


def required() -> Any:
    return InputRequired(_("This cannot be empty."))


def text(label: Any, longest: int = 200, *, optional: bool = False, **more: Any) -> StringField:
    checks = [Length(max=longest, message=_("Please make that shorter."))]
    return StringField(label, [*([] if optional else [filled]), *checks], filters=[trimmed], **more)


def filled(_form: FlaskForm, field: Field) -> None:
    if not field.data:  # and nothing more is said about it
        raise StopValidation(str(_("This cannot be empty.")))


def email(label: Any, **more: Any) -> EmailField:
    return EmailField(label, [filled, is_address], filters=[trimmed], **more)


def is_address(_form: FlaskForm, field: Field) -> None:
    if len(field.data) > 320 or not ADDRESS.fullmatch(field.data):
        raise ValidationError(str(_("That is not an e-mail address.")))


def web_address(label: Any, **more: Any) -> StringField:
    return StringField(
        label,
        [filled, Length(max=255, message=_("Please make that shorter.")), is_web_address],
        filters=[trimmed],
        **more,
    )


def is_web_address(_form: FlaskForm, field: Field) -> None:
    try:
        parts = urlsplit(field.data or "")
        valid = parts.scheme in ("http", "https") and parts.hostname and not parts.username
        _port = parts.port
    except ValueError:
        valid = False
    if not valid or parts.query or parts.fragment or any(c.isspace() for c in field.data):
        raise ValidationError(str(_("It begins with https:// (or http://) and a name.")))


def choices(pairs: Iterable[tuple[Any, Any]]) -> list[SelectChoice]:
    return [SelectChoice(value, label) for value, label in pairs]


def language() -> SelectField:
    return SelectField(_("Language"), choices=choices(LANGUAGES.items()))


def zone() -> SelectField:
    return SelectField(
        _("Time zone"), choices=lambda: choices(zone_choices()), validate_choice=False, validators=[is_zone]
    )


def is_zone(_form: FlaskForm, field: Field) -> None:
    if field.data not in zones():
        raise ValidationError(str(_("Choose a time zone from the list.")))


def weakness(problem: passwords.Weak) -> str:
    """Says the rule, not only that it was broken."""
    sentences = {
        "short": _("At least %(n)s characters. A few words in a row are good.", n=passwords.SHORTEST),
        "long": _("At most %(n)s characters.", n=passwords.LONGEST),
        "common": _("Everybody tries this one first. A few words in a row are better."),
        "personal": _("Not the company’s name or your e-mail: that is what others try first."),
    }
    return str(sentences[problem.args[0]])


def add_error(field: Field, sentence: Any) -> None:
    field.errors = [*field.errors, str(sentence)]
