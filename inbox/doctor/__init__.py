"""`python -m inbox doctor`: what is wrong with this installation, and how to mend it.

A check is a function that returns a Finding, or raises; `CHECKS` lists them all, in the order they are shown.
"""

from collections.abc import Callable, Collection
from contextlib import suppress

from inbox import config
from inbox.config import ConfigError
from inbox.doctor import database, machine, network, queues, work
from inbox.doctor.finding import Finding, ask_for_production, look

CHECKS: tuple[tuple[str, Callable[[], Finding], str, str], ...] = (
    # name, check, the check that must be ok before, and what to do if this one cannot even look
    ("Python", machine.python, "", ""),
    ("settings", machine.configuration, "", "Mend config.toml or the environment."),
    ("data", machine.data_directory, "settings", "Give this user the folder, or name another with data.dir."),
    ("disk", machine.free_space, "settings", ""),
    ("secret", machine.secret, "settings", "It must be the one the data was made with."),
    ("debugging", machine.debugging, "settings", ""),
    ("demo", machine.demo, "settings", ""),
    ("front end", machine.front_end, "", ""),
    ("database", database.answers, "settings", "Is it running, and is database.url right?"),
    ("migrations", database.migrations, "database", ""),
    ("open", database.reach, "database", ""),
    ("clock", database.clock, "database", ""),
    ("copy", work.standing_still, "migrations", ""),
    ("received", work.payloads, "migrations", ""),
    ("sent", work.messages, "migrations", ""),
    ("mailboxes", work.mailboxes, "migrations", ""),
    ("counts", work.counts, "migrations", ""),
    ("audit", work.trail, "migrations", ""),
    ("Redis", queues.answers, "settings", "Start Prosa with `make run`, or check redis.url."),
    ("keeping", queues.keeps, "Redis", ""),
    ("reach", queues.reach, "Redis", ""),
    ("workers", queues.workers, "Redis", ""),
    (
        "mail",
        network.mail_listener,
        "settings",
        "Start Prosa with `make run`; mail.listen_port = 0 turns this off.",
    ),
    ("address", network.public_address, "migrations", ""),
    ("ports", network.open_ports, "settings", ""),
    ("proxy", network.proxy, "settings", ""),
)

BEFORE_START: tuple[str, ...] = (
    "settings",
    "data",
    "disk",
    "secret",
    "debugging",
    "demo",
    "front end",
    "database",
    "open",
    "proxy",
)
"""What can be looked at while nothing runs; of a Redis of somebody else's also what it lets in."""


def refusals() -> list[Finding]:
    """What production may not start with."""
    ask_for_production(True)
    names = BEFORE_START
    with suppress(ConfigError):
        names += ("Redis", "reach") if config.settings().redis.url else ()
    return [finding for finding in examine(names).values() if finding.level == "problem"]


def examine(names: Collection[str] = ()) -> dict[str, Finding]:
    """Everything, or these, one after the other; nothing that only repeats what an earlier check has said."""
    found: dict[str, Finding] = {}
    for name, check, needs, remedy in CHECKS:
        if names and name not in names:
            continue
        if not needs or (needs in found and found[needs].level == "ok"):
            found[name] = look(check, remedy)
    return found


def main(production: bool = False) -> int:
    """Show everything; 1 if there is a problem."""
    ask_for_production(production)
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    signs = {"ok": ("✓", "green"), "warn": ("!", "yellow"), "problem": ("✗", "red")}
    found = examine()
    for name, finding in found.items():
        sign, colour = signs[finding.level]
        console.print(Text.assemble((sign, colour), f" {name:<11} {finding.said}"))
        if finding.mend:
            console.print(Text(f"  {'':<11} → {finding.mend}", style="bold"))
    problems = sum(finding.level == "problem" for finding in found.values())
    left = len(CHECKS) - len(found)
    rest = f"; {left} more checks once that is mended" if left else ""
    console.print(f"\n{problems} problem{'' if problems == 1 else 's'}{rest}.")
    return 1 if problems else 0
