"""Mail no person wrote: told by its headers, and where there are none by its words, with care."""

from __future__ import annotations

import pytest

from inbox.mail.parse import parse
from tests.mail.letters import letter


def mail(
    subject: str = "Oi", body: str = "Oi", headers: str = "", sender: str = "Ada <ada@x.example>"
) -> bytes:
    """A mail with this subject and text."""
    head = f"{headers}From: {sender}\nTo: a@shop.example\nSubject: {subject}\nMIME-Version: 1.0\n"
    return f"{head}Content-Type: text/plain; charset=utf-8\n\n{body}".encode()


def why(subject: str = "Oi", body: str = "Oi", headers: str = "", sender: str = "Ada <ada@x.example>") -> str:
    """What says that a mail is automatic."""
    return parse(mail(subject, body, headers, sender)).auto_submitted


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("Auto-Submitted: auto-replied (vacation)", "auto-replied"),
        ("auto-submitted: Auto-Generated", "auto-generated"),
        ("Auto-Submitted: auto-notified; owner-email=x", "auto-notified"),
        ("X-Autoreply: yes", "auto-replied"),
        ("X-Autorespond: Férias", "auto-replied"),
        ("X-Vacation: 1", "auto-replied"),
        ("X-MS-Exchange-Inbox-Rules-Loop: a@x.example", "auto-replied"),
        ("X-POST-MessageClass: 9; Autoresponder", "auto-replied"),
        ("Precedence: auto_reply", "auto-replied"),
        ("Precedence: Bulk", "bulk"),
        ("List-Id: <news.x.example>", "list"),
        ("List-Unsubscribe: <mailto:x@x.example>", "bulk"),
        ("X-Auto-Response-Suppress: All", "auto-generated"),
        ("Return-Path: <>", "auto-generated"),
        ("X-OTRS-Loop: yes", "auto-generated"),
        ("Auto-Submitted: no", ""),
        ("X-Auto-Response-Suppress: DR", ""),
        ("Precedence: first-class", ""),
    ],
)
def test_headers_say_it_plainly(header: str, reason: str) -> None:
    assert parse(letter(header)).auto_submitted == reason


ABSENT_SUBJECTS = [
    "Automatic reply: Your order",
    "Out of Office",
    "Out of office: Ada Lovelace",
    "[Auto-Reply] Your order",
    "AutoReply: Order",
    "Resposta automática: Pedido",
    "Resposta automatica",
    "Ausente do escritório",
    "Aviso de férias",
    "Respuesta automática: Pedido",
    "Fuera de la oficina",
    "Réponse automatique : Commande",
    "Absence du bureau",
    "Automatische Antwort: Bestellung",
    "Abwesenheitsnotiz",
    "Abwesenheitsnotiz: Bestellung",
    "Risposta automatica: Ordine",
    "Fuori ufficio",
    "Automatisch antwoord: Bestelling",
    "Afwezigheidsbericht",
    "Automatyczna odpowiedź: Zamówienie",
    "Poza biurem",
    "Autosvar: Beställning",
    "Automatisk svar: Ordre",
    "Fraværsmelding",
    "Automaattinen vastaus: Tilaus",
    "Automatická odpověď: Objednávka",
    "Mimo kancelář",
    "Răspuns automat: Comanda",
    "Automatikus válasz: Rendelés",
    "Otomatik yanıt: Sipariş",
    "Автоматический ответ: Заказ",
    "Автоматична відповідь: Замовлення",
    "Αυτόματη απάντηση: Παραγγελία",
    "自動応答: 注文",
    "不在通知",
    "自动回复: 订单",
    "자동 회신: 주문",
]


@pytest.mark.parametrize("subject", ABSENT_SUBJECTS)
def test_a_subject_that_only_a_program_writes(subject: str) -> None:
    assert why(subject) == "auto-replied"


PERSONS_SUBJECTS = [
    "Re: Automatic reply: Your order",
    "RES: Resposta automática: Pedido",
    "Out of office next week, can you deliver Monday?",
    "Out of office - deliver Monday?",
    "Fora do escritório na segunda: entregar terça?",
    "Resposta automática não funciona no meu plano",
    "Automatic replies of your shop are in English",
    "Abwesenheitsnotiz einrichten",
    "Auto-reply does not work",
    "Vacation home booking",
    "Férias",
    "外出先からのご連絡",
    "Read this",
]


@pytest.mark.parametrize("subject", PERSONS_SUBJECTS)
def test_a_person_writes_of_absence_and_answers_too(subject: str) -> None:
    assert why(subject) == ""


NOTICES = [
    "Thank you for your email. I am out of the office until 12 November and will reply when I am back.",
    "I'm currently on leave with limited access to email.\n\nFor urgent matters contact bob@x.example.",
    "Olá! Estou de férias até 12/11. Em caso de urgência, fale com maria@x.example.",
    "Obrigado pelo seu e-mail. Estarei ausente do escritório, responderei assim que voltar.",
    "Gracias por su correo. Estoy de vacaciones hasta el 12.",
    "Bonjour, je suis absente jusqu'au 12. En cas d'urgence, écrivez à paul@x.example.",
    "Vielen Dank für Ihre Nachricht. Ich bin bis zum 12.11. nicht im Büro.",
    "Grazie per la sua mail. Sono in ferie fino al 12.",
    "Bedankt voor uw e-mail. Ik ben tot 12 november afwezig.",
    "Dziękuję za wiadomość. Jestem na urlopie do 12 listopada.",
    "Tack för ditt meddelande. Jag är på semester till den 12.",
    "Tak for din mail. Jeg er på ferie til den 12.",
    "Takk for din e-post. Jeg er på ferie til den 12.",
    "Kiitos viestistäsi. Olen lomalla 12.11. asti.",
    "Děkuji za Váš e-mail. Jsem na dovolené do 12. 11.",
    "Mulțumesc pentru mesaj. Sunt în concediu până pe 12.",
    "Köszönöm a levelet, szabadságon vagyok 12-ig.",
    "E-postanız için teşekkürler. 12 Kasım'a kadar izindeyim.",
    "Спасибо за письмо. Я нахожусь в отпуске до 12 ноября.",
    "Дякую за лист. Я перебуваю у відпустці до 12 листопада.",
    "Ευχαριστώ για το μήνυμα. Βρίσκομαι εκτός γραφείου έως τις 12.",
    "メールをありがとうございます。12日まで休暇中です。お急ぎの場合は佐藤まで。",
    "感谢您的来信。我目前休假至12日。",
    "휴가 중입니다. 12일 이후에 회신 드리겠습니다.",
]


@pytest.mark.parametrize("body", NOTICES)
def test_a_notice_without_any_header_is_told_by_two_things_it_says(body: str) -> None:
    assert why(body=body) == "auto-generated"
    assert why(body=body, headers="In-Reply-To: <a@shop.example>\n") == "auto-replied"


PERSONS = [
    "I will be out of office next week, can you deliver Monday?",
    "Hi, I am out of office from Tuesday. Please deliver on Monday.",
    "Estarei de férias a partir de segunda, entreguem até sexta por favor.",
    "Estou fora do escritório hoje, podem ligar amanhã?",
    "Ich bin ab Montag im Urlaub, ich brauche die Ware dringend vorher.",
    "Je suis absente demain, livrez chez le voisin.",
    "Estaré de vacaciones, envíen el pedido a mi oficina.",
    "Sono in ferie da lunedì, consegnate prima.",
    "Thank you for your email. The parcel has arrived.",
    "Obrigada pelo e-mail, resolvido!",
    "Recebemos o protocolo 20261109 mas ninguém respondeu. Precisamos disso em breve.",
    "We have received order 4711 but two books are missing. Please reply as soon as possible.",
    "Your automatic message said ticket 4711 was opened. That was three days ago.",
    "O que quer dizer: esta é uma mensagem automática? Recebi isso ontem.",
    "O pedido 123 foi recebido com defeito.",
    "出張のため、月曜日に配達してください。",
]


@pytest.mark.parametrize("body", PERSONS)
def test_a_person_who_is_away_or_thanks_is_a_person(body: str) -> None:
    assert why(body=body, headers="In-Reply-To: <a@shop.example>\n") == ""


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        (
            "[Ticket#2026110910000018] Your request",
            "Hello,\n\nwe have received your request. Your ticket number is 2026110910000018. "
            "We will get back to you within 2 business days.",
        ),
        (
            "Protocolo 20261109",
            "Olá,\n\nRecebemos a sua mensagem, protocolo nº 20261109. Em breve entraremos em contato.",
        ),
        ("Re: x", "This is an automated response. Please do not reply to this message."),
        ("Re: x", "Olá.\nEsta é uma mensagem automática, favor não responder."),
        ("Re: x", "Dies ist eine automatische Antwort."),
        ("Lida: Pedido", "Sua mensagem\n\nPara: Ada\nAssunto: Pedido\n\nfoi lida em 09/11/2026 17:40."),
        ("Read: Order", "Your message\n\nTo: Ada\nSubject: Order\n\nwas read on 9 November 2026 17:40."),
    ],
)
def test_ticket_systems_receipts_and_programs_that_say_so(subject: str, body: str) -> None:
    assert why(subject, body) == "auto-generated"


def test_somebody_else_s_notice_that_a_person_forwards_is_not_his() -> None:
    notice = "This is an automated message. Your ticket 4711 has been received."
    assert why("Fwd: Order", notice) == ""
    assert why("Order", f"Olhem\n\n---------- Forwarded message ---------\n{notice}") == ""


@pytest.mark.parametrize(
    "sender", ["noreply@x.example", "no-reply@x.example", "Loja <nao-responda@x.example>"]
)
def test_nobody_reads_at_a_noreply_address(sender: str) -> None:
    assert why(sender=sender) == "auto-generated"


@pytest.mark.parametrize("method", ["REPLY", "COUNTER"])
def test_an_answer_to_an_invitation_is_automatic_and_the_invitation_is_not(method: str) -> None:
    calendar = "BEGIN:VCALENDAR\r\nMETHOD:{}\r\nEND:VCALENDAR\r\n"
    answer = letter("MIME-Version: 1.0\nContent-Type: text/calendar; charset=utf-8", calendar.format(method))
    invitation = letter("MIME-Version: 1.0\nContent-Type: text/calendar", calendar.format("REQUEST"))
    assert parse(answer).auto_submitted == "auto-replied"
    assert parse(invitation).auto_submitted == ""


def test_what_is_quoted_says_nothing_of_the_writer() -> None:
    quoted = (
        "Não entendi.\n\nOn Mon, Nov 9, 2026 at 5:40 PM <a@b.example> wrote:\n> This is an automated reply.\n"
    )
    assert why(body=quoted) == ""
