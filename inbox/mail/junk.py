"""Spam: what a filter on the way wrote into the headers, and what the team's own verdicts say of the words.

`words` and `score` are Robinson's word probabilities combined with Fisher's chi-square, as SpamBayes does it
(G. Robinson, "A Statistical Approach to the Spam Problem", Linux Journal 107, 2003).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from inbox.mail.domains import aligned
from inbox.text import fold

SPAM_FROM = 0.95
"""A `score` from here on is spam; below, the team decides. One good mail lost costs more than ten spams."""

_LEAST_MAILS = 10  # of either kind, before words mean anything
_UNKNOWN, _STRENGTH = 0.5, 0.45  # Robinson's x and s: what a word never seen says, and how long that lasts
_LEAST_DISTANCE = 0.1  # from 0.5: nearer words say nothing
_MOST_WORDS = 150  # that are combined: the plainest
_MOST_CHARS = 20_000  # of a text
_MOST_TOKENS = 400  # of a mail
_WORD = re.compile(r"[^\W_][\w'$€%-]{1,23}[^\W_]|[$€%]")
_HOST = re.compile(r"https?://(?:[^\s/@<>\"]{0,100}@)?([a-zA-Z0-9.-]{1,100})")
_SHOUTED = re.compile(r"\b[A-ZÀ-Ý]{4,20}\b")


def _begins(*words: str) -> Callable[[str], bool]:
    return lambda value: value.strip().lower().startswith(words)


def _scl(value: str) -> bool:
    """Exchange's spam confidence level: 5 and 6 are spam, 7 to 9 certainly; -1 is a trusted sender."""
    level = value.strip()[:3]
    return level.isdigit() and int(level) >= 5


def _forefront(value: str) -> bool:
    """Microsoft's `SFV:` verdict: SPM by the filter, SKS by a rule of ours, SKB from a blocked sender."""
    said = dict(pair.strip().partition(":")[::2] for pair in value[:2_000].upper().split(";"))
    return said.get("SFV") in ("SPM", "SKS", "SKB")


# Who writes it, the field, what says that it is spam.
_FILTERS: tuple[tuple[str, str, Callable[[str], bool]], ...] = (
    ("rspamd", "x-rspamd-action", _begins("reject", "add header", "rewrite subject")),
    ("rspamd", "x-spamd-result", _begins("default: true")),
    ("spamassassin", "x-spam-status", _begins("yes")),
    ("headers", "x-spam-flag", _begins("yes", "true")),
    ("headers", "x-spam", _begins("yes", "true", "spam")),
    ("headers", "x-ms-exchange-organization-scl", _scl),
    ("headers", "x-forefront-antispam-report", _forefront),
    ("headers", "x-ses-spam-verdict", _begins("fail")),
    ("headers", "x-barracuda-spam-status", _begins("yes")),
    ("headers", "x-bogosity", _begins("spam", "yes")),
    ("headers", "x-dspam-result", _begins("spam", "blacklisted")),
)


def by_headers(headers: Sequence[tuple[str, str]], ours: str = "") -> str:
    """Which filter calls the mail spam: `rspamd`, `spamassassin`, `headers` for another; '' for none.

    Anybody can write these fields. A sender who calls his own mail spam harms himself only, but a list or a
    forwarding server may pass on a verdict that is not ours. So the caller asks only for mailboxes whose
    server filters, and gives in `ours` a host name of that server (the authserv-id will do): then a filter
    which names its host, as SpamAssassin and rspamd do, counts only where that host is of our organisation.
    `X-Spam-Status: No` proves nothing and is read as nothing. Gmail writes no verdict: its spam is a folder.
    """
    if ours and not _is_by(headers, ours):
        return ""
    for who, field, says in _FILTERS:
        if any(name.lower() == field and says(value) for name, value in headers):
            return who
    return ""


def _is_by(headers: Iterable[tuple[str, str]], ours: str) -> bool:
    hosts = [host for name, value in headers if (host := _filter_host(name.lower(), value[:500]))]
    return not hosts or any(host == ours.lower() or aligned(host, ours) for host in hosts)


def _filter_host(name: str, value: str) -> str:
    """The host a filter says it ran on: `SpamAssassin 4.0.0 (2022-12-14) on mx.loja.example`."""
    if name == "x-rspamd-server":
        host = value
    else:
        host = value.rpartition(" on ")[2] if name == "x-spam-checker-version" else ""
    host = host.strip().lower()
    return host if "." in host and " " not in host else ""


def words(subject: str, text: str, sender: str) -> set[str]:
    """What `score` looks at, each of at most 64 characters: words of the text, of the subject (`subject:`),
    hosts of links (`link:`), the sender's domain (`from:`), and signs (`sign:`).
    """
    text = text[:_MOST_CHARS]
    found = dict.fromkeys(_words(subject[:500], "subject:"))
    if domain := sender.rpartition("@")[2].strip().lower():
        found[f"from:{domain[:58]}"] = None
    found |= dict.fromkeys(f"link:{host.lower()[-58:]}" for host in _HOST.findall(text))
    if len(_SHOUTED.findall(subject[:500])) > 2:
        found["sign:shouted-subject"] = None
    found |= dict.fromkeys(_words(text, ""))
    return set(list(found)[:_MOST_TOKENS])


def _words(text: str, kind: str) -> Iterable[str]:
    return (f"{kind}{word}" for word in _WORD.findall(fold(text)) if not word.isdigit())


def score(words: Iterable[str], counts: Mapping[str, tuple[int, int]], mails: tuple[int, int]) -> float:
    """How much like spam a mail is, from 0 to 1; 0.5 where nothing is known or the signs disagree.

    `counts` has for a word the number of (spam, good) mails it stood in, `mails` how many of each there are.
    """
    if min(mails) < _LEAST_MAILS:
        return 0.5
    known = ((word, counts[word]) for word in words if word in counts)
    rated = [(_probability(*seen, mails), word) for word, seen in known]
    plain = sorted(rated, key=lambda item: (-abs(item[0] - 0.5), item[1]))[:_MOST_WORDS]
    probabilities = [rate for rate, _ in plain if abs(rate - 0.5) >= _LEAST_DISTANCE]
    if not probabilities:
        return 0.5
    spam = 1 - _chi2q(-2 * sum(math.log(1 - rate) for rate in probabilities), len(probabilities))
    good = 1 - _chi2q(-2 * sum(math.log(rate) for rate in probabilities), len(probabilities))
    return (spam - good + 1) / 2


def _probability(spam: int, good: int, mails: tuple[int, int]) -> float:
    """That a mail with this word is spam: Graham's ratio, drawn towards 0.5 for rare words. Within (0, 1)."""
    in_spam, in_good = min(spam / mails[0], 1.0), min(good / mails[1], 1.0)
    if not in_spam + in_good:
        return _UNKNOWN
    seen = spam + good
    return (_STRENGTH * _UNKNOWN + seen * in_spam / (in_spam + in_good)) / (_STRENGTH + seen)


def _chi2q(chi: float, pairs: int) -> float:
    """The chance of a chi-square of at least `chi` with `2 * pairs` degrees of freedom."""
    half = chi / 2
    term = total = math.exp(-half)
    for number in range(1, pairs):
        term *= half / number
        total += term
    return min(total, 1.0)
