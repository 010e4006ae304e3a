# ruff: noqa: E501 (names and letters of people)
"""The last days, told by hand: who writes this morning, what went wrong, and what is left on the desks."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from inbox.channels.email.answers import SAID
from inbox.demo.case import Case
from inbox.demo.customers import Buyers
from inbox.demo.house import FIELDS, House
from inbox.demo.mails import Letter, keep
from inbox.demo.names import CAST, MERGED
from inbox.demo.pictures import Paper, invoice, picture
from inbox.demo.rows import moment
from inbox.demo.tale import Act

if TYPE_CHECKING:
    from inbox.demo.world import World

CELIA, BRUNO, YARA, JONAS, NAOMI, DAMIAO = range(1, 7)

NOTES = {
    1: "Pedem todo mês. Faturar sempre no CNPJ da matriz, boleto 28 dias.",
    5: "Esmalte fosco, sempre. Quem decide é a Iracema.",
    8: "Cliente desde a feira de 2022. Gosta de bilhete na caixa.",
    13: "Prefers calls before 4 pm London time.",
    9: "Sempre compra no nome da irmã.",
}
"""What colleagues should know of some of the cast."""


class Told:
    """A conversation told in minutes before now."""

    def __init__(self, until: datetime, buyers: Buyers, who: int, address: int, house: House) -> None:
        self.until = until
        buyer = buyers.of(who)
        team = house.addresses[address - 1].team
        self.case = Case(buyer, "", buyer.language, 1, address, team)
        self.acts: list[Act] = []

    def wrote(self, ago: float, subject: str, text: str, *files: Paper, quotes: bool = False) -> Told:
        self.case.subject = self.case.subject or subject
        return self.then(ago, "receive", Letter(subject, text, [*files], "", quotes))

    def then(self, ago: float, verb: str, *said: Any) -> Told:
        at = self.until - timedelta(minutes=ago) + timedelta(milliseconds=137 * (len(self.acts) + 3))
        self.acts.append(Act(at, verb, said))
        return self

    def rated(self, score: int, reasons: list[str], comment: str, minutes: float) -> Told:
        """What they will say when they are asked."""
        self.case.rating = (score, reasons, comment, minutes)
        return self


def script(until: datetime, buyers: Buyers, house: House) -> list[tuple[Case, list[Act]]]:
    """By the moment each begins."""

    def of(name: int, address: int = 1) -> Told:
        told.append(Told(until, buyers, name, address, house))
        return told[-1]

    told: list[Told] = []
    _this_week(of, house)
    _yesterday(of, house)
    _this_morning(of, house, until)
    told.sort(key=lambda one: one.acts[0].at)
    return [(one.case, one.acts) for one in told]


DAY = 1440


def _this_week(of: Any, house: House) -> None:
    of(19).wrote(
        6 * DAY, "Vaso Cariri sem resposta",
        "Boa tarde,\n\nPerguntei no Instagram, no WhatsApp e agora por aqui: o vaso Cariri grande ainda existe? É para a "
        "inauguração do consultório da minha filha.\n\nMoacir Bandeira",
    ).wrote(3 * DAY, "Re: Vaso Cariri sem resposta", "Bom dia. Faz três dias que escrevi. Continuo interessado.").then(
        3 * DAY - 30, "prioritise", BRUNO, "urgent"
    )  # fmt: skip
    of(11, 2).wrote(
        5 * DAY, "Saladeira Olinda lascada",
        "Oi! A saladeira chegou com um lascadinho no pé. Dá para ver na foto. Pedido 4733.\n\nJuliana",
        picture(3, "saladeira.png"),
    ).then(5 * DAY - 60, "assign", YARA, YARA).then(
        5 * DAY - 50, "reply", YARA, "Oi, Juliana!\n\nQue pena! Outra saladeira sai amanhã. Pode ficar com essa também.", "resolved"
    ).rated(5, ["fast", "kind"], "Resolveu em uma hora e ainda fiquei com as duas!", 95)  # fmt: skip
    of(12).wrote(
        2 * DAY, "Nota da saladeira", "Oi, troquei de e-mail. A nota do 4733 pode vir neste aqui?\n\nJuliana Siqueira"
    ).then(2 * DAY - 80, "assign", BRUNO, BRUNO).then(
        2 * DAY - 70, "reply", BRUNO, "Oi, Juliana!\n\nPode sim, mandei agora. Quer que eu troque o e-mail do cadastro também?", "pending"
    )  # fmt: skip
    of(13, 3).wrote(
        4 * DAY, "Spring order: 60 Mangue bowls",
        "Hello Naomi,\n\nwe sold out faster than expected. Could you quote 60 more Mangue bowls in sand, and 20 Ipojuca "
        "platters? We would need them by mid January.\n\nBest,\nHarriet",
    ).then(4 * DAY - 90, "assign", NAOMI, NAOMI).then(4 * DAY - 89, "tag", NAOMI, house.tag("atacado")).then(
        4 * DAY - 85, "note", NAOMI,
        '<p><data value="6">@Damião Ferraz</data> do 60 bowls in sand fit into the December firing?</p>',
        "@Damião Ferraz do 60 bowls in sand fit into the December firing?", [DAMIAO],
    ).then(
        4 * DAY - 200, "note", DAMIAO, "<p>Cabem 48 na de dezembro e o resto na de 8 de janeiro.</p>",
        "Cabem 48 na de dezembro e o resto na de 8 de janeiro.", [],
    )  # fmt: skip
    of(14, 3).wrote(
        1 * DAY + 300, "Bowls: one more question", "Hi, writing from my other account. Is the sand glaze food safe? The buyer asks.\n\nHarriet"
    )  # fmt: skip
    of(15, 4).wrote(12 * DAY, "Entrega no sítio", "A estrada do sítio não tem CEP. Como faço?\n\nRogério").then(
        12 * DAY - 200, "reply", JONAS, "Oi, Rogério!\n\nMando para a agência de Natal e você retira com o RG. Pode ser?", "pending"
    ).wrote(11 * DAY, "", "Pode sim, fica até mais perto.", quotes=True).then(
        11 * DAY - 40, "reply", JONAS, "Combinado, saiu hoje!", "resolved"
    )  # fmt: skip
    of(16, 4).wrote(
        9 * DAY, "Retirada na agência", "Boa noite, aqui é o Rogério do sítio, escrevendo do celular. Cheguei na agência e não acharam."
    ).then(9 * DAY - 600, "reply", JONAS, "Oi, Rogério!\n\nEstá no nome do destinatário com o sobrenome da nota. Liguei lá: é só pedir por Tavares.",
           "resolved")  # fmt: skip


def _yesterday(of: Any, house: House) -> None:
    of(17, 2).wrote(
        1 * DAY + 400, "Açucareiro sem tampa", "Boa tarde. O açucareiro Jangada veio sem a tampa. Pedido 4768. Obrigada, Nilza"
    ).then(1 * DAY + 340, "assign", BRUNO, BRUNO).then(
        1 * DAY + 330, "reply", BRUNO, "Oi, Nilza!\n\nA tampa ficou na bancada, que vergonha. Sai hoje num envelope acolchoado.", "pending"
    ).then(1 * DAY + 329, "come_back", "5.1.1", "550 5.1.1 <nilza.prates@caixapostal.example>: user unknown")  # fmt: skip
    case = of(18, 3).wrote(
        1 * DAY + 200, "Catalogue for our showroom", "Hi,\n\ncould you send the full catalogue with high resolution pictures? Our showroom "
        "opens in two weeks.\n\nTheo"
    )  # fmt: skip
    case.then(1 * DAY + 120, "assign", NAOMI, NAOMI).then(
        1 * DAY + 110, "unsent", NAOMI, "Hi Theo,\n\nhere is the whole catalogue, 84 pages. It is a large file, I hope it gets through!\n\nNaomi"
    ).then(1 * DAY + 109, "fail", SAID, "552 5.3.4 Message size exceeds fixed limit")  # fmt: skip


def _this_morning(of: Any, house: House, until: datetime) -> None:
    of(2).wrote(
        330, "Prato lascado na entrega",
        "Bom dia, o prato veio lascado na borda. Já mandei fotos na sexta e ninguém respondeu.\n\nLívia", picture(5, "prato.png"),
    ).then(
        260, "reply", CELIA, "Bom dia, Lívia!\n\nDesculpe a demora. O prato novo sai hoje.\n\nUm abraço,\nCélia", "resolved"
    ).rated(2, ["slow"], "Precisei escrever duas vezes.", 42)  # fmt: skip
    of(3).wrote(
        300, "Pix cobrado duas vezes",
        "Bom dia,\n\nO Pix do pedido 4790 saiu duas vezes da minha conta. Segue o comprovante das duas cobranças.\n\nFico no "
        "aguardo,\nPaulo", invoice("4790", "comprovante.pdf"),
    ).then(
        288, "reply", BRUNO, "Bom dia, Paulo!\n\nDevolvemos a segunda cobrança agora há pouco.\n\nUm abraço,\nBruno", "resolved"
    ).rated(5, ["fast", "kind"], "Resolvido em dez minutos. Obrigado!", 31)  # fmt: skip
    of(4).wrote(
        280, "Refund for order 4702", "Hello,\n\nthe refund for order 4702 has not arrived yet. Could you check?\n\nThanks, Emma"
    ).then(240, "assign", CELIA, CELIA).then(
        238, "schedule", CELIA, "Hello Emma,\n\nwe sent it on Friday; banks take up to five days. If it is not there by tomorrow, "
        "I will call them.", until + timedelta(hours=20),
    )  # fmt: skip
    of(5, 3).wrote(
        190, "Orçamento: 60 bowls para restaurante",
        "Olá! Abrimos em janeiro e precisamos de 60 bowls no esmalte fosco. Qual seria o prazo e o valor?\n\nAteliê Mandacaru",
    ).then(150, "tag", CELIA, house.tag("atacado")).then(149, "set_topic", CELIA, house.topic("Atacado"))  # fmt: skip
    of(6).wrote(
        95,
        "Segunda via da nota fiscal",
        "Recebi o XML, mas preciso do PDF com o CNPJ da empresa.\n\nObrigado!",
    )
    of(7).wrote(
        60, "Do you ship to Lisbon?",
        "Hi there,\n\nI would love two linen runners for a wedding in May. Do you ship to Lisbon, and how long does it take?\n\nBest,\n"
        "Hannah",
    ).then(40, "assign", BRUNO, NAOMI)  # fmt: skip
    of(8, 2).wrote(
        45, "Xícara trincada no pedido 4821",
        "Bom dia! Meu pedido chegou agora, mas uma das xícaras veio trincada: o trincado vai da borda até quase a alça.\n\nEra presente "
        "da minha mãe, e o aniversário é sábado. Consigo receber outra até sexta?\n\nUm abraço, Marina", picture(2, "xicara.png"),
    ).then(40, "assign", BRUNO, BRUNO).then(39, "prioritise", BRUNO, "high").then(38, "tag", BRUNO, house.tag("troca")).then(
        30, "note", CELIA, '<p><data value="2">@Bruno Teixeira</data> tem três em Recife. Saindo até as 16h, chega quinta.</p>',
        "@Bruno Teixeira tem três em Recife. Saindo até as 16h, chega quinta.", [BRUNO],
    )  # fmt: skip
    of(9).wrote(
        25,
        "Cupom PRIMAVERA não entra",
        "Aparece “cupom expirado”, mas no e-mail de vocês o prazo é até domingo. Podem ver?",
    )
    of(10, 4).wrote(
        8, "Entrega parada em Cajamar", "Já são quatro dias sem atualizar o rastreio do pedido 4811. O que eu faço?"
    ).then(4, "assign", JONAS, JONAS)  # fmt: skip


# ------------------------------------------------------------------------------------- left on the desks


def leave_open(world: World) -> None:
    """Drafts, what somebody follows, what could not be read, and what is known of customers besides."""
    rows, until = world.batch.rows, world.until
    mine = {case.buyer.id: case for case in world.lately if case.buyer.id <= len(CAST)}
    drafts = (
        (NAOMI, 7, "<p>Hi Hannah,</p><p>how lovely! We ship to Lisbon with DHL, about ten days. For May</p>"),
        (BRUNO, 8, "<p>Oi, Marina!</p><p>Sinto muito. Outra xícara sai hoje até as 16h e chega</p>"),
        (JONAS, 10, "<p>Oi, Otávio, abri um chamado na</p>"),
    )
    for number, (who, buyer, html) in enumerate((one for one in drafts if one[1] in mine), 1):
        ticket = mine[buyer].id
        rows["draft"].append(
            (number, who, ticket, "reply", html, "", "{}", moment(until - timedelta(minutes=2)))
        )
    for who, buyer in ((CELIA, 8), (CELIA, 10), (BRUNO, 19), (DAMIAO, 13), (YARA, 2)):
        if buyer in mine:
            rows["following"].append((mine[buyer].id, who, moment(until - timedelta(minutes=1))))
    _not_read(world)
    if not world.many:
        _known(world)
    for number, (other, kept) in enumerate(MERGED.items(), 1):
        at = until - timedelta(days=2, hours=3)
        rows["merge"].append((number, kept, other, CELIA, "{}", moment(at), None, None))
        said = {"merged": other, "merge": number, "fields": []}
        world.front.log.record(
            until - timedelta(minutes=1), "customers_merged", said, customer=kept, agent=CELIA
        )


def _not_read(world: World) -> None:
    """One mail nobody could read, and a storm of another shop's news that is held."""
    until, front = world.until, world.front
    address = world.house.addresses[0].address
    odd = b"From: \r\nTo: " + address.encode() + b"\r\nSubject: =?utf-8?q?=F0=9F=93=A6?=\r\n\r\n\r\n"
    news = (
        b"From: Feirinha <novidades@feirinha.example>\r\nTo: "
        + address.encode()
        + b"\r\nSubject: Novidades\r\n"
    )
    why = "It names no sender: there is no From, Sender or Reply-To to answer to."
    found = [("failed", why, "?", odd, 700)]
    found += [
        ("held", "", "novidades@feirinha.example", news + b"X-N: %d\r\n\r\nOi!\r\n" % n, 500 - n)
        for n in range(12)
    ]
    for state, reason, sender, raw, ago in found:
        front.payload += 1
        world.batch.rows["payload"].append(
            (
                front.payload, 1, keep(raw), len(raw), json.dumps([address]), None, 0, sender, 0, 0, state, reason, "",
                int(state == "failed"), None, moment(until - timedelta(minutes=ago)),
            )
        )  # fmt: skip


def _known(world: World) -> None:
    """Of every third customer the house knows more."""
    choices = FIELDS[3][2]
    for number in range(1, world.buyers.n + 1):
        dice = world.teller.dice(5_000_000 + number)
        if not world.buyers.first[number] or number in MERGED or dice.random() > 0.35:
            continue
        values = {
            1: f"{dice.randrange(10**8, 10**9)}-{dice.randrange(10, 99)}",
            2: f"{dice.randint(1955, 2003)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}",
            3: f"{dice.randint(2019, 2025)}-{dice.randint(1, 12):02}-{dice.randint(1, 28):02}",
            4: dice.choice(choices),
            5: dice.choice(("yes", "no")),
        }
        for field in dice.sample(sorted(values), dice.randint(1, 4)):
            world.batch.rows["customer_value"].append((number, field, values[field]))
