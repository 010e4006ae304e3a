"""Jinja, for pages that include and import a hundred small templates, which say some two thousand sentences.

A template is compiled once for each language, with its sentences in it: what a page says without values is
then as good as text, and most of a page is such text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

from flask.templating import Environment
from flask_babel import get_locale
from jinja2 import Template, nodes
from jinja2.nodes import EvalContext, Impossible
from jinja2.runtime import Context
from jinja2.visitor import NodeTransformer
from markupsafe import Markup, escape

from inbox.web.i18n import said


class AtOnce(Template):
    """Gives what it includes and what fills its blocks in one piece: piece by piece, each goes through all
    templates that stand around it, and a page has fifteen hundred.
    """

    @classmethod
    def from_code(cls, *given: Any, **more: Any) -> Template:
        made = super().from_code(*given, **more)
        names = made.root_render_func.__globals__
        names["escape"] = _escaped
        made.root_render_func = _at_once(made.root_render_func)
        for name, block in made.blocks.items():
            made.blocks[name] = names[f"block_{name}"] = _at_once(block)  # ``super`` looks for it by either
        return made


def _at_once(pieces: Callable[[Context], Iterator[str]]) -> Callable[[Context], Iterator[str]]:
    def whole(context: Context) -> Iterator[str]:
        yield "".join(pieces(context))

    return whole


def _escaped(value: Any) -> str:
    """For what is written out. MarkupSafe's own marks what it escaped, which takes longer than escaping."""
    kind = type(value)
    return value if kind is Markup or (kind is str and not _unsafe(value)) else escape(value)


_unsafe = re.compile("[&<>\"']").search
"""All that MarkupSafe escapes."""


class Templates(Environment):
    """No template of ours has globals of its own, so each shares the environment's as they are.

    Jinja lays an empty map over them for each template, and looks through both at every include and import.
    """

    template_class = AtOnce

    spoken = ""
    """The language that templates are compiled for; empty for the environment that they all come from."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.languages: dict[str, Templates] = {}

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return super().make_globals(d) if d else self.globals

    def get_template(self, name: str | Template, *given: Any, **more: Any) -> Template:
        locale = None if self.spoken else get_locale()
        if locale is None:
            return super().get_template(name, *given, **more)
        return self._in(str(locale)).get_template(name, *given, **more)

    def _in(self, language: str) -> Templates:
        if language not in self.languages:
            self.languages[language] = own = self.overlay()
            own.spoken = language
        return self.languages[language]

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        parsed = super()._parse(source, name, filename)
        return Sentences(EvalContext(self, name)).visit(parsed) if self.spoken else parsed


class Sentences(NodeTransformer):
    """Puts what is said in place of ``_('…')``, where all that it says is known."""

    def __init__(self, context: EvalContext) -> None:
        self.context = context

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 (Jinja calls it by this name)
        self.generic_visit(node)
        if not (isinstance(node.node, nodes.Name) and node.node.name == "_"):
            return node
        try:
            args, values = nodes.args_as_const(node, self.context)
        except Impossible:
            return node
        return nodes.Const(
            said(self.context, *args, **values), lineno=node.lineno, environment=node.environment
        )
