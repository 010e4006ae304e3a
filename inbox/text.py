"""What search, routing and feedback share about written words: folding and language."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

SPOKEN = ("en", "pt", "es", "fr", "de", "it")
SAMPLE = 2000
"""Characters: of a longer text the beginning tells its language."""

_WORD = re.compile(r"[^\W_]+", re.UNICODE)


def fold(text: str) -> str:
    """Lower case without accents: ``Ação`` and ``ACAO`` are one word to a person who searches."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKD", text).translate(_PLAIN).casefold()


class _Plain(dict[int, int | None]):
    """Each character as itself, an accent as nothing; looked up once."""

    def __missing__(self, code: int) -> int | None:
        self[code] = None if unicodedata.combining(chr(code)) else code
        return self[code]


_PLAIN = _Plain()


def words(text: str) -> list[str]:
    """The folded words of a text, in order."""
    return _WORD.findall(fold(text))


def snippet(text: str, length: int = 160) -> str:
    """The beginning of a text on one line."""
    line = " ".join(text[: length * 4].split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def language(text: str) -> str | None:
    """The language of a text (``pt``, ``en`` …), or None if there is too little to tell."""
    sample = text[:SAMPLE]
    if len(_WORD.findall(sample)) < 4:
        return None
    code, _probability = _identifier().classify(sample)
    return str(code)


@cache
def _identifier() -> Any:
    # imported late: the model costs memory that only the process which asks should pay
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(list(SPOKEN))
    return identifier
