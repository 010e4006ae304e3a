"""What a page or a fragment of ours says, as the page's script reads it. Text in, values out."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

_ROW = re.compile(r'<li\b[^>]*\bid="row-(\d+)"([^>]*)>')
_TURN = re.compile(r'<(?:article|p)\b[^>]*\bid="((?:message|event)-\d+)"([^>]*)>')
_COUNT = re.compile(r'id="nav-(\w+)"[^>]*\bdata-count="(\d*)"')
_NEXT = re.compile(r'<li hidden data-next="[^"]+"|<ol [^>]*\bid="rows"[^>]*\bdata-next="')
_HEAD = re.compile(r'<header [^>]*\bid="ticket-head"[^>]*\bdata-version="(\d+)"')
_SHOWN = re.compile(r'<div [^>]*\bid="turns"[^>]*\bdata-version="(\d+)"')
_BELL = re.compile(r'id="bell"[^>]*\bdata-unread="(\d+)" data-tickets="([\d ?]*)"')
_TOLD = re.compile(r'<template data-presence="([\d,]*)">(.*?)</template>', re.DOTALL)
_SEEN = re.compile(r'<span data-ticket="(\d+)">(.*?)(?=<span data-ticket=|<i hidden|$)', re.DOTALL)
_LAPSES = re.compile(r'data-lapses="(\d+)"')
_CSRF = re.compile(r'<meta name="csrf" content="([^"]+)">')


@dataclass(frozen=True)
class Row:
    """A line of a list; ``gone`` says that it stands there no more."""

    id: int
    version: int = 0
    at: str = ""
    gone: bool = False

    @property
    def order(self) -> str:
        """As ``rows.js`` compares it."""
        return f"{self.at} {self.id:012d}"


@dataclass(frozen=True)
class Turn:
    """A message or an event of the open ticket."""

    id: str
    version: int = 0
    at: float = 0.0
    gone: bool = False


@dataclass(frozen=True)
class Here:
    """Which rows an answer about presence speaks of, who of them is looked at, and when that may lapse."""

    told: frozenset[int] = frozenset()
    watched: frozenset[int] = field(default_factory=frozenset)
    lapses: int = 0


def rows(text: str) -> list[Row]:
    return [
        Row(int(number), int(_of(rest, "version") or 0), _of(rest, "at"), "data-gone" in rest)
        for number, rest in _ROW.findall(text)
    ]


def turns(text: str) -> list[Turn]:
    return [
        Turn(name, int(_of(rest, "version") or 0), float(_of(rest, "at") or 0), "data-gone" in rest)
        for name, rest in _TURN.findall(text)
    ]


def counts(text: str) -> dict[str, int]:
    """How many stand in each view, as the sidebar says."""
    return {name: int(number) for name, number in _COUNT.findall(text) if number}


def bell(text: str) -> tuple[int, str]:
    """How much is new, and on which tickets; ``?`` where that was not asked."""
    found = _BELL.search(text)
    return (int(found[1]), found[2]) if found else (0, "")


def has_more(text: str) -> bool:
    return _NEXT.search(text) is not None


def head_version(text: str) -> int:
    return _number(_HEAD, text)


def shown_version(text: str) -> int:
    return _number(_SHOWN, text)


def here(text: str) -> Here:
    """Who is at rows: what came with them, or an answer of its own."""
    found = _TOLD.search(text)
    told, said = (found[1], found[2]) if found else ("", text)
    watched = frozenset(int(number) for number, who in _SEEN.findall(said) if "data-doing" in who)
    return Here(frozenset(map(int, filter(None, told.split(",")))), watched, _number(_LAPSES, said))


def csrf(text: str) -> str:
    found = _CSRF.search(text)
    return html.unescape(found[1]) if found else ""


def _number(pattern: re.Pattern[str], text: str) -> int:
    found = pattern.search(text)
    return int(found[1]) if found else 0


def _of(attributes: str, name: str) -> str:
    found = re.search(rf'data-{name}="([^"]*)"', attributes)
    return html.unescape(found[1]) if found else ""
