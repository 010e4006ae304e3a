"""Topics: what conversations can be about, in which order, and taking one away."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm

from inbox import topics
from inbox.db import session
from inbox.models import Topic
from inbox.views.found import number, or_404, whole, word
from inbox.web import forms
from inbox.web.current import me
from inbox.web.permissions import ADMIN, allow

bp = Blueprint("topics", __name__, url_prefix="/settings/topics")


class TopicForm(FlaskForm):
    name = forms.text(_("Name"), topics.LONGEST)


@bp.get("")
@allow(ADMIN)
def index() -> str:
    return _page(TopicForm(formdata=None))


@bp.get("/_going")
@allow(ADMIN)
def going() -> str:
    """How far the last changes have come."""
    return render_template("settings/_going.html", going=topics.going(), where="topics")


@bp.post("")
@allow(ADMIN)
def add() -> ResponseReturnValue:
    form = TopicForm()
    if form.validate():
        try:
            return _done(gettext("Saved."), topics.add(form.name.data, me()))
        except topics.Taken:
            session.rollback()
            forms.add_error(form.name, gettext("There is a topic with this name."))
    return _page(form), 422


@bp.post("/<int:topic_id>")
@allow(ADMIN)
def update(topic_id: int) -> ResponseReturnValue:
    topic, form = or_404(topics.one(number(topic_id))), TopicForm()
    if "remove" in request.form:
        return _remove(topic)
    if steps := {"up": -1, "down": 1}.get(request.form.get("move", "")):
        topics.move(topic, steps, me())
        return _done("", topic)
    if form.validate():
        try:
            topics.change(topic, form.name.data, "archived" in request.form, me())
            return _done(gettext("Saved."), topic)
        except topics.Taken:
            session.rollback()
            forms.add_error(form.name, gettext("There is a topic with this name."))
    said = form.name.errors[0]
    return _page(TopicForm(formdata=None), open_topic=topic.id, typed=form.name.data, problem=said), 422


def _remove(topic: Topic) -> ResponseReturnValue:
    asked = word("into")
    into = topics.one(whole(asked) or 0) if asked else None
    if asked and into is None:
        said = gettext("That topic is gone: choose another one.")
        return _page(TopicForm(formdata=None), open_topic=topic.id, gone_problem=said), 422
    try:
        topics.remove(topic, into, me())
    except topics.Itself:
        return _page(TopicForm(formdata=None), open_topic=topic.id), 422
    return _done(gettext("Removed. Its conversations follow in the background."), into)


def _done(said: str, topic: Topic | None) -> ResponseReturnValue:
    session.commit()
    if said:
        flash(said)
    return redirect(f"/settings/topics{f'#topic-{topic.id}' if topic else ''}", 303)


def _page(form: TopicForm, **more: Any) -> str:
    return render_template(
        "settings/topics.html",
        form=form,
        uses=topics.every(),
        going=topics.going(),
        page_name="topics",
        **more,
    )
