"""What a page says and draws hundreds of times: kept, and still right for whoever looks."""

from __future__ import annotations

import pytest
from flask import Flask, render_template_string
from flask_babel import force_locale
from jinja2.utils import urlize
from markupsafe import Markup

from inbox.views.letters import linked
from inbox.web.parts import channel_of, icon

HOSTILE = '"><script>alert(1)</script>'


def drawn(app: Flask, source: str, **known: object) -> str:
    with app.test_request_context():
        return render_template_string(source, **known)


def test_a_sentence_is_kept_by_its_language(app: Flask) -> None:
    with app.test_request_context():
        said = []
        for language in ("en", "pt_BR", "en", "pt_BR"):
            with force_locale(language):
                said.append(render_template_string("{{ _('Settings') }}"))
    assert said == ["Settings", "Configurações", "Settings", "Configurações"]


def test_a_template_says_its_sentences_in_the_language_of_whoever_asks(app: Flask) -> None:
    """It is compiled with them in it, once for each language; what it includes and imports is, too."""
    with app.test_request_context():
        said = []
        for language in ("en", "pt_BR", "en", "pt_BR"):
            with force_locale(language):
                here, macros = map(app.jinja_env.get_template, ("palette/_results.html", "_parts.html"))
                said.append((here.environment.spoken, str(macros.module.status_word("pending"))))
    assert said == [("en", "Pending"), ("pt_BR", "Pendente")] * 2


def test_a_sentence_that_is_known_is_as_safe_as_one_that_is_not(app: Flask) -> None:
    """A catalogue's words are HTML; values in them are not, also those that a template writes itself."""
    spoken = app.jinja_env._in("en")
    source = "{{ _('with %(name)s', name='<b>') }}|{{ _('50%% of <i>') }}|{{ {'a': _('Undo')}|tojson }}"
    with app.test_request_context():
        known, asked = spoken.from_string(source), app.jinja_env.from_string(source)
        assert known.render() == asked.render() == 'with &lt;b&gt;|50% of <i>|{"a": "Undo"}'


def test_a_value_in_a_sentence_is_escaped_where_html_is_written(app: Flask) -> None:
    source = "{{ _('with %(name)s', name=name) }}"
    assert drawn(app, source, name=HOSTILE) == f"with {Markup.escape(HOSTILE)}"
    with app.test_request_context():
        plain = app.jinja_env.from_string("{% autoescape false %}" + source + "{% endautoescape %}")
        assert plain.render(name=HOSTILE) == f"with {HOSTILE}"


def test_a_label_is_escaped_also_when_the_same_words_were_marked_safe(app: Flask) -> None:
    with app.test_request_context():
        assert "<b>" in icon("mail", "", Markup("<b>"))
        assert "<b>" not in icon("mail", "", "<b>")
        assert "<script>" not in icon("mail", HOSTILE, HOSTILE)
        assert 'aria-hidden="true"' in icon("mail")


def test_every_kind_of_account_has_a_channel() -> None:
    kinds = ("mail", "web", "telegram", "something-new")
    assert [channel_of(kind) for kind in kinds] == ["mail", "chat", "telegram", "mail"]


@pytest.mark.parametrize(
    "text",
    [
        "www.example.com",
        "See http://localhost/x and https://[::1]/",
        "write to ana@example.com",
        "mailto:ana@example.com",
        "(example.org)",
        "ftp://files.example.com/a",
        "One. Two: three. <b>&amp;",
        "> quoted <i>\n> more\nand an end.",
        "",
    ],
)
def test_texts_without_addresses_are_drawn_as_if_one_had_looked_for_them(app: Flask, text: str) -> None:
    with app.test_request_context():
        looked = str(urlize(text, target="_blank", rel="noopener noreferrer nofollow"))
        assert linked(text).count("<a ") == looked.count("<a ")
        if "<a " not in looked and ">" not in text[:1]:
            assert linked(text) == looked
