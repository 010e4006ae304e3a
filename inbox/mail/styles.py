"""A letter's style sheet, written onto its elements: Word and newsletters say there how it is meant.

Sheets and classes do not survive the cleaning, and must not: they could reach what is not theirs. The
`style` attributes made of them are cleaned like any other. css-inline does the work and loads nothing.
"""

from __future__ import annotations

import re

import css_inline

from inbox.mail import limits

_SHEET = re.compile(r"<style\b[^<>]*>(.*?)</style", re.IGNORECASE | re.DOTALL)
_INLINER = css_inline.CSSInliner(
    load_remote_stylesheets=False, keep_style_tags=False, keep_link_tags=False, keep_at_rules=False
)


def inlined(html: str) -> str:
    """The HTML with its sheets on its elements, or as it was where that would be too much. The HTML is
    already flat.
    """
    if "<style" not in html.lower() or _too_much(html):
        return html
    try:
        styled = _INLINER.inline(html)
    except (css_inline.InlineError, ValueError):
        return html
    grown = len(styled) > limits.MAX_HTML_CHARS or styled.count("<") > limits.MAX_HTML_TAGS
    return html if grown else styled


def _too_much(html: str) -> bool:
    """Whether every rule on every element would be more than memory holds."""
    size = sum(len(sheet[1]) for sheet in _SHEET.finditer(html))
    return size > limits.MAX_STYLE_CHARS or size * html.count("<") > limits.MAX_STYLED_CHARS
