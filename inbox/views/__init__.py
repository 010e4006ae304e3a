"""What agents see, one screen per file. A view loads, calls one verb, commits and renders."""

from flask import Flask

from inbox.views import (
    at_work,
    attention,
    customer,
    customers,
    drafts,
    facts,
    figures,
    files,
    health,
    invitations,
    later,
    letters,
    lists,
    login,
    macros,
    messages,
    metrics,
    notices,
    palette,
    pane,
    photos,
    pick,
    pictures,
    presence,
    preview,
    printing,
    privacy,
    push,
    ratings,
    recipients,
    replies,
    reset,
    rivals,
    rows,
    search,
    settings,
    setup,
    start,
    tour,
    walk_in,
    writing,
)

SCREENS = (
    lists.bp,
    pane.bp,
    presence.bp,
    pick.bp,
    facts.bp,
    customer.bp,
    *customers.SCREENS,
    replies.bp,
    drafts.bp,
    rivals.bp,
    macros.bp,
    macros.beginning,
    start.bp,
    recipients.bp,
    later.bp,
    messages.bp,
    files.bp,
    pictures.bp,
    printing.bp,
    search.bp,
    palette.bp,
    attention.bp,
    preview.bp,
    notices.bp,
    push.bp,
    ratings.bp,
    figures.bp,
    *settings.SCREENS,
    photos.bp,
    login.bp,
    reset.bp,
    invitations.bp,
    setup.bp,
    health.bp,
    metrics.bp,
)


DEMO = (walk_in.bp, tour.bp)
"""Screens of the demo. Elsewhere there are no such addresses."""


def init_demo(app: Flask) -> None:
    app.config["DEMO"] = True
    for screen in DEMO:
        app.register_blueprint(screen)
    walk_in.init(app)
    tour.init(app)


def init(app: Flask) -> None:
    for screen in SCREENS:
        app.register_blueprint(screen)
    writing.init(app)
    rows.init(app)
    at_work.init(app)
    letters.init(app)
    presence.init(app)
    rivals.init(app)
    macros.init(app)
    notices.init(app)
    settings.feedback.init(app)
    privacy.init(app)
