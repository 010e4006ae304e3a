"""A channel names its settings (``channels.Field``); here they become inputs, and come back as values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import gettext as _

from inbox.channels import SEALED, Field
from inbox.views.found import whole
from inbox.web.forms import trimmed

LONGEST = {"textarea": 5000, "secret": 20_000}
LONGEST_LINE = 500


@dataclass(frozen=True, slots=True)
class Drawn:
    """One input. A secret has no value here: it is never shown again, only ``kept``."""

    name: str
    label: str
    kind: str
    required: bool
    help: str
    choices: list[tuple[str, str]]
    value: Any
    kept: bool
    error: str
    group: str


def drawn(
    fields: Sequence[Field], values: Mapping[str, Any], problems: Mapping[str, str] | None = None
) -> dict[str, Drawn]:
    """By name. What was just typed as a secret is not given back either."""
    return {field.name: _drawn(field, values, (problems or {}).get(field.name, "")) for field in fields}


def _drawn(field: Field, values: Mapping[str, Any], problem: str) -> Drawn:
    secret = field.kind in SEALED
    value = values.get(field.name)
    return Drawn(
        name=field.name,
        label=_(field.label),
        kind=field.kind,
        required=field.required,
        help=_(field.help) if field.help else "",
        choices=[(choice, _(word)) for choice, word in field.choices],
        value=None if secret else field.default if value is None else value,
        kept=secret and bool(value),
        error=problem,
        group=field.group,
    )


def posted(fields: Sequence[Field]) -> dict[str, Any]:
    """What was sent, by the channel's own names; anything else in the form is nobody's business."""
    return {field.name: _posted(field, request.form.get(field.name, "")) for field in fields}


def _posted(field: Field, sent: str) -> Any:
    if field.kind == "bool":
        return bool(sent)
    if field.kind == "password":
        return sent
    if field.kind in ("textarea", "secret"):
        lines = sent.replace("\r\n", "\n").split("\n")
        return "\n".join(trimmed(line) or "" for line in lines).strip()
    if field.kind == "number":
        return whole(sent.strip()) if sent.strip().isdigit() else sent.strip() or None
    return trimmed(sent) or ""


def problems_in(
    fields: Sequence[Field], values: Mapping[str, Any], kept: Mapping[str, Any]
) -> dict[str, str]:
    found = {field.name: _problem(field, values[field.name], kept) for field in fields}
    return {name: problem for name, problem in found.items() if problem}


def _problem(field: Field, value: Any, kept: Mapping[str, Any]) -> str:
    if value in (None, ""):
        needed = field.required and not (field.kind in SEALED and kept.get(field.name))
        return _("This cannot be empty.") if needed else ""
    least = 0 if field.default == 0 else 1  # where 0 is the default, it says that there is none
    if field.kind == "number" and not (isinstance(value, int) and least <= value < 65536):
        return _("A number from %(least)s to 65535.", least=least)
    if field.kind == "select" and value not in dict(field.choices):
        return _("Choose one from the list.")
    too_long = isinstance(value, str) and len(value) > LONGEST.get(field.kind, LONGEST_LINE)
    return _("Please make that shorter.") if too_long else ""
