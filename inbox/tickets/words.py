"""Texts the house writes by itself, in the customer's language, and the few things they may name.

Placeholders are this list and no language of their own: whatever else stands in braces stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

LANGUAGES = ("pt", "en")

RECEIVED = {
    "pt": (
        "{{customer.first_name|Olá}}, recebemos a sua mensagem e vamos responder assim que possível. "
        "O número do seu atendimento é {{ticket.number}}.\n\n"
        "{{company}}"
    ),
    "en": (
        "{{customer.first_name|Hello}}, we received your message and will answer as soon as we can. "
        "Its number is {{ticket.number}}.\n\n"
        "{{company}}"
    ),
}
"""What confirms that a request arrived, where an account has no text of its own."""

RECEIVED_SUBJECT = {
    "pt": "Recebemos a sua mensagem [#{{ticket.number}}]",
    "en": "We received your message [#{{ticket.number}}]",
}

PLACEHOLDERS = ("ticket.number", "customer.first_name", "company")

PLACEHOLDER = re.compile(r"\{\{ ?([a-z_.]{1,40})(?:\|([^{}|]{0,80}))? ?\}\}")
_NAME = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders replaced, once: what a value says is never read as a placeholder.

    ``{{customer.first_name|there}}`` says *there* when the value is empty.
    """

    def one(found: re.Match[str]) -> str:
        if found[1] not in PLACEHOLDERS:
            return found[0]
        return values.get(found[1], "") or (found[2] or "").strip()

    return PLACEHOLDER.sub(one, text)


def first_name(name: str) -> str:
    """How somebody is greeted; '' where that is no name but an address, a link or a slogan."""
    first = (name.split() or [""])[0]
    return first if _NAME.fullmatch(first) and len(first) <= 40 else ""


def spoken(*languages: str | None) -> str:
    """The first of these that we write: ``pt`` for ``pt-BR``; English otherwise."""
    codes = ((language or "")[:2].lower() for language in languages)
    return next((code for code in codes if code in LANGUAGES), "en")
