"""The page of an export that people read: one file, without scripts and without anything from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from inbox.models import Installation

WORDS = {
    "en": {
        "title": "What {company} holds about you",
        "made": "Made on {date}. The same for machines is in data.json; files and mails lie beside this "
        "page.",
        "you": "You",
        "company": "We",
        "note": "A note among us about this",
        "another person": "Somebody else",
        "left_out": "What other people wrote is theirs and is left out (GDPR art. 15(4)).",
        "conversations": "Conversations",
        "elsewhere": "What you wrote in conversations of others",
        "person": "You, as we know you",
        "empty": "Its words were erased on {date}.",
        "no_subject": "No subject",
        "rated": "You rated this {score} of 5.",
        "mail": "the mail itself",
    },
    "pt": {
        "title": "O que {company} guarda sobre você",
        "made": "Feito em {date}. Os mesmos dados, para programas, estão em data.json; os arquivos e os "
        "e-mails estão ao lado desta página.",
        "you": "Você",
        "company": "Nós",
        "note": "Uma anotação nossa sobre isto",
        "another person": "Outra pessoa",
        "left_out": "O que outras pessoas escreveram é delas e ficou de fora (RGPD, art. 15(4)).",
        "conversations": "Conversas",
        "elsewhere": "O que você escreveu em conversas de outras pessoas",
        "person": "Você, como conhecemos",
        "empty": "O que foi dito aqui foi apagado em {date}.",
        "no_subject": "Sem assunto",
        "rated": "Você deu nota {score} de 5.",
        "mail": "o e-mail em si",
    },
}
"""The words are the customer's, so they stand here, and not among the translations of the screens."""

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1c1917}"
    "h1{font-size:1.6rem}h2{margin-top:2.5rem}article{border-top:1px solid #d6d3d1;padding:.75rem 0}"
    "dt{color:#57534e}dd{margin:0 0 .5rem}small{color:#57534e}pre{white-space:pre-wrap;font:inherit}"
)


def page(data: dict[str, Any]) -> str:
    """HTML in the customer's language, or else the company's."""
    language = str(data["person"]["language"] or Installation.current().language)
    said = WORDS["pt" if language.lower().startswith("pt") else "en"]
    title = escape(said["title"].format(company=data["company"]))
    facts = "".join(_facts(data["person"]))
    talks = "".join(_talk(one, said) for one in data["conversations"])
    away = "".join(_said(one, said) for one in data["elsewhere"])
    elsewhere = f"<h2>{said['elsewhere']}</h2>{away}" if away else ""
    return (
        f'<!doctype html><html lang="{escape(language[:2])}"><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style><h1>{title}</h1>'
        f"<p>{escape(said['made'].format(date=data['made_at'][:10]))}</p>"
        f"<h2>{said['person']}</h2><dl>{facts}</dl><h2>{said['conversations']}</h2>{talks}"
        f"{elsewhere}</html>"
    )


def _facts(person: dict[str, Any]) -> Iterator[str]:
    for name, value in person.items():
        if name == "addresses":
            value = ", ".join(one["address"] for one in value)
        elif name == "fields":
            value = "; ".join(f"{one['name']}: {one['value']}" for one in value)
        elif isinstance(value, list):
            value = ", ".join(value)
        if value:
            yield f"<dt>{escape(name.replace('_', ' '))}</dt><dd>{escape(str(value))}</dd>"


def _talk(one: dict[str, Any], said: dict[str, str]) -> str:
    head = f"<h3>#{one['number']} {escape(one['subject'] or said['no_subject'])}</h3>"
    if one["emptied_at"]:
        return f"{head}<p>{escape(said['empty'].format(date=one['emptied_at'][:10]))}</p>"
    rated = "".join(
        f"<article><p>{said['rated'].format(score=each['score'])}</p><pre>{escape(each['comment'])}</pre></article>"
        for each in one["ratings"]
        if "score" in each
    )
    return head + "".join(_said(each, said) for each in one["messages"]) + rated


def _said(one: dict[str, Any], said: dict[str, str]) -> str:
    head = f"<p><b>{escape(said[one['from']])}</b> <small>{escape((one['at'] or '')[:16])}</small></p>"
    if "left_out" in one:
        return f"<article>{head}<p><small>{escape(said['left_out'])}</small></p></article>"
    links = [(each["path"], each["filename"]) for each in one["files"] if each["path"]]
    links += [(one["original"], said["mail"])] if one["original"] else []
    listed = " · ".join(f'<a href="{escape(path)}">{escape(name)}</a>' for path, name in links)
    return f"<article>{head}<pre>{escape(one['text'])}</pre><p><small>{listed}</small></p></article>"
