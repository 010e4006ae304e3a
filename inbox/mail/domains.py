"""Which domains belong to one organisation (RFC 7489 section 3.2), without a list that has to be kept fresh.

The public suffix list is data that ages. Here the last two labels are the organisation, three where the
second is a register's category (`com.br`, `co.uk`) or a host that lends names to strangers (`github.io`). A
category we do not know would join strangers, so the list is generous; one too many only fails to join
relatives.
"""

from __future__ import annotations

_CATEGORIES = {
    "ac", "ad", "co", "com", "edu", "ed", "eco", "gen", "go", "gob", "gok", "gouv", "gov", "govt",
    "gub", "gv", "ind", "info", "int", "ltd", "me", "mil", "muni", "ne", "net", "nic", "nom", "or",
    "org", "plc", "presse", "pro", "sch", "school", "tm", "tur", "web",
}  # fmt: skip
_MORE = {
    "br": """abc adm adv aju am arq art ato b bib bio blog bmd bsb cim cnt coop cng des det dev ecn eng enf
        emp esp etc eti far flog floripa fm fnd fot fst g12 geo ggf imb inf jor jus leg lel log mat med mp mus
        not ntr odo ong poa ppg psc psi qsl radio rec rep rio sjc slg srv taxi tc teo tec tmp trd tv vet vlog
        wiki zlg app""",
    "uk": "nhs police",
    "jp": "gr lg",
    "kr": "re pe",
    "in": "firm res",
    "au": "asn id",
    "nz": "geek iwi kiwi maori cri health",
    "za": "law nis",
    "fr": "asso prd",
    "hu": "sport bolt",
    "pl": "waw",
    "il": "k12 idf",
    "tr": "bel pol k12 av dr bbs name tel gen kep",
    "th": "in mi",
    "id": "my desa biz",
    "ua": "kiev kyiv lviv",
    "ru": "msk spb",
}
_IN_COUNTRY = {country: _CATEGORIES | set(names.split()) for country, names in _MORE.items()}
_LENT = {
    "github.io", "gitlab.io", "herokuapp.com", "blogspot.com", "wordpress.com", "myshopify.com",
    "azurewebsites.net", "cloudfront.net", "amazonaws.com", "appspot.com", "firebaseapp.com", "web.app",
    "netlify.app", "vercel.app", "pages.dev", "workers.dev", "onmicrosoft.com", "sharepoint.com",
    "duckdns.org", "ddns.net", "dyndns.org", "no-ip.org", "hopto.org", "uk.com", "us.com", "eu.com",
    "br.com", "de.com", "gb.net", "sa.com", "za.com", "eu.org", "co.com",
}  # fmt: skip


def organisation(domain: str) -> str:
    """`loja.com.br` for `mail.loja.com.br`; '' for no organisation's domain (`com.br`, `localhost`)."""
    labels = domain.lower().strip(".").split(".")
    if not all(labels) or len(labels) < 2:
        return ""
    category = labels[-2] in _IN_COUNTRY.get(labels[-1], _CATEGORIES) and len(labels[-1]) == 2
    size = 3 if category or ".".join(labels[-2:]) in _LENT else 2
    return ".".join(labels[-size:]) if len(labels) >= size else ""


def aligned(one: str, other: str) -> bool:
    """Whether two domains belong to one organisation: DMARC's relaxed alignment."""
    first = organisation(one)
    return bool(first) and first == organisation(other)
