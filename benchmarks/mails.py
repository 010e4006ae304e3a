"""Two thousand mails as different as a morning's: plain, HTML, quoted, attached, in several charsets."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

OPENINGS = (
    "One of the cups came cracked and it was a present.",
    "Uma das xícaras chegou trincada e era presente da minha mãe.",
    "¿Cuándo llega mi pedido? Ya pasaron diez días.",
    "Do you ship sixty bowls to Lisbon before December?",
    "Não consigo emitir a segunda via da nota fiscal.",
    "The discount code does not work on my phone.",
)
CLOSINGS = ("Thanks in advance.", "Fico no aguardo, obrigada!", "Saludos", "Best,", "Um abraço")


def varied(count: int, seed: int = 7) -> list[bytes]:
    """Deterministic: the same seed is the same morning."""
    chance = random.Random(seed)
    return [_mail(number, chance) for number in range(count)]


def _mail(number: int, chance: random.Random) -> bytes:
    mail = EmailMessage()
    mail["From"] = f"Customer {number % 700} <customer{number % 700}@example{number % 40}.com>"
    mail["To"] = "Barro & Linho <support@barro.example>"
    mail["Subject"] = f"{chance.choice(OPENINGS)[:40]} {number}"
    mail["Date"] = format_datetime(datetime(2026, 3, 2, 8, tzinfo=UTC) + timedelta(seconds=17 * number))
    mail["Message-ID"] = f"<bench-{number}@example.com>"
    for hop in range(chance.randint(1, 6)):
        mail[f"X-Hop-{hop}"] = f"by mx.example.com with ESMTPS id {chance.getrandbits(128):032x}"
    text = "\n\n".join(
        [chance.choice(OPENINGS) for _ in range(chance.randint(1, 8))] + [chance.choice(CLOSINGS)]
    )
    chance.choice(SHAPES)(mail, text, chance)
    return mail.as_bytes()


def _plain(mail: EmailMessage, text: str, chance: random.Random) -> None:
    mail.set_content(text)


def _latin(mail: EmailMessage, text: str, chance: random.Random) -> None:
    mail.set_content(text, charset="iso-8859-1", cte="quoted-printable")


def _quoting(mail: EmailMessage, text: str, chance: random.Random) -> None:
    quoted = "\n".join("> " + line for line in text.splitlines() * 3)
    mail.set_content(f"{text}\n\nEm ter., 3 de mar. de 2026 às 09:52, Barro & Linho escreveu:\n{quoted}")


def _html(mail: EmailMessage, text: str, chance: random.Random) -> None:
    mail.set_content(text)
    rows = "".join(
        f"<tr><td style='padding:4px'>{n}</td><td>{text[:80]}</td></tr>" for n in range(chance.randint(1, 60))
    )
    mail.add_alternative(
        f"<html><body><p>{text}</p><table>{rows}</table>"
        f"<div class='gmail_quote'><blockquote>{text}</blockquote>"
        "</div></body></html>",
        subtype="html",
    )


def _attached(mail: EmailMessage, text: str, chance: random.Random) -> None:
    _html(mail, text, chance)
    for name in ("cup.jpg", "nota.pdf")[: chance.randint(1, 2)]:
        content = chance.randbytes(chance.randint(5_000, 200_000))
        mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)


SHAPES: tuple[Callable[[EmailMessage, str, random.Random], None], ...] = (
    _plain,
    _plain,
    _latin,
    _quoting,
    _html,
    _html,
    _attached,
)
