"""Every sentence of the product is said in Brazilian Portuguese, in the house's voice.

What fails here is mended in translations/pt_BR/LC_MESSAGES/messages.po, after ``make messages``.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po
from flask import Flask
from flask_babel import Babel, force_locale, gettext, ngettext

from inbox import channels
from inbox.web.keys import KEYS, registry

ROOT = Path(__file__).resolve().parent.parent
PO = ROOT / "translations/pt_BR/LC_MESSAGES/messages.po"

SAME_IN_BOTH = {
    "DKIM", "Spam", "%(name)s, %(time)s", "Admin", "Chat", "E-mail", "Link", "Macros", "Macros: %(n)s",
    "Normal", "Prosa", "Supervisor", "VIP",
}  # fmt: skip
PLACEHOLDER = re.compile(r"%\(\w+\)s")
MARKUP = re.compile(r"<[^>]*>|&\w+;")
OURS = {"inbox", "portal", "templates"}


def forms(text: str | tuple[str, ...] | list[str]) -> list[str]:
    return [text] if isinstance(text, str) else list(text)


def name(message: Message) -> str:
    return forms(message.id)[0]


def pairs(catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Each sentence with its Portuguese; a plural is two of them."""
    for message in catalog:
        if message.id:
            yield from zip(forms(message.id), forms(message.string), strict=True)


@pytest.fixture(scope="module")
def said() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="pt_BR", abort_invalid=True)


@pytest.fixture(scope="module")
def written() -> Catalog:
    """What the sources say now, found exactly as ``make messages`` finds it."""
    makefile = (ROOT / "Makefile").read_text()
    (words,) = re.findall(r"^WORDS := (.+)$", makefile, re.M)
    keywords = parse_keywords(
        ["_", "gettext", "ngettext:1,2", "pgettext:1c,2", "npgettext:1c,2,3", *re.findall(r"-k (\S+)", words)]
    )
    with (ROOT / "babel.cfg").open() as file:
        mapping, options = parse_mapping_cfg(file)
    catalog = Catalog()
    found = extract_from_dir(ROOT, mapping, options, keywords, directory_filter=is_ours)
    for path, _line, text, _comments, context in found:
        catalog.add(text, None, [(path, 1)], context=context)
    return catalog


def is_ours(path: str) -> bool:
    return Path(path).relative_to(ROOT).parts[0] in OURS


@pytest.fixture(scope="module")
def portuguese(said: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A request of somebody who reads Portuguese, with the catalogue compiled as ``make build`` does."""
    folder = tmp_path_factory.mktemp("translations")
    (folder / "pt_BR/LC_MESSAGES").mkdir(parents=True)
    with (folder / "pt_BR/LC_MESSAGES/messages.mo").open("wb") as file:
        write_mo(file, said)
    app = Flask(__name__)
    Babel(app, default_translation_directories=str(folder))
    with app.test_request_context(), force_locale("pt_BR"):
        yield


def test_every_sentence_is_translated(said: Catalog, written: Catalog) -> None:
    assert len(written) > 400
    unsaid = [
        name(message)
        for message in written
        if message.id and not ((there := said.get(message.id, message.context)) and all(forms(there.string)))
    ]
    assert not unsaid, f"run make messages, then translate: {unsaid}"


def test_nothing_is_left_over(said: Catalog, written: Catalog) -> None:
    gone = [name(message) for message in said if message.id and not written.get(message.id, message.context)]
    assert not gone, f"run make messages: {gone}"
    assert not said.obsolete
    assert not [name(message) for message in said if message.id and message.fuzzy]


def test_plurals_are_plurals_in_both(said: Catalog, written: Catalog) -> None:
    assert (said.num_plurals, said.plural_expr) == (2, "(n > 1)")
    for message in written:
        if message.id:
            there = said.get(message.id, message.context)
            assert there is not None, name(message)
            assert forms(message.id) == forms(there.id)
            assert len(forms(there.string)) == len(forms(message.id))


def test_placeholders_are_the_same(said: Catalog) -> None:
    for wanted, text in pairs(said):
        assert set(PLACEHOLDER.findall(text)) == set(PLACEHOLDER.findall(wanted)), text
        assert "%" not in PLACEHOLDER.sub("", text), text


def test_translations_bring_no_markup(said: Catalog) -> None:
    """A template does not escape what a translation says."""
    for wanted, text in pairs(said):
        assert MARKUP.findall(text) == MARKUP.findall(wanted), text
        assert ("<" in text, "&" in text) == ("<" in wanted, "&" in wanted), text


def test_the_voice(said: Catalog) -> None:
    """Portuguese, no exclamation, and ending as the sentence it stands for."""
    for wanted, text in pairs(said):
        assert text == text.strip()
        assert "  " not in text
        assert "!" not in text, text
        assert text != wanted or text in SAME_IN_BOTH, text
        assert ending(text) == ending(wanted), text
        if wanted[0].isalpha() and text[0].isalpha():
            assert wanted[0].isupper() == text[0].isupper(), text


def ending(text: str) -> str:
    return text[-1] if text[-1] in ".:?…;," else ""


def test_the_file_names_no_machine(said: Catalog) -> None:
    for message in said:
        for path, line in message.locations:
            assert line is None, f"make messages writes no line numbers: {path}"
            assert (ROOT / path).is_file(), path


def test_it_compiles(said: Catalog) -> None:
    made = io.BytesIO()
    write_mo(made, said)
    made.seek(0)
    compiled = read_mo(made)
    assert {name(m) for m in compiled if m.id} == {name(m) for m in said if m.id}


def test_the_words_of_the_scripts_are_translated(said: Catalog) -> None:
    """The scripts take every word from the block ``#words``, and each of those has its Portuguese."""
    base = (ROOT / "templates/_base.html").read_text()
    block = base.partition('id="words">')[2].partition("</script>")[0]
    words = dict(re.findall(r"'([\w.]+)': _\('((?:[^'\\]|\\.)+)'", block))
    assert len(words) == len(re.findall(r"'[\w.]+': ", block)) > 60
    for sentence in words.values():
        assert (there := said.get(sentence)) and there.string, sentence
    scripts = "\n".join(path.read_text() for path in sorted((ROOT / "static/js").glob("*.js")))
    asked = set(re.findall(r"""\bword\("([\w.]+)\"""", scripts))
    assert len(asked) > 30
    assert not (asked | {f"group.{key.group}" for key in KEYS}) - words.keys()


@pytest.mark.usefixtures("portuguese")
def test_the_labels_of_the_keys_are_translated() -> None:
    shown = {key["id"]: key["label"] for key in registry()}
    with force_locale("en"):
        english = {key["id"]: key["label"] for key in registry()}
    assert shown.keys() == english.keys()
    same = [label for which, label in shown.items() if label == english[which]]
    assert set(same) <= SAME_IN_BOTH
    assert (english["go.mine"], shown["go.mine"]) == ("Mine", "Minhas")


@pytest.mark.usefixtures("portuguese")
def test_the_settings_of_channels_are_translated() -> None:
    for channel in channels.registry.channels.values():
        for field in channel.fields:
            assert gettext(field.label) != field.label, field.label
            assert not field.help or gettext(field.help) != field.help, field.help


@pytest.mark.usefixtures("portuguese")
def test_one_and_many() -> None:
    def told(n: int) -> str:
        return ngettext("%(num)s conversation", "%(num)s conversations", n)

    assert [told(n) for n in (0, 1, 2)] == ["0 conversa", "1 conversa", "2 conversas"]
