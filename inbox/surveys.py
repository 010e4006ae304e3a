"""Surveys by their address: who may open one and until when, and the mail that asks.

The address is all that opens a survey, so it stands in nothing that agents see: it is written into the mail
when that leaves. Opening it changes nothing, for mail scanners follow links; what a form sends also carries a
seal that only the page has.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from html import escape

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from inbox import downloads, vault
from inbox.db import now, session
from inbox.feedback import SCORES, Policy, ends_at
from inbox.models import Account, Agent, Identity, Installation, Message, Survey, Ticket

_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")

FACES = ("😠", "😞", "😐", "😊", "😄")
"""Old enough (Unicode 6.0) for every mail program to have them."""


@dataclass(frozen=True, slots=True)
class Words:
    """What the mail says in one language."""

    subject: str
    about: str
    hello: str
    hello_nobody: str
    asks: str
    asks_nobody: str
    choose: str
    scores: tuple[str, ...]
    stop: str


WORDS = {
    "en": Words(
        subject="How was it?",
        about="How was it? “{subject}”",
        hello="Hi {name},",
        hello_nobody="Hi,",
        asks="{agent} answered you. How was the conversation?",
        asks_nobody="We believe that your request is settled. How was the conversation?",
        choose="Choose a face; nothing is sent until you confirm it on the page.",
        scores=("Terrible", "Bad", "So-so", "Good", "Great"),
        stop="No more questions like this one",
    ),
    "pt": Words(
        subject="Como foi a conversa?",
        about="Como foi a conversa? “{subject}”",
        hello="Oi, {name}!",
        hello_nobody="Oi!",
        asks="{agent} respondeu a sua mensagem. Como foi a conversa?",
        asks_nobody="Acreditamos que o seu pedido está resolvido. Como foi a conversa?",
        choose="Escolha uma carinha; nada é enviado antes de você confirmar na página.",
        scores=("Péssima", "Ruim", "Mais ou menos", "Boa", "Ótima"),
        stop="Não quero mais receber pesquisas como esta",
    ),
}
"""The words are the customer's, so they stand here, and not among the translations of the screens."""


def policy() -> Policy:
    """What this installation wants."""
    return Policy.read(Installation.current().feedback or {})


def is_on(account: Account) -> bool:
    """Whether customers of this account are asked: unless somebody turned it off, they are."""
    return policy().on and (account.settings or {}).get("survey") is not False


# ------------------------------------------------------------------------------------ the address


def address(survey: Survey) -> str:
    return f"{downloads.public_url()}/s/{survey.token}"


def find(token: str) -> Survey | None:
    """The survey this token opens; None if there is none, it was not sent, or its time is over, all alike."""
    if not _TOKEN.fullmatch(token):
        return None
    survey = session.scalar(
        select(Survey)
        .where(Survey.token == token, Survey.state.in_(("sent", "answered")))
        .options(
            joinedload(Survey.answer),
            joinedload(Survey.agent),
            joinedload(Survey.ticket).joinedload(Ticket.identity),
            joinedload(Survey.identity).joinedload(Identity.customer),
        )
    )
    # compared again, letter by letter: a database may not tell a from A
    if survey is None or not hmac.compare_digest(survey.token, token) or is_over(survey):
        return None
    return survey


def is_over(survey: Survey) -> bool:
    first = survey.answer.first_at if survey.answer else None
    return survey.sent_at is None or ends_at(survey.sent_at, first) <= now()


def seal(survey: Survey) -> str:
    """What the form carries: that it was sent from the page, and not from a link that somebody followed."""
    said = f"{survey.id} {survey.token}".encode()
    return hmac.digest(vault.derived(b"survey form"), said, hashlib.sha256)[:16].hex()


def is_sealed(survey: Survey, given: str) -> bool:
    return hmac.compare_digest(seal(survey).encode(), given.encode())


# --------------------------------------------------------------------------------------- the mail


def subject(ticket: Ticket, language: str) -> str:
    """Short enough to be read where mails are listed."""
    about = " ".join(ticket.subject.split())
    cut = about if len(about) <= 60 else f"{about[:59].rstrip()}…"
    said = WORDS[language]
    return said.about.format(subject=cut) if cut else said.subject


def question(language: str, name: str, agent: Agent | None) -> str:
    """What is asked; who reads the conversation sees this, and no address."""
    said = WORDS[language]
    hello = said.hello.format(name=name) if name else said.hello_nobody
    asks = said.asks.format(agent=agent.first_name) if agent else said.asks_nobody
    return f"{hello}\n\n{asks}"


def worded(message: Message) -> tuple[str, str | None]:
    """Text and HTML of the mail that asks, with the addresses in it."""
    survey = session.scalar(select(Survey).where(Survey.message_id == message.id))
    if survey is None:
        return message.text, message.html
    said, to, company = WORDS[survey.language], address(survey), Installation.current().company
    return _text(message.text, said, to, company), _html(message.text, said, to, company)


def way_out(message: Message) -> str:
    """Where the customer's mail program says that they want no more of these."""
    survey = session.scalar(select(Survey).where(Survey.message_id == message.id))
    return f"{address(survey)}/stop" if survey else ""


def _text(asked: str, said: Words, to: str, company: str) -> str:
    faces = "\n".join(f"{score} {word}: {to}?score={score}" for score, word in _scores(said))
    parts = (asked, said.choose, faces, company, f"{said.stop}:\n{to}#stop")
    return "\n\n".join(part for part in parts if part)


def _html(asked: str, said: Words, to: str, company: str) -> str:
    """Five links of letters in a table: what every mail program draws, and no picture is fetched."""
    cells = "".join(
        f'<td align="center" style="padding:8px 4px;width:20%"><a href="{escape(to)}?score={score}" '
        f'style="text-decoration:none;color:inherit;display:block"><span style="font-size:32px;'
        f'line-height:44px">{FACES[score - 1]}</span><br><span style="font-size:13px;line-height:18px">'
        f"{escape(word)}</span></a></td>"
        for score, word in _scores(said)
    )
    paragraphs = "".join(f"<p>{escape(part)}</p>" for part in asked.split("\n\n"))
    return (
        f"{paragraphs}"
        '<table role="presentation" cellspacing="0" cellpadding="0" border="0" style="width:100%;'
        f'max-width:440px;border-collapse:collapse"><tr>{cells}</tr></table>'
        f'<p style="font-size:13px">{escape(said.choose)}</p>'
        f"{f'<p>{escape(company)}</p>' if company else ''}"
        f'<p style="font-size:12px"><a href="{escape(to)}#stop" style="color:inherit">{escape(said.stop)}</a>'
        "</p>"
    )


def _scores(said: Words) -> list[tuple[int, str]]:
    return list(zip(SCORES, said.scores, strict=True))
