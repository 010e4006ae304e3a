"""Jinja, for pages that include and import a hundred small templates."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from flask.templating import Environment


class Templates(Environment):
    """No template of ours has globals of its own, so each shares the environment's as they are.

    Jinja lays an empty map over them for each template, and looks through both at every include and import.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return super().make_globals(d) if d else self.globals
