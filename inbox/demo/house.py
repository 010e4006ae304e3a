# ruff: noqa: E501 (names and letters of people)
"""The house the conversations happen in: its people, teams, addresses, words and rules, as ordinary rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from inbox import channels, surveys
from inbox.db import session
from inbox.demo.names import HOUSES
from inbox.demo.people import COMPANY, DOMAIN, TEAM, TEAMS, ZONE
from inbox.models import (
    Account,
    AccountAddress,
    Agent,
    Connection,
    CustomerField,
    Installation,
    Macro,
    MacroText,
    Organisation,
    OrganisationDomain,
    Tag,
    Team,
    Topic,
)
from inbox.tickets.words import first_name

CHANNELS = (("mail", 100, f"contato@{DOMAIN}"),)
"""What customers write by: kind, share, and the account's address. A line whose kind is not registered yet is
nobody's: a new channel brings its share with its line."""

ADDRESSES = (
    (f"contato@{DOMAIN}", "", None),
    (f"trocas@{DOMAIN}", "Barro & Linho Trocas", "Trocas"),
    (f"atacado@{DOMAIN}", "Barro & Linho Atacado", "Atacado"),
    (f"entregas@{DOMAIN}", "Barro & Linho Entregas", "Entregas"),
)
"""Of the mailbox: the address, its name, and whose it is."""

TAGS = (
    "troca", "avaria", "reembolso", "atacado", "orçamento", "nota fiscal", "pix", "boleto", "entrega",
    "extravio", "internacional", "presente", "sob medida", "cupom", "urgente", "elogio", "imprensa", "vip",
    "cor", "endereço", "alfândega", "reposição",
)  # fmt: skip

TOPICS = ("Avaria", "Entrega", "Pagamento", "Dúvida de produto", "Troca e devolução", "Atacado", "Elogio")

FIELDS: tuple[tuple[str, str, list[str]], ...] = (
    ("CPF/CNPJ", "text", []),
    ("Aniversário", "date", []),
    ("Compra desde", "date", []),
    ("Conheceu a loja por", "choice", ["Instagram", "Feira de Olinda", "Indicação", "Busca", "Restaurante"]),
    ("Aceita novidades", "yes_no", []),
)
"""What the house wants to know of its customers."""

MACROS: tuple[tuple[str, str | None, dict[str, str], list[dict[str, Any]]], ...] = (
    (
        "Pedir foto da avaria",
        "Trocas",
        {
            "pt": "<p>Oi, {{customer.first_name}}!</p><p>Sinto muito por isso. Você me manda uma foto da peça e uma da caixa? "
            "Com elas já separo a reposição.</p>",
            "en": "<p>Hi {{customer.first_name}},</p><p>I am sorry about that. Could you send me a photo of the piece and one of "
            "the box? I will put a replacement aside at once.</p>",
        },
        [{"do": "tag", "to": "avaria"}, {"do": "status", "to": "pending"}],
    ),
    (
        "Segunda via da nota",
        None,
        {
            "pt": "<p>Oi, {{customer.first_name}}!</p><p>Segue a nota em PDF. Qualquer divergência, é só responder aqui.</p>",
            "en": "<p>Hi {{customer.first_name}},</p><p>Here is the invoice as a PDF. If anything looks wrong, just reply.</p>",
        },
        [{"do": "tag", "to": "nota fiscal"}, {"do": "status", "to": "resolved"}],
    ),
    (
        "Prazo de entrega",
        "Entregas",
        {
            "pt": "<p>Oi, {{customer.first_name}}!</p><p>Abrimos um chamado na transportadora. Ela responde em até dois dias "
            "úteis, e eu escrevo assim que souber.</p>",
            "en": "<p>Hi {{customer.first_name}},</p><p>We asked the carrier to look for it. They answer within two working days, "
            "and I will write as soon as I know.</p>",
        },
        [{"do": "tag", "to": "entrega"}, {"do": "status", "to": "pending"}],
    ),
    (
        "Tabela de atacado",
        "Atacado",
        {
            "pt": "<p>Olá, {{customer.first_name}}!</p><p>O pedido mínimo é de 24 peças por esmalte, e o prazo é de 30 a 40 dias. "
            "Me conta o que você tem em mente que eu monto o orçamento.</p>",
            "en": "<p>Hello {{customer.first_name}},</p><p>The minimum is 24 pieces a glaze, and we need 30 to 40 days. Tell me what "
            "you have in mind and I will put a quote together.</p>",
        },
        [{"do": "tag", "to": "atacado"}],
    ),
    (
        "Obrigada pelo carinho",
        None,
        {
            "pt": "<p>{{customer.first_name}}, que alegria ler isso! Mostrei para o Damião no ateliê.</p>",
            "en": "<p>{{customer.first_name}}, this made our day! I read it out in the workshop.</p>",
        },
        [{"do": "status", "to": "resolved"}],
    ),
)


@dataclass(slots=True)
class Address:
    id: int
    address: str
    team: int | None
    account: int
    name: str
    signature: str = ""


class House:
    """What the desk has to know of it, by id."""

    by_server_until: datetime | None = None
    """Until then its answers left by a mail server; the demo has none, and shows them."""

    def __init__(self) -> None:
        self.tags = list(TAGS)
        self.used: dict[int, datetime] = {}
        self.team_ids = {name: number for number, name in enumerate(TEAMS, 1)}
        self.kinds = [line for line in CHANNELS if line[0] in channels.registry.channels]
        self.addresses = [
            Address(n, address, self.team_ids.get(team or ""), 1, name or COMPANY)
            for n, (address, name, team) in enumerate(ADDRESSES, 1)
        ]
        self.supervisors = [n for n, one in enumerate(TEAM, 1) if one.role in ("admin", "supervisor")]
        self._members = {
            number: [n for n, one in enumerate(TEAM, 1) if name in one.teams]
            for name, number in self.team_ids.items()
        }

    def members(self, team: int | None) -> list[int]:
        return self._members[team] if team else []

    def sees(self, agent: int, team: int | None, assignee: int | None) -> bool:
        return team is None or agent in self.supervisors or agent in self._members[team] or agent == assignee

    def writers(self, team: int | None) -> list[int]:
        """Who answers what is this team's, each as often as their share says."""
        own = [n for n, one in enumerate(TEAM, 1) if one.share and (n in self.members(team) or team is None)]
        return [n for n in own for _ in range(TEAM[n - 1].share)]

    def tag(self, name: str) -> int:
        return self.tags.index(name) + 1

    def topic(self, name: str) -> int:
        return TOPICS.index(name) + 1

    def tag_used(self, tag: int, at: datetime) -> None:
        self.used[tag] = at

    def signature(self, by: int, address: Address) -> str:
        both = [one for one in (TEAM[by - 1].signature, address.signature) if one]
        return "".join(f"<div>{html}</div>" for html in both) if len(both) > 1 else "".join(both)

    def via(self, at: datetime) -> str:
        return "smtp" if self.by_server_until and at < self.by_server_until else "preview"

    def question(self, case: Any, agent: int | None) -> tuple[str, str]:
        """The survey's text and subject, in the customer's language."""
        said = surveys.WORDS[case.language]
        name = first_name(case.buyer.name)
        hello = said.hello.format(name=name) if name else said.hello_nobody
        asks = said.asks.format(agent=TEAM[agent - 1].name.split()[0]) if agent else said.asks_nobody
        about = " ".join(case.subject.split())
        cut = about if len(about) <= 60 else f"{about[:59].rstrip()}…"
        return f"{hello}\n\n{asks}", said.about.format(subject=cut) if cut else said.subject


def furnish(house: House, at: datetime, until: datetime, password: str, public_url: str) -> None:
    """Its rows, by the session."""
    teams = [Team(id=n, name=name, created_at=at, rights=_rights(name)) for n, name in enumerate(TEAMS, 1)]
    by_name = {team.name: team for team in teams}
    session.merge(
        Installation(
            id=1, company=COMPANY, language="pt-BR", zone=ZONE, public_url=public_url, set_up_at=at,
            setup_token_hash=None, second_factor_required=False, feedback={},
        )
    )  # fmt: skip
    session.add_all(teams)
    for n, one in enumerate(TEAM, 1):
        session.add(
            Agent(
                id=n, name=one.name, email=one.email, role=one.role, language=one.language, zone=ZONE, hours=one.hours,
                signature=one.signature, password_hash=password, teams=[by_name[name] for name in one.teams],
                created_at=at,
            )
        )  # fmt: skip
    session.flush()
    _mailboxes(house, at, until)
    _words(by_name, at, until)
    for n, organisation in enumerate(HOUSES, 1):
        session.add(
            Organisation(
                id=n, name=organisation.name, tier=organisation.tier, note=organisation.note, created_at=at,
                domains=[OrganisationDomain(domain=organisation.domain)],
            )
        )  # fmt: skip
    session.flush()


def _rights(team: str) -> list[str]:
    return {"Atacado": ["customers", "figures"], "Trocas": ["customers"]}.get(team, [])


def _mailboxes(house: House, at: datetime, until: datetime) -> None:
    for number, (kind, _share, address) in enumerate(house.kinds, 1):
        account = Account(
            id=number,
            kind=kind,
            name=COMPANY,
            address=address,
            settings={"acknowledge": False},
            created_at=at,
        )
        session.add(account)
        session.flush()
        for one in house.addresses:
            if one.account == number:
                session.add(
                    AccountAddress(
                        id=one.id, account_id=number, address=one.address, team_id=one.team, signature=one.signature,
                        name="" if one.name == COMPANY else one.name,
                    )
                )  # fmt: skip


def _words(teams: dict[str, Team], at: datetime, until: datetime) -> None:
    session.add_all(Tag(id=n, name=name) for n, name in enumerate(TAGS, 1))
    session.add_all(Topic(id=n, name=name, position=n) for n, name in enumerate(TOPICS, 1))
    for n, (name, kind, choices) in enumerate(FIELDS, 1):
        session.add(CustomerField(id=n, name=name, kind=kind, choices=choices, position=n, created_at=at))
    for n, (name, team, texts, actions) in enumerate(MACROS, 1):
        session.add(
            Macro(
                id=n, name=name, team_id=teams[team].id if team else None, actions=actions, use_count=60 - 11 * n,
                last_used_at=until - timedelta(hours=7 * n), created_at=at,
                texts=[MacroText(language=language, html=html) for language, html in texts.items()],
            )
        )  # fmt: skip


def begun(at: datetime) -> list[tuple[datetime, str, dict[str, Any]]]:
    """What the admin did on the first day, as the audit tells it."""
    done: list[tuple[str, dict[str, Any]]] = [("set_up", {}), ("account_added", {"account": 1})]
    counts = {
        "team_added": ("team", TEAMS), "person_invited": ("agent", TEAM), "macro_added": ("macro", MACROS),
        "topic_added": ("topic", TOPICS), "field_added": ("field", FIELDS),
        "organisation_added": ("organisation", HOUSES),
    }  # fmt: skip
    for kind, (thing, things) in counts.items():
        done += [(kind, {thing: n}) for n in range(1, len(things) + 1)]
    return [(at + timedelta(minutes=3 * n), kind, data) for n, (kind, data) in enumerate(done)]


def wind_up(used: dict[int, datetime], last_in: datetime, last_out: datetime) -> None:
    """What the house knows at the end of its story."""
    for tag, at in used.items():
        session.get_one(Tag, tag).used_at = at
    for direction, last in (("in", last_in), ("out", last_out)):
        session.add(
            Connection(account_id=1, direction=direction, state="ok", tried_at=last, ok_at=last, last_at=last)
        )
