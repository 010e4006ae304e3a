"""A small shop with its morning's mail, to look around in: ``make demo``.

Everything goes the way real mail goes, from bytes to ticket, so what one sees is what one gets. It keeps its
data in a folder of its own and never touches another installation's.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from sqlalchemy import select

from inbox import connections, db, intake, mailboxes, tickets, walk_in
from inbox.config import settings
from inbox.models import Account, Agent, Connection, Event, Message, Survey, Team, Ticket
from inbox.reactions import surveys

FOLDER = "data/demo"
ADDRESS = "contato@barroelinho.example"

MORNING: list[tuple[int, str, str, str]] = [
    (
        330,
        "Lívia Prado <livia@prado.example>",
        "Prato lascado na entrega",
        "Bom dia, o prato veio lascado na borda. Já mandei fotos na sexta e ninguém respondeu.\n\nLívia",
    ),
    (
        300,
        "Paulo Henrique Dutra <paulo@dutra.example>",
        "Pix cobrado duas vezes",
        "Bom dia,\n\nO Pix do pedido 4790 saiu duas vezes da minha conta. Segue o comprovante das duas cobranças.\n\n"
        "Fico no aguardo,\nPaulo",
    ),
    (
        280,
        "Emma Clarke <emma@clarke.example>",
        "Refund for order 4702",
        "Hello,\n\nthe refund for order 4702 has not arrived yet. Could you check?\n\nThanks, Emma",
    ),
    (
        190,
        "Ateliê Mandacaru <compras@mandacaru.example>",
        "Orçamento: 60 bowls para restaurante",
        "Olá! Abrimos em novembro e precisamos de 60 bowls no esmalte fosco. Qual seria o prazo e o valor?\n\nAteliê Mandacaru",
    ),
    (
        95,
        "Diego Sampaio <diego@sampaio.example>",
        "Segunda via da nota fiscal",
        "Recebi o XML, mas preciso do PDF com o CNPJ da empresa.\n\nObrigado!",
    ),
    (
        60,
        "Hannah Becker <hannah@becker.example>",
        "Do you ship to Lisbon?",
        "Hi there,\n\nI would love two linen runners for a wedding in May. Do you ship to Lisbon, and how long does it take?\n\n"
        "Best,\nHannah",
    ),
    (
        45,
        "Marina Queiroz <marina@queiroz.example>",
        "Xícara trincada no pedido 4821",
        "Bom dia! Meu pedido chegou agora, mas uma das xícaras veio trincada: o trincado vai da borda até quase a "
        "alça.\n\nEra presente da minha mãe, e o aniversário é sábado. Consigo receber outra até sexta?\n\nUm abraço, Marina",
    ),
    (
        25,
        "Tereza Lins <tereza@lins.example>",
        "Cupom PRIMAVERA não entra",
        "Aparece “cupom expirado”, mas no e-mail de vocês o prazo é até domingo. Podem ver?",
    ),
    (
        8,
        "Otávio Brandão <otavio@brandao.example>",
        "Entrega parada em Cajamar",
        "Já são quatro dias sem atualizar o rastreio do pedido 4811. O que eu faço?",
    ),
]


def start() -> None:
    """Fill the demo's folder once, then start everything on it. Does not return."""
    os.environ.setdefault("PROSA__DATA__DIR", FOLDER)
    os.environ.setdefault("PROSA__DEMO__ENABLED", "true")
    settings.cache_clear()
    fill()
    walk_in.open_house()
    from inbox.up import start as up

    up()


def fill() -> None:
    """Make the shop, unless it is there."""
    from inbox import files, live, logs, queue
    from inbox.migrate import upgrade

    logs.setup(settings().log)
    db.connect(settings().database_url)
    files.use(settings().files_url)
    upgrade()
    with db.reading():
        if db.session.scalar(select(Ticket.id).limit(1)):
            return
    # nobody listens yet, and nothing needs ringing: everything is done here, at once
    live.tell = lambda *_: None
    queue.ring = lambda *_, **__: None
    with db.writing() as session:
        session.add_all(_people())
        mailboxes.add("mail", ADDRESS, name="Barro & Linho")
    for minutes, sender, subject, text in MORNING:
        for payload in intake.accept_mail(_mail(minutes, sender, subject, text), [ADDRESS]):
            intake.read_now(payload)
    for act in ACTS:
        with db.writing():
            act()
    db.session.remove()


def _people() -> list[object]:
    celia = Agent(
        name="Célia Nakamura", email="celia@barroelinho.example", language="pt-BR", zone="America/Recife"
    )
    bruno = Agent(
        name="Bruno Teixeira", email="bruno@barroelinho.example", language="pt-BR", zone="America/Recife"
    )
    return [celia, bruno, Team(name="Trocas", members=[celia, bruno]), Team(name="Atacado", members=[celia])]


def _mail(minutes: int, sender: str, subject: str, text: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, f"Barro & Linho <{ADDRESS}>", subject
    mail["Date"] = format_datetime(db.now() - timedelta(minutes=minutes))
    mail["Message-ID"] = make_msgid(domain="customers.example")
    mail.set_content(text)
    return mail.as_bytes()


# ------------------------------------------------------------------------- what the team did already


def _ticket(words: str) -> Ticket:
    return db.session.scalars(select(Ticket).where(Ticket.subject.contains(words))).one()


def _agent(name: str) -> Agent:
    return db.session.scalars(select(Agent).where(Agent.name.startswith(name))).one()


def _spread_over_the_day() -> None:
    """They did not all arrive this minute."""
    for minutes, _sender, subject, _text in MORNING:
        ticket, at = _ticket(subject), db.now() - timedelta(minutes=minutes)
        ticket.created_at = ticket.active_at = ticket.waiting_since = at
        ticket.customer.created_at = at
        for message in db.session.scalars(select(Message).where(Message.ticket_id == ticket.id)):
            message.created_at = at


def _exchange_a_cup() -> None:
    ticket, bruno, celia = _ticket("Xícara"), _agent("Bruno"), _agent("Célia")
    tickets.assign(ticket, bruno, bruno)
    tickets.prioritise(ticket, "high", bruno)
    tickets.tag(ticket, "troca", bruno)
    tickets.note(
        ticket, celia, "<p>Tem três em Recife. Saindo até as 16h, chega quinta.</p>", key="demo-note"
    )


def _answer_a_refund() -> None:
    ticket, celia = _ticket("Refund"), _agent("Célia")
    tickets.assign(ticket, celia, celia)
    words = "<p>Hello Emma,</p><p>we sent it on Friday; banks take up to five days. I keep an eye on it.</p>"
    tickets.reply(ticket, celia, words, key="demo-refund", then="pending")


def _close_the_pix() -> None:
    ticket, bruno = _ticket("Pix"), _agent("Bruno")
    words = (
        "<p>Bom dia, Paulo!</p><p>Devolvemos a segunda cobrança agora há pouco.</p><p>Um abraço,<br>Bruno</p>"
    )
    tickets.reply(ticket, bruno, words, key="demo-pix", then="resolved")


def _make_good_a_plate() -> None:
    ticket, celia = _ticket("Prato"), _agent("Célia")
    words = "<p>Bom dia, Lívia!</p><p>Desculpe a demora. O prato novo sai hoje.</p><p>Um abraço,<br>Célia</p>"
    tickets.reply(ticket, celia, words, key="demo-plate", then="resolved")


def _hear_how_it_was() -> None:
    """Two answered when they were asked: one is glad, and one waited too long, which calls supervisors."""
    _rated("Pix", 5, ["fast", "kind"], "Resolvido em dez minutos. Obrigado!")
    _rated("Prato", 2, ["slow"], "Precisei escrever duas vezes.")


def _rated(words: str, score: int, reasons: list[str], comment: str) -> None:
    about = (Event.ticket_id == _ticket(words).id, Event.kind == "resolved")
    resolved = db.session.scalars(select(Event).where(*about)).one()
    surveys.plan(resolved)
    survey = db.session.scalars(select(Survey).where(Survey.event_id == resolved.id)).one()
    tickets.ask(survey)
    answer = tickets.rate(survey, score, reasons, comment)
    surveys.take_care_of_low(db.session.get_one(Event, answer.event_id))


def _show_the_mailbox_at_work() -> None:
    """Its last mail came as the last customer wrote, and the last answer left some time before."""
    account = db.session.scalars(select(Account)).one()
    for direction, minutes in (("in", MORNING[-1][0]), ("out", 31)):
        connections.ok(account.id, direction)
        connections.seen(account.id, direction)
        row = db.session.get_one(Connection, (account.id, direction))
        row.last_at = db.now() - timedelta(minutes=minutes)


def _mark_the_big_order() -> None:
    tickets.tag(_ticket("Orçamento"), "atacado", _agent("Célia"))


ACTS: tuple[Callable[[], None], ...] = (
    _spread_over_the_day,
    _exchange_a_cup,
    _answer_a_refund,
    _close_the_pix,
    _mark_the_big_order,
    _make_good_a_plate,
    _hear_how_it_was,
    _show_the_mailbox_at_work,
)
