"""Notices: the centre and its bell, following a ticket, whom one can mention, and stopping the digest."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import Any

from flask import Blueprint, Flask, Response, g, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, format_date, ngettext
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import select

from inbox import access
from inbox.db import now, session
from inbox.models import Agent, Notice, Ticket
from inbox.notices import bell as bells
from inbox.notices import centre, choices, digest, following
from inbox.notices.bell import Bell
from inbox.views import found
from inbox.views.found import number, or_404
from inbox.web import i18n
from inbox.web.current import is_fragment, me
from inbox.web.permissions import AGENT, PUBLIC, allow, without_cookies

bp = Blueprint("notices", __name__)


@bp.get("/notices")
@allow(AGENT)
def index() -> str:
    return render_template("notices/index.html", **_page(), page_name="notices")


@bp.get("/notices/_rows")
@allow(AGENT)
def rows() -> str:
    """The newest, or those before a place; ``day`` is the last one that is shown already."""
    return render_template("notices/_rows.html", **_page())


def _page() -> dict[str, Any]:
    which = request.args.get("show", "all")
    which = which if which in centre.FILTERS else "all"
    page = centre.page(me(), which, request.args.get("before", ""))
    days = [(day, list(some)) for day, some in groupby(page.notices, _day)]
    return {"days": days, "before": page.before, "show": which, "shown_day": request.args.get("day", "")}


def _day(notice: Notice) -> str:
    return notice.at.astimezone(i18n.zone()).date().isoformat()


# ------------------------------------------------------------------------------------- read and done


@bp.post("/notices/read")
@allow(AGENT)
def read() -> ResponseReturnValue:
    """All of them."""
    centre.read_all(me())
    session.commit()
    return render_template("notices/_bell.html") if is_fragment() else redirect("/notices", 303)


@bp.post("/tickets/<int:ticket_id>/notices")
@allow(AGENT)
def opened(ticket_id: int) -> str:
    """This ticket is before them: what they were told of it is read."""
    centre.opened(me(), found.ticket(ticket_id))
    session.commit()
    return render_template("notices/_bell.html")


@bp.post("/notices/<int:notice_id>/done")
@allow(AGENT)
def done(notice_id: int) -> ResponseReturnValue:
    centre.put_away(or_404(centre.one(me(), number(notice_id))))
    session.commit()
    return "" if is_fragment() else redirect("/notices", 303)


@bp.delete("/notices/<int:notice_id>/done")
@allow(AGENT)
def undone(notice_id: int) -> str:
    centre.put_back(or_404(centre.one(me(), number(notice_id))))
    session.commit()
    return rows()


# -------------------------------------------------------------------------- following and mentioning


@bp.put("/tickets/<int:ticket_id>/following")
@allow(AGENT)
def follow(ticket_id: int) -> str:
    ticket = found.ticket(ticket_id)
    following.follow(ticket, me())
    session.commit()
    return render_template("ticket/_head.html", ticket=ticket)


@bp.delete("/tickets/<int:ticket_id>/following")
@allow(AGENT)
def unfollow(ticket_id: int) -> str:
    ticket = found.ticket(ticket_id)
    following.unfollow(ticket, me())
    session.commit()
    return render_template("ticket/_head.html", ticket=ticket)


@bp.get("/tickets/<int:ticket_id>/_mentions")
@allow(AGENT)
def mentions(ticket_id: int) -> str:
    """Colleagues, those first who can see the ticket; the others are shown so that one knows why not."""
    ticket = found.ticket(ticket_id)
    others = Agent.id != me().id
    people = session.scalars(select(Agent).where(Agent.active, Agent.password_hash != "", others)).all()
    seeing = access.who_sees(ticket.id, people)
    people = sorted(people, key=lambda one: (one.id not in seeing, one.name.casefold()))
    return render_template("notices/_mentions.html", people=people, seeing=seeing)


# ---------------------------------------------------------------------------------- stopping the digest


@bp.get("/digests/<token>")
@allow(PUBLIC)
def digest_page(token: str) -> ResponseReturnValue:
    """A question: mail scanners follow links, and must not stop anything."""
    return _about_digest(token, "asked")


@bp.post("/digests/<token>")
@allow(PUBLIC)
@without_cookies
def stop_digest(token: str) -> ResponseReturnValue:
    """A button on that page, or of a mail program (RFC 8058): the address is all it takes."""
    agent = digest.whose(token)
    if agent:
        choices.no_digest(agent)
        session.commit()
    return _about_digest(token, "stopped")


def _about_digest(token: str, what: str) -> Response:
    agent = digest.whose(token)
    language = agent.language if agent else request.accept_languages.best_match(list(i18n.LANGUAGES), "en")
    with force_locale((language or "en").replace("-", "_")):
        page = render_template(
            "notices/digest.html", what=what if agent else "gone", token=token, lang=language
        )
    response = make_response(page, 200 if agent else 404)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


# ------------------------------------------------------------------------------------------- templates


def sentence(notice: Notice) -> str:
    """What happened, with the names of those who did it: only ever on a screen."""
    actor = notice.actor.first_name if notice.actor else ""
    customer, n = notice.ticket.identity.display_name, notice.count
    sentences = {
        "mention": lambda: ngettext(
            "%(name)s mentioned you", "%(name)s mentioned you, %(num)s times in all", n, name=actor or "Prosa"
        ),
        "assigned": lambda: _("%(name)s gave it to you", name=actor) if actor else _("It is yours now"),
        "handed_over": lambda: (
            _("You take it over from %(name)s", name=actor) if actor else _("You take it over")
        ),
        "message": lambda: ngettext(
            "A new message from %(name)s", "%(num)s new messages from %(name)s", n, name=customer
        ),
        "note": lambda: ngettext(
            "New note by %(name)s", "%(num)s new notes, the last by %(name)s", n, name=actor or "Prosa"
        ),
        "unassigned": lambda: _("New from %(name)s, and nobody has it", name=customer),
        "failed": lambda: _("Your answer did not arrive"),
        "stopped": lambda: _("Your scheduled answer was stopped: somebody wrote first"),
        "rating": lambda: _("A low rating from %(name)s", name=customer),
    }
    return sentences[notice.kind]()


def place(notice: Notice) -> str:
    """Where it leads: the ticket, at the first message that is new."""
    return f"/tickets/{notice.ticket_id}" + (f"#message-{notice.message_id}" if notice.message_id else "")


def day_name(day: str) -> str:
    """Today, Yesterday, Friday 2 October."""
    today = now().astimezone(i18n.zone()).date()
    date = type(today).fromisoformat(day)
    if (today - date).days in (0, 1):
        return _("Today") if date == today else _("Yesterday")
    return format_date(date, "EEEE, d 'de' MMMM" if i18n.language() == "pt-BR" else "EEEE, d MMMM")


def drawn_hour(at: datetime) -> Markup:
    """The time of day, for a row below its day; in full for who points at it."""
    local = at.astimezone(i18n.zone())
    return Markup('<time class="told-when" datetime="{}" title="{}">{}</time>').format(
        i18n.iso(at), i18n.full(at), f"{local:%H:%M}"
    )


def bell_now(*, which: bool = False) -> Bell:
    """Its count came with those of the views, if they were asked for; else, or to say ``which`` tickets it is
    about, it is asked for itself."""
    counted = g.counts["notices"] if "counts" in g else None
    if counted == 0:
        return Bell(0, ())
    return bells.bell(me()) if which or counted is None else Bell(counted)


def follows(ticket: Ticket) -> bool:
    return following.follows(ticket, me())


def init(app: Flask) -> None:
    app.jinja_env.filters.update(
        notice_sentence=sentence, notice_place=place, notice_day=day_name, notice_hour=drawn_hour
    )
    app.jinja_env.globals.update(bell=bell_now, follows=follows, sign_in_number=lambda: g.sign_in.id)
