"""What a notice is called where it must say little: on a locked screen, in a mail. A kind and how many, and
never a name or a word of anybody."""

from __future__ import annotations

from functools import cache

from babel.support import NullTranslations, Translations

from inbox.config import ROOT


@cache
def _catalogue(language: str) -> NullTranslations:
    return Translations.load(ROOT / "translations", [language.replace("-", "_")])


def news(kind: str, count: int, language: str) -> str:
    """*3 new messages*, in this language."""
    said = _catalogue(language)
    _, ngettext = said.gettext, said.ngettext
    sentences = {
        "mention": ngettext("You were mentioned", "You were mentioned %(num)s times", count),
        "assigned": _("A conversation is yours now"),
        "handed_over": _("You take over a conversation"),
        "message": ngettext("A new message", "%(num)s new messages", count),
        "note": ngettext("A new note", "%(num)s new notes", count),
        "unassigned": _("A new conversation that nobody has"),
        "failed": _("An answer of yours did not arrive"),
        "stopped": _("A scheduled answer of yours was stopped"),
        "rating": _("A low rating"),
    }
    return sentences[kind].replace("%(num)s", str(count))


def trial(language: str) -> tuple[str, str]:
    """What somebody reads who wants to see whether it works."""
    _ = _catalogue(language).gettext
    return _("It works"), _("This is how Prosa tells you.")
