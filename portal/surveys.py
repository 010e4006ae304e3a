"""How it was: five faces, what helped or was missing, and a few words.

Following the link from the mail only shows the form, for mail scanners follow links too; the answer is what
the form sends. It needs no cookie and no script. Whatever is wrong with an address looks the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlencode

from babel import Locale
from babel.dates import format_skeleton
from flask import Blueprint, Response, make_response, redirect, render_template, request
from flask_babel import force_locale
from flask_babel import gettext as _

from inbox import surveys, tickets
from inbox.db import now, session
from inbox.feedback import GOOD, HELPED, LACKED, LONGEST, SCORES, ends_at
from inbox.models import Survey
from inbox.tickets.words import first_name
from inbox.web import headers
from inbox.web.i18n import LANGUAGES, zone
from inbox.web.limits import tries
from inbox.web.permissions import PUBLIC, allow, without_cookies

bp = Blueprint("surveys", __name__, url_prefix="/s/<token>")

PAGE = headers.policy(
    default_src="'none'",
    style_src="'self'",
    img_src="'self'",
    font_src="'self'",
    form_action="'self'",
    base_uri="'none'",
    frame_ancestors="'none'",
)
"""No script runs here, and nothing comes from elsewhere."""

SPOKEN = {"pt": "pt-BR", "en": "en"}
"""Our languages by those of customers."""


@dataclass(slots=True)
class Said:
    """What stands in the form."""

    score: int | None = None
    reasons: list[str] = field(default_factory=list)
    comment: str = ""
    problem: str = ""


@bp.get("")
@allow(PUBLIC)
def show(token: str) -> Response:
    """The form with the face that was followed; once there is an answer, that, until somebody changes it."""
    survey = surveys.find(token)
    if survey is None:
        return _gone()
    asked = _score(request.args.getlist("score"))
    if survey.answer and asked is None and "change" not in request.args:
        return _page("portal/thanks.html", survey)
    said = _kept(survey)
    said.score = asked or said.score
    return _page("portal/survey.html", survey, said=said)


@bp.post("")
@allow(PUBLIC)
@without_cookies
@tries
def answer(token: str) -> Response:
    survey = _sealed(token)
    if survey is None:
        return _gone()
    said = _read(survey)
    if said.problem or said.score is None:
        return _page("portal/survey.html", survey, 422, said=said)
    tickets.rate(survey, said.score, said.reasons, said.comment)
    return _done(token)


@bp.post("/stop")
@allow(PUBLIC)
@without_cookies
@tries
def stop(token: str) -> Response:
    """No more of these, whatever they write about."""
    if request.form.getlist("List-Unsubscribe") == ["One-Click"]:
        return _stopped_by_one_click(token)
    survey = _sealed(token)
    if survey is None:
        return _gone()
    tickets.decline(survey)
    return _done(token)


def _stopped_by_one_click(token: str) -> Response:
    """The mail program says so for them (RFC 8058): it has no page, no seal, and follows no redirect."""
    survey = surveys.find(token)
    if survey is None:
        return _gone()
    tickets.decline(survey)
    session.commit()
    return _quiet(make_response("", 200))


def _sealed(token: str) -> Survey | None:
    """The survey, if this was sent from its own page."""
    survey = surveys.find(token)
    given = request.form.getlist("seal")
    return survey if survey and len(given) == 1 and surveys.is_sealed(survey, given[0]) else None


def _done(token: str) -> Response:
    session.commit()
    language = request.args.get("in")
    query = f"?{urlencode({'in': language})}" if language in LANGUAGES else ""
    return _quiet(make_response(redirect(f"/s/{token}{query}", 303)))


# ------------------------------------------------------------------------------------ what was sent


def _score(given: list[str]) -> int | None:
    """One of the five, said once."""
    scores = {str(score): score for score in SCORES}
    return scores.get(given[0]) if len(given) == 1 else None


def _kept(survey: Survey) -> Said:
    said = survey.answer
    return Said(said.score, list(said.reasons), said.comment) if said else Said()


def _read(survey: Survey) -> Said:
    """What the form says; what does not fit is said, and nothing that was written is lost."""
    with force_locale(_language(survey).replace("-", "_")):
        score, words = _score(request.form.getlist("score")), request.form.getlist("comment")
        comment = words[0].replace("\r\n", "\n").strip() if len(words) == 1 else ""
        problem = ""
        if score is None or len(words) > 1:
            problem = _("Choose one of the faces first.")
        elif len(comment) > LONGEST:
            problem = _("Please make that shorter.")
    return Said(score, request.form.getlist("reason")[: len(HELPED) + len(LACKED)], comment, problem)


# ---------------------------------------------------------------------------------------- the pages


def _page(template: str, survey: Survey, status: int = 200, said: Said | None = None) -> Response:
    language = _language(survey)
    with force_locale(language.replace("-", "_")):
        page = render_template(
            template,
            survey=survey,
            said=said,
            answer=survey.answer,
            lang=language,
            other=next((code, name) for code, name in LANGUAGES.items() if code != language),
            seal=surveys.seal(survey),
            name=first_name(survey.identity.display_name),
            until=_day(survey, language),
            longest=LONGEST,
            good=GOOD,
        )
    return _quiet(make_response(page, status))


def _gone() -> Response:
    """The same for an address that has ended, was altered, was meant for something else, or never was."""
    language = request.accept_languages.best_match(list(LANGUAGES), "en")
    with force_locale(language.replace("-", "_")):
        return _quiet(make_response(render_template("portal/no_survey.html", lang=language), 404))


def _language(survey: Survey) -> str:
    """The mail's, unless they choose the other one; nothing is kept for it."""
    chosen = request.args.get("in", "")
    return chosen if chosen in LANGUAGES else SPOKEN.get(survey.language, "en")


def _day(survey: Survey, language: str) -> str:
    """28 October: until when the answer can be changed, if it is given now."""
    first = survey.answer.first_at if survey.answer else now()
    ends = ends_at(first, first)
    locale = Locale.parse("pt_BR" if language == "pt-BR" else "en_GB")
    return format_skeleton("MMMMd", ends.astimezone(zone()), locale=locale)


def _quiet(response: Response) -> Response:
    """The address stays between us: no search engine, no cache, no page they go to from here."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "no-store"
    response.headers["Content-Security-Policy"] = PAGE
    return response
