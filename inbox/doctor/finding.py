"""What a check says: one sentence about one thing, and how grave it is here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from inbox import config
from inbox.config import ConfigError, is_loopback


@dataclass(frozen=True)
class Finding:
    """One sentence about one thing, and how to mend it if it needs mending."""

    level: Literal["ok", "warn", "problem"]
    said: str
    mend: str = ""


def ok(said: str) -> Finding:
    return Finding("ok", said)


def warn(said: str, mend: str) -> Finding:
    return Finding("warn", said, mend)


def problem(said: str, mend: str) -> Finding:
    return Finding("problem", said, mend)


_asked_for_production = False


def ask_for_production(asked: bool) -> None:
    """Whether whoever calls says that this is production, whatever the settings say."""
    global _asked_for_production
    _asked_for_production = asked


def is_production() -> bool:
    """Asked for, or plain from the public address: then what is careless is a problem."""
    host = urlsplit(config.settings().web.public_url).hostname or ""
    return _asked_for_production or bool(host and not is_loopback(host))


def careless(said: str, mend: str) -> Finding:
    """Good enough to try Prosa on one's own machine, and not for anything else."""
    return problem(said, mend) if is_production() else warn(said, mend)


def look(check: Callable[[], Finding], remedy: str) -> Finding:
    try:
        return check()
    except ConfigError as error:
        return problem(str(error), remedy)
    except Exception as error:
        why = str(error).strip().split("\n")[0] or type(error).__name__
        return problem(f"could not be checked: {why}", remedy)
