"""A letter's style sheet on its elements: looks as meant, loads nothing, costs little."""

from __future__ import annotations

import pytest

from inbox.mail import limits
from inbox.mail.quotes_html import split_html
from inbox.mail.styles import inlined

WORD = """<html><head><style><!--
@font-face {font-family:Calibri; src:url(http://evil.example/f)}
@import url(http://evil.example/i.css);
p.MsoNormal, li.MsoNormal {margin:0cm; font-size:11.0pt; font-family:"Calibri",sans-serif;}
.away {display:none} p {position:fixed; background:url(http://evil.example/b)}
--></style></head><body><div class=WordSection1><p class=MsoNormal>One<o:p></o:p></p>
<p class=MsoNormal style="margin-left:2cm">Two</p><p class=away>Hidden</p></div></body></html>"""


def test_words_paragraphs_stand_as_close_as_word_shows_them() -> None:
    reply, _quoted = split_html(WORD)
    assert "margin:0cm" in reply and "font-size:11.0pt" in reply and "Calibri" in reply
    assert reply.index("margin:0cm") < reply.index(
        "margin-left:2cm"
    )  # what the element says itself comes last
    assert "evil.example" not in reply and "position" not in reply and "class" not in reply


@pytest.mark.parametrize(
    "html",
    [
        "<p>no sheet</p>",
        "<style>" + "p{color:red}" * 60_000 + "</style><p>too large a sheet</p>",
        "<style>" + "*{color:red}" * 2_000 + "</style>" + "<p>x" * 20_000,
        "<style>*{" + "font-family:x;" * 600 + "}</style>" + "<p>x</p>" * 9_000,
    ],
)
def test_a_sheet_that_would_grow_the_letter_too_far_is_left_out(html: str) -> None:
    assert inlined(html) == html or len(inlined(html)) <= limits.MAX_HTML_CHARS


@pytest.mark.parametrize(
    "sheet", ["p{", "}}}", "@media{{{", "p:nope(){color:red}", "\0", "<!--", "p{color:" + "(" * 9_000]
)
def test_a_broken_sheet_costs_the_letter_nothing(sheet: str) -> None:
    assert "the letter" in inlined(f"<style>{sheet}</style><p>the letter</p>")
