"""The mails: plain ones, ones with files, ones that cannot be read, answers to what we sent."""

from __future__ import annotations

import random
from email.message import EmailMessage
from email.policy import SMTP

from tests.fire.ledger import incoming
from tests.fire.plan import Letter

US = "support@barro.example"
NAMES = ("Marina Queiroz", "Otávio Lins", "Bia Serpa", "Caio Prata", "Íris Antunes")
LINES = (
    "The blue cup came cracked and the box was wet.",
    "Quando chega o meu pedido? Já faz duas semanas.",
    "May I have the linen in another colour?",
    "Obrigada pela resposta, ficou tudo certo.",
)


def sender(letter: Letter) -> tuple[str, str]:
    """One person writes three mails, so that there are conversations; few enough to be no flood."""
    person = letter.number // 3
    return NAMES[person % len(NAMES)], f"person{person}@queiroz.example"


def bytes_of(letter: Letter, *, answers: tuple[str, str] | None = None) -> bytes:
    """With CRLF and a last line end, as it goes over the line; ``answers`` is an id and whose it is."""
    token = incoming(letter.number)
    if letter.kind == "poison":
        return poison(letter, token)
    if letter.kind == "odd":
        return odd(letter, token)
    name, address = sender(letter)
    mail = EmailMessage(policy=SMTP)
    if answers:
        mail["In-Reply-To"], address = answers
        mail["References"] = answers[0]
    mail["From"] = f"{name} <{address}>"
    mail["To"] = US
    mail["Subject"] = f"{'Re: ' if answers else ''}Order {letter.number}"
    mail["Message-ID"] = f"<{letter.number}.{token}@queiroz.example>"
    words = f"{LINES[letter.number % len(LINES)]}\n\n{token}\n"
    mail.set_content(words)
    if letter.kind == "html":
        mail.add_alternative(f"<p>{LINES[0]}</p><p>{token}</p>", subtype="html")
    if letter.kind == "file":
        photo = random.Random(letter.number).randbytes(2000 + 40 * (letter.number % 500))
        mail.add_attachment(photo, maintype="image", subtype="x-raw", filename=f"photo-{letter.number}.raw")
    return mail.as_bytes()


def poison(letter: Letter, token: str) -> bytes:
    """Nobody can read who wrote it: it is kept, with its reason, for a person to see."""
    return b"From: " + b"(" * 1024 + f"\r\nSubject: {token}\r\n\r\n{token}\r\n".encode()


def odd(letter: Letter, token: str) -> bytes:
    """Wrong in ways that can be read all the same."""
    return (
        (
            f"From: person{letter.number // 3}@queiroz.example\r\nTo: {US}\r\nSubject: odd\r\n"
            "Content-Type: text/plain; charset=x-unknown\r\n\r\n"
        ).encode()
        + b"ol\xe1 \xff\xfe "
        + token.encode()
        + b"\r\n"
    )
