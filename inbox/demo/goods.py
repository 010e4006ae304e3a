"""What Barro & Linho sells, who carries it, and how a story's gaps are filled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any


@dataclass(frozen=True, slots=True)
class Product:
    pt: str
    en: str
    price: int
    """In reais."""
    female: bool

    def said(self, language: str) -> str:
        return self.pt if language == "pt" else self.en


PRODUCTS = (
    Product("xícara Sertão", "Sertão espresso cup", 68, True),
    Product("caneca Maracatu", "Maracatu mug", 89, True),
    Product("prato raso Caatinga", "Caatinga dinner plate", 112, False),
    Product("prato fundo Caatinga", "Caatinga soup plate", 108, False),
    Product("bowl Mangue", "Mangue bowl", 96, False),
    Product("travessa Ipojuca", "Ipojuca serving platter", 238, True),
    Product("moringa Bonfim", "Bonfim water jug", 189, True),
    Product("vaso Cariri", "Cariri vase", 265, False),
    Product("bule Aurora", "Aurora teapot", 274, False),
    Product("saladeira Olinda", "Olinda salad bowl", 219, True),
    Product("manteigueira Jangada", "Jangada butter dish", 134, True),
    Product("açucareiro Jangada", "Jangada sugar pot", 118, False),
    Product("jogo de seis xícaras Sertão", "set of six Sertão cups", 372, False),
    Product("castiçal Recife Antigo", "Recife Antigo candlestick", 142, False),
    Product("toalha de linho Agreste", "Agreste linen tablecloth", 429, True),
    Product("caminho de mesa Agreste", "Agreste linen runner", 198, False),
    Product("jogo de guardanapos de linho", "set of linen napkins", 176, False),
    Product("jogo americano Palha", "Palha placemat set", 158, False),
    Product("avental de linho Oficina", "Oficina linen apron", 187, False),
    Product("pano de prato Feira", "Feira tea towel", 49, False),
    Product("fronha de linho Sereno", "Sereno linen pillowcase", 149, True),
    Product("lençol de linho Sereno", "Sereno linen sheet", 612, False),
    Product("luminária Cobogó", "Cobogó lamp", 348, True),
    Product("fruteira Capibaribe", "Capibaribe fruit bowl", 226, True),
)

POTTERY = tuple(
    one
    for one in PRODUCTS
    if "linen" not in one.en and one.en not in ("Palha placemat set", "Feira tea towel")
)
LINEN = tuple(one for one in PRODUCTS if one not in POTTERY)

CARRIERS = {
    "pt": ("Correios", "Jadlog", "Loggi", "Total Express", "Azul Cargo"),
    "en": ("Correios", "DHL", "FedEx", "DHL"),
}

GLAZES = {
    "pt": ("branco fosco", "azul-noite", "terracota", "verde-mata", "areia", "preto ferro"),
    "en": ("matt white", "night blue", "terracotta", "forest green", "sand", "iron black"),
}

WEEKDAYS = {
    "pt": ("segunda", "terça", "quarta", "quinta", "sexta", "sábado", "domingo"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip

STREETS = {
    "pt": (
        "Rua da Aurora",
        "Rua do Amparo",
        "Av. Boa Viagem",
        "Rua Harmonia",
        "Rua Augusta",
        "Travessa do Sol",
        "Rua XV de Novembro",
    ),
    "en": ("Mill Lane", "Harbour Road", "Linden Street", "Church Row", "Alder Avenue", "Quay Street"),
}

COUPONS = ("PRIMAVERA", "LINHO10", "BEMVINDO", "FRETEGRATIS", "FEIRA15")


def money(reais: int, language: str) -> str:
    return f"R$ {f'{reais:,}'.replace(',', '.')},00" if language == "pt" else f"R${reais:,}"


def gaps(dice: Random, language: str, at: datetime, order: int, of: str, city: str) -> dict[str, Any]:
    """What the braces in a story's sentences stand for, this time."""
    thing, other = dice.sample({"pottery": POTTERY, "linen": LINEN}.get(of, PRODUCTS), 2)
    local = at - timedelta(hours=3)
    ago, ahead = local - timedelta(days=dice.randint(2, 9)), local + timedelta(days=dice.randint(4, 12))
    n = dice.choice((2, 2, 3, 4, 4, 6))
    name = thing.said(language)
    first = name.split()[0 if language == "pt" else -1]
    a = "a" if thing.female else "o"
    return {
        "order": order, "name": "{name}", "item": name, "short": first, "other": other.said(language),
        "n": n, "a": a,
        "o_item": f"{a} {name}", "um_item": f"{'uma' if thing.female else 'um'} {name}",
        "do_item": f"d{a} {name}",
        "no_item": f"n{a} {name}", "ele": "ela" if thing.female else "ele",
        "price": money(thing.price, language),
        "total": money(thing.price * n + 38, language), "carrier": dice.choice(CARRIERS[language]),
        "tracking": f"{dice.choice('LNQ')}{dice.choice('BEX')}{dice.randrange(10**8, 10**9)}BR",
        "glaze": dice.choice(GLAZES[language]), "coupon": dice.choice(COUPONS), "city": city,
        "street": f"{dice.choice(STREETS[language])}, {dice.randint(12, 1890)}" if language == "pt"
        else f"{dice.randint(2, 190)} {dice.choice(STREETS[language])}",
        "weekday": WEEKDAYS[language][ago.weekday()], "soon": WEEKDAYS[language][ahead.weekday()],
        "date": _date(ago, language), "deadline": _date(ahead, language), "days": (local - ago).days,
        "many": dice.choice((24, 30, 36, 40, 48, 60, 80)), "cm": dice.choice((18, 22, 26, 28, 32, 140, 180)),
    }  # fmt: skip


def _date(day: datetime, language: str) -> str:
    return f"{day:%d/%m}" if language == "pt" else f"{day.day} {MONTHS[day.month - 1]}"
