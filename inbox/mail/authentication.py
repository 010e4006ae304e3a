"""Whether the sender is who the From line says, as our own mail server checked it (RFC 8601).

`Authentication-Results` is a field anybody can write. Only those count which our server wrote: it names
itself in them (its authserv-id), and it writes above what came with the mail. So:

* fields of other names never count, wherever they stand;
* above the first `Received` nothing of the sender's can stand: all fields of our name there count;
* below it our filters write too, but so may the sender have done: there only the first of our name counts.

That our server removes fields of its own name from what comes in is its duty (RFC 8601 section 5). A field
below the first From, Subject, Date or Message-ID was never written by a server, and does not count at all.

Microsoft 365 leaves its name out: the field begins with the first result. When the configured name is one of
Microsoft's (`mx.microsoft.com`, `protection.outlook.com`), the first field without a name counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from inbox.mail.domains import aligned

_MOST_CHARS = 10_000  # of one field
_MICROSOFT = ("microsoft.com", "outlook.com", "office365.com", "office.com", "hotmail.com")
_WRITTEN_BY_SENDERS = {"from", "subject", "date", "message-id"}
_FAILED = {"fail", "hardfail", "softfail"}


@dataclass(frozen=True, slots=True)
class _Result:
    """One `method=result` with its properties: `{"header.d": "loja.example"}`."""

    method: str
    result: str
    properties: dict[str, str] = field(default_factory=dict)


def verdict(
    headers: Sequence[tuple[str, str]], authserv_id: str, from_domain: str
) -> tuple[str, dict[str, str]]:
    """`("pass" | "fail" | "", {"spf": …, "dkim": …, "dmarc": …, "by": …})` for the domain of the From.

    DMARC decides where our server gives its result. Without one, an aligned DKIM or SPF pass is a pass (RFC
    7489 section 3.1, relaxed), both failing is a fail, and all else proves nothing. `headers` are
    `Mail.headers`, top first; `authserv_id` is what our server calls itself, several may be given with blanks
    or commas between. Without it nobody is trusted: `("", {})`.
    """
    names = set(authserv_id.lower().replace(",", " ").split())
    by, results = _ours(headers, names)
    if not results:
        return "", {}
    domain = from_domain.lower().rstrip(".")
    checks = {method: said for method in ("spf", "dkim", "dmarc") if (said := _said(results, method, domain))}
    return _trust(results, domain), {**checks, "by": by}


def _trust(results: Sequence[_Result], domain: str) -> str:
    said = {result.result for result in results if result.method == "dmarc" and _is_of(result, domain)}
    if "fail" in said:
        return "fail"
    if "pass" in said or any(_vouches(result, domain) for result in results):
        return "pass" if domain else ""
    spf = {result.result for result in results if result.method == "spf"}
    dkim = {result.result for result in results if result.method == "dkim"}
    return "fail" if spf and dkim and spf <= _FAILED and dkim <= _FAILED else ""


def _is_of(result: _Result, domain: str) -> bool:
    """Whether a DMARC result speaks of the From that we read; of two the server may have read the other."""
    checked = result.properties.get("header.from", "").rpartition("@")[2].rstrip(".")
    return not checked or checked == domain


def _vouches(result: _Result, domain: str) -> bool:
    return result.result == "pass" and any(aligned(name, domain) for name in _domains(result))


def _domains(result: _Result) -> Iterator[str]:
    """The domains a DKIM or SPF result is about."""
    if result.method == "dkim":
        yield result.properties.get("header.d") or result.properties.get("header.i", "").rpartition("@")[2]
    elif result.method == "spf":
        sender = result.properties.get("smtp.mailfrom", "")
        yield sender.rpartition("@")[2] or result.properties.get("smtp.helo", "")


def _said(results: Sequence[_Result], method: str, domain: str) -> str:
    """What is shown of a method: of several results the one that vouches for the sender, else the first."""
    found = [result for result in results if result.method == method]
    found.sort(key=lambda result: not _vouches(result, domain))
    return found[0].result if found else ""


def _ours(headers: Iterable[tuple[str, str]], names: set[str]) -> tuple[str, list[_Result]]:
    """The name under which our server wrote, and what it wrote."""
    unnamed = any(name.endswith(_MICROSOFT) for name in names)
    by, found, below = "", list[_Result](), False
    for name, value in takewhile(lambda item: item[0].lower() not in _WRITTEN_BY_SENDERS, headers):
        if name.lower() == "received":
            if found:
                break
            below = True
        elif name.lower() == "authentication-results":
            author, results = _read(value[:_MOST_CHARS])
            if author in names or (unnamed and not author):
                by, found = by or author or min(names), found + results
                if below:
                    break
    return by, found


def _read(value: str) -> tuple[str, list[_Result]]:
    """(authserv-id, '' where the first result stands in its place; results)."""
    parts = [part.split() for part in _plain(value).split(";")]
    author = ""
    if parts[0] and "=" not in "".join(parts[0]):
        author = parts[0][0].lower().rstrip(".")
        parts = parts[1:]
    return author, [result for part in parts if part and (result := _result(part))]


def _result(words: list[str]) -> _Result | None:
    method, equals, result = words[0].lower().partition("=")
    method = method.partition("/")[0]  # a version
    if not equals or not method or not result:
        return None
    properties: dict[str, str] = {}
    for word in words[1:]:
        name, _, said = word.lower().partition("=")
        if "." in name and said:
            properties.setdefault(name, said)
    return _Result(method, result, properties)


def _plain(value: str) -> str:
    """The field without comments, its quoted strings made inert, no blanks around `=` and `/`."""
    kept: list[str] = []
    depth, quoted, at = 0, False, 0
    while at < len(value):
        char = value[at]
        if char == "\\" and (depth or quoted):
            at += 1
        elif depth:
            depth += (char == "(") - (char == ")")
        elif char == '"':
            quoted = not quoted
        elif quoted:
            kept.append("_" if char in ";= \t" else char)
        elif char == "(":
            depth = 1
            kept.append(" ")
        else:
            kept.append(char)
        at += 1
    text = " ".join("".join(kept).replace(";", " ; ").split())
    for mark in ("=", "/"):
        text = text.replace(f" {mark}", mark).replace(f"{mark} ", mark)
    return text
