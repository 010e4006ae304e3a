"""Settings: one file a page."""

from inbox.views.settings import (
    addresses,
    company,
    connect,
    feedback,
    history,
    macros,
    mailboxes,
    me,
    people,
    permission,
    teams,
)

SCREENS = (
    me.bp,
    people.bp,
    teams.bp,
    macros.bp,
    mailboxes.bp,
    connect.bp,
    permission.bp,
    addresses.bp,
    history.bp,
    company.bp,
    feedback.bp,
)
