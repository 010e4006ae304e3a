"""Whose matter a ticket is, where a mail that was forwarded to us says it is somebody else's."""

from __future__ import annotations

from flask import Blueprint
from flask_babel import gettext as _

from inbox import tickets
from inbox.db import session
from inbox.views import found
from inbox.views.pane import render_head
from inbox.web.current import me
from inbox.web.errors import Said
from inbox.web.permissions import WRITER, allow

bp = Blueprint("customer", __name__, url_prefix="/tickets/<int:ticket_id>/customer")


@bp.put("")
@allow(WRITER)
def put(ticket_id: int) -> str:
    """Make ``address`` (and ``name``) the customer; the same with the old one takes it back."""
    ticket = found.ticket(ticket_id)
    try:
        tickets.set_customer(ticket, found.word("address", 320), found.word("name", 200), me())
    except tickets.NotACustomer as wrong:
        raise Said(422, _("Nobody can be written to at this address. Choose another one.")) from wrong
    session.commit()
    return render_head(ticket)
