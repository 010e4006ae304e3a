"""Who works at Barro & Linho, a small shop for ceramics and linen in Recife."""

from __future__ import annotations

from dataclasses import dataclass

ZONE = "America/Recife"
COMPANY = "Barro & Linho"
DOMAIN = "barroelinho.example"

TEAMS = ("Trocas", "Atacado", "Entregas")
"""Exchanges and refunds, wholesale, and deliveries. What comes to nobody in particular is everybody's."""

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")


@dataclass(frozen=True, slots=True)
class Worker:
    """One of the people who answer. ``hours`` as ``sla.hours`` reads them; ``share`` of the work."""

    name: str
    role: str
    teams: tuple[str, ...]
    language: str
    begins: str
    ends: str
    signature: str
    share: int

    @property
    def email(self) -> str:
        return f"{_plain(self.name.split()[0])}@{DOMAIN}"

    @property
    def hours(self) -> dict[str, list[list[str]]]:
        return {day: [[self.begins, self.ends]] for day in WEEKDAYS}


def _plain(name: str) -> str:
    return name.lower().translate(str.maketrans("áãâéêíóôõúç", "aaaeeiooouc"))


TEAM = (
    Worker(
        "Célia Nakamura", "admin", ("Trocas", "Atacado"), "pt-BR", "08:00", "17:00",
        "<p>Célia Nakamura<br>Barro &amp; Linho, Recife</p>", 3,
    ),
    Worker(
        "Bruno Teixeira", "supervisor", ("Trocas",), "pt-BR", "08:30", "17:30",
        "<p>Bruno Teixeira<br>Atendimento Barro &amp; Linho</p>", 5,
    ),
    Worker(
        "Yara Figueiredo", "agent", ("Trocas", "Entregas"), "pt-BR", "07:30", "13:30",
        "<p>Yara Figueiredo<br>Barro &amp; Linho · trocas e entregas</p>", 4,
    ),
    Worker(
        "Jonas Albuquerque", "agent", ("Entregas",), "pt-BR", "09:00", "18:00",
        "<p>Jonas Albuquerque<br>Expedição · Barro &amp; Linho</p>", 5,
    ),
    Worker(
        "Naomi Fletcher", "agent", ("Atacado", "Entregas"), "en", "10:00", "19:00",
        "<p>Naomi Fletcher<br>Barro &amp; Linho · wholesale &amp; export</p>", 5,
    ),
    Worker(
        "Damião Ferraz", "light", ("Trocas", "Atacado"), "pt-BR", "07:00", "16:00",
        "", 0,
    ),
)  # fmt: skip
"""Everybody, in the order of their ids: the admin first, the light agent of the workshop last."""


def who(role: str) -> Worker:
    """The first of this role: ``admin``, ``supervisor``, ``agent`` or ``light``."""
    return next(one for one in TEAM if one.role == role)
