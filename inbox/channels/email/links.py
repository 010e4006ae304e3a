"""Files that are too large for a mail: where to fetch them, under the text and as a small table.

The words are the customer's, so they stand here in the languages customers write in, and not among the
translations of the screens.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from inbox.channels import Link

WORDS = {
    "en": ("Files to download", "works until {day}"),
    "pt": ("Arquivos para baixar", "funciona até {day}"),
    "es": ("Archivos para descargar", "funciona hasta el {day}"),
    "fr": ("Fichiers à télécharger", "valable jusqu’au {day}"),
    "de": ("Dateien zum Herunterladen", "gültig bis {day}"),
    "it": ("File da scaricare", "valido fino al {day}"),
}
LOCALES = {"en": "en_GB", "pt": "pt_BR"}

_CELL = "padding:6px 12px 6px 0;border-top:1px solid #ddd;text-align:left;vertical-align:top"


def as_text(links: Sequence[Link], language: str) -> str:
    """One file a line, its address on the next: mail programs make it clickable."""
    heading, until = _words(language)
    lines = [f"{heading}:"]
    for link in links:
        day = until.format(day=_day(link.until, language))
        lines += [f"- {_name(link)} ({_size(link.size, language)}, {day})", f"  {link.url}"]
    return "\n".join(lines)


def as_html(links: Sequence[Link], language: str) -> str:
    heading, until = _words(language)
    rows = "".join(
        f'<tr><td style="{_CELL}"><a href="{escape(link.url)}">{escape(_name(link))}</a></td>'
        f'<td style="{_CELL}">{escape(_size(link.size, language))}</td>'
        f'<td style="{_CELL}">{escape(until.format(day=_day(link.until, language)))}</td></tr>'
        for link in links
    )
    return (
        f"<p><b>{escape(heading)}</b></p>"
        f'<table cellspacing="0" cellpadding="0" style="border-collapse:collapse">{rows}</table>'
    )


def _words(language: str) -> tuple[str, str]:
    return WORDS.get(language[:2].lower(), WORDS["en"])


def _locale(language: str) -> Locale:
    code = language[:2].lower() if language[:2].lower() in WORDS else "en"
    return Locale.parse(LOCALES.get(code, code))


def _day(until: datetime, language: str) -> str:
    return format_date(until.date(), "long", locale=_locale(language))


def _size(size: int, language: str) -> str:
    amount, unit = (size / 1_000_000, "MB") if size >= 100_000 else (size / 1000, "KB")
    return f"{format_decimal(amount, format='#,##0.#', locale=_locale(language))}\u00a0{unit}"


def _name(link: Link) -> str:
    """On one line, whatever it was called."""
    return " ".join("".join(c if c.isprintable() else " " for c in link.filename).split()) or "?"
