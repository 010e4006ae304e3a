"""What customers see: no agent's screen, no sign-in, no cookie. One screen per file, as in `inbox.views`."""

from flask import Flask

from portal import files, surveys

SCREENS = (files.bp, surveys.bp)


def init(app: Flask) -> None:
    for screen in SCREENS:
        app.register_blueprint(screen)
