"""What agents see, one screen per file. A view loads, calls one verb, commits and renders."""

from flask import Flask

from inbox.views import (
    attention,
    customer,
    drafts,
    facts,
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
    palette,
    pane,
    pick,
    pictures,
    presence,
    preview,
    printing,
    ratings,
    recipients,
    replies,
    rivals,
    search,
    settings,
    setup,
    start,
    writing,
)

SCREENS = (
    lists.bp,
    pane.bp,
    presence.bp,
    pick.bp,
    facts.bp,
    customer.bp,
    replies.bp,
    drafts.bp,
    rivals.bp,
    macros.bp,
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
    ratings.bp,
    *settings.SCREENS,
    login.bp,
    invitations.bp,
    setup.bp,
    health.bp,
    metrics.bp,
)


def init(app: Flask) -> None:
    for screen in SCREENS:
        app.register_blueprint(screen)
    writing.init(app)
    letters.init(app)
    presence.init(app)
    rivals.init(app)
    macros.init(app)
    settings.feedback.init(app)
