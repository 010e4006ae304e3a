"""Tags: which there are, how much they are used, renaming, merging and taking them away."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from inbox import tags
from inbox.db import session
from inbox.models import Tag
from inbox.views.found import number, or_404, whole, word
from inbox.web.current import me
from inbox.web.permissions import SUPERVISOR, allow

bp = Blueprint("tags", __name__, url_prefix="/settings/tags")

MOST = 100
"""Tags merged at once."""


@bp.get("")
@allow(SUPERVISOR)
def index() -> str:
    return _page()


@bp.get("/_going")
@allow(SUPERVISOR)
def going() -> str:
    """How far the last changes have come."""
    return render_template("settings/_going.html", going=tags.going(), where="tags")


@bp.post("/<int:tag_id>")
@allow(SUPERVISOR)
def update(tag_id: int) -> ResponseReturnValue:
    tag = _one(tag_id)
    return _remove(tag) if "remove" in request.form else _rename(tag)


def _rename(tag: Tag) -> ResponseReturnValue:
    typed = word("name", 200)
    try:
        now_ = tags.rename(tag, typed, me())
    except tags.Invalid as wrong:
        session.rollback()
        return _page(open_tag=tag.id, typed=typed, problem=_sentence(wrong)), 422
    said = gettext("Saved.") if now_ is tag else gettext("There was a tag of this name: they are one now.")
    return _done(said, now_)


def _remove(tag: Tag) -> ResponseReturnValue:
    tags.remove(tag, me())
    return _done(gettext("Removed. It leaves the conversations in the background."))


@bp.post("/merge")
@allow(SUPERVISOR)
def merge() -> ResponseReturnValue:
    chosen = [tag for tag_id in request.form.getlist("tag")[:MOST] if (tag := _of(tag_id))]
    into = _of(word("into"))
    if into is None:
        return _page(chosen=chosen, merge_problem=gettext("Choose the tag that they become.")), 422
    try:
        tags.merge(chosen, into, me())
    except tags.Invalid as wrong:
        session.rollback()
        return _page(chosen=chosen, into=into, merge_problem=_sentence(wrong)), 422
    n = len({tag.id for tag in chosen} - {into.id})
    said = ngettext("One tag became “%(name)s”.", "%(num)s tags became “%(name)s”.", n, name=into.name)
    return _done(said, into)


def _sentence(wrong: tags.Invalid) -> str:
    return {
        "empty": gettext("This cannot be empty."),
        "too_long": gettext("At most %(n)s letters.", n=tags.LONGEST),
        "same": gettext("Choose at least one other tag."),
    }[wrong.reason]


def _one(tag_id: int) -> Tag:
    return or_404(tags.one(number(tag_id)))


def _of(text: str) -> Tag | None:
    found = whole(text)
    return tags.one(found) if found else None


def _done(said: str, tag: Tag | None = None) -> ResponseReturnValue:
    session.commit()
    flash(said)
    return redirect(f"/settings/tags{f'#tag-{tag.id}' if tag else ''}", 303)


def _page(**more: Any) -> str:
    return render_template(
        "settings/tags.html", uses=tags.every(), going=tags.going(), page_name="tags", **more
    )
