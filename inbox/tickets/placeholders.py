"""What a macro may name: a fixed list, replaced once, and no language of their own.

Whatever else stands in braces is text. What a value says is never read as a placeholder, and is escaped for
where it stands: between words, or within an address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from urllib.parse import quote

from inbox.channels import Person
from inbox.mail.clean import to_text
from inbox.models import Agent, Installation, Ticket
from inbox.tickets.words import PLACEHOLDER, first_name

NAMES = (
    "customer.name",
    "customer.first_name",
    "customer.email",
    "agent.name",
    "agent.first_name",
    "ticket.number",
    "ticket.subject",
    "company.name",
)

SOMETIMES = ("customer.name", "customer.first_name", "customer.email", "ticket.subject")
"""Those that not everybody has: a mail without a name in its From, one without a subject."""

_PART = re.compile(r"<(?:[^<>\"]|\"[^\"]*\")*>|[^<]+|<")
"""A tag, or what stands between two, of HTML that was cleaned."""


def values(ticket: Ticket, agent: Agent) -> dict[str, str]:
    """What each stands for on this ticket; '' where we do not know."""
    return _values(agent, _name(ticket), ticket.identity.address, str(ticket.id), ticket.subject)


def values_before(agent: Agent, to: Person | None, subject: str) -> dict[str, str]:
    """The same for a conversation that is only being written: it has no number yet."""
    return _values(agent, to.name if to else "", to.address if to else "", "", subject)


def _values(agent: Agent, name: str, address: str, number: str, subject: str) -> dict[str, str]:
    return {
        "customer.name": name,
        "customer.first_name": first_name(name),
        "customer.email": address if "@" in address else "",
        "agent.name": agent.name,
        "agent.first_name": (agent.name.split() or [""])[0],
        "ticket.number": number,
        "ticket.subject": subject,
        "company.name": Installation.current().company,
    }


def _name(ticket: Ticket) -> str:
    """What the customer is called, by themselves or by us; nothing that is only taken from an address."""
    identity = ticket.identity
    name = identity.name or identity.customer.name
    guessed = not identity.name and name == identity.address.split("@")[0]
    return "" if guessed or "@" in name else name


def fill(html: str, values: Mapping[str, str]) -> str:
    """Cleaned HTML with its placeholders replaced by their value, else by what stands after ``|``.

    One that has neither stays, for somebody to see: `left` finds it.
    """
    return "".join(_filled(part, values) for part in _PART.findall(html))


def _filled(part: str, values: Mapping[str, str]) -> str:
    within_tag = part.startswith("<")

    def one(found: re.Match[str]) -> str:
        if found[1] not in NAMES:
            return found[0]
        value = " ".join(values.get(found[1], "").split())
        if value:
            return quote(value, safe="") if within_tag else escape(_plain(value))
        return found[0] if found[2] is None else found[2].strip()

    return PLACEHOLDER.sub(one, part)


def _plain(value: str) -> str:
    """Braces that somebody wrote into their name stay theirs, and are no placeholder of ours later."""
    return value.replace("{{", "{ {")


def left(html: str) -> list[str]:
    """Placeholders that nothing has replaced, each once, as ``{{customer.name}}``."""
    found = [one[1] for text in (html, to_text(html)) for one in PLACEHOLDER.finditer(text)]
    return [f"{{{{{name}}}}}" for name in dict.fromkeys(found) if name in NAMES]


def unknown(html: str) -> list[str]:
    """What looks like a placeholder and is none: it will be sent as it stands."""
    found = re.findall(r"\{\{[^{}]{0,120}\}\}", to_text(html))
    return [one for one in dict.fromkeys(found) if not _is_one(one)]


def _is_one(text: str) -> bool:
    found = PLACEHOLDER.fullmatch(text)
    return found is not None and found[1] in NAMES


def may_be_missing(html: str) -> list[str]:
    """Placeholders that some customers have no value for, and that have nothing to stand in for it."""
    found = [one[1] for one in PLACEHOLDER.finditer(html) if one[2] is None]
    return [f"{{{{{name}}}}}" for name in dict.fromkeys(found) if name in SOMETIMES]
