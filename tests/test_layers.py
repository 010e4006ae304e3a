"""What may import what: each line may import the lines below it, never above or beside."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# docs/architecture.md shows the same lines (tests/test_docs.py). `*` marks an island: pure, knows no world.
DIAGRAM = """
inbox.__main__  desktop
inbox.cli
inbox.demo
inbox.backup
inbox.up  inbox.doctor
app  worker
portal  inbox.views  inbox.sockets  inbox.listener  inbox.collector
inbox.web
inbox.intake
inbox.reactions  inbox.privacy
inbox.setup  inbox.people  inbox.lists  inbox.profile  inbox.walk_in  inbox.tour
inbox.handover
inbox.second_factor  inbox.browsers  inbox.resets
inbox.tickets
inbox.customers
inbox.notices
inbox.memos
inbox.outbox  inbox.macros  inbox.metrics  inbox.tags  inbox.topics
inbox.kb  inbox.figures  inbox.search  inbox.attention  inbox.drafts  inbox.mailboxes  inbox.signin
inbox.oauth  inbox.connections  inbox.imports  inbox.spam  inbox.floods  inbox.quarantine
inbox.surveys  inbox.ratings
inbox.conversation  inbox.timeline  inbox.downloads  inbox.pictures  inbox.presence  inbox.rivals
inbox.live  inbox.queue  inbox.lines
inbox.access  inbox.audit
inbox.trees
inbox.rows
inbox.models  inbox.migrate  inbox.settled
inbox.channels*  inbox.routing*  inbox.sla*  inbox.feedback*  inbox.db
inbox.mail*  inbox.engines
inbox.passwords  inbox.vault  inbox.statements
inbox.text  inbox.fetch  inbox.files  inbox.turns
inbox.logs  inbox.supervisor
inbox.valkey
inbox.lifeline
inbox.config
"""

LINES = [line.split() for line in DIAGRAM.strip().splitlines()]
HEIGHT = {name.rstrip("*"): -number for number, line in enumerate(LINES) for name in line}
ISLANDS = [name.rstrip("*") for line in LINES for name in line if name.endswith("*")]
WORLD = {"flask", "flask_socketio", "gevent", "redis", "rq", "socketio", "sqlalchemy", "structlog"}


FILES = [
    *sorted((ROOT / "inbox").rglob("*.py")),
    *sorted((ROOT / "portal").rglob("*.py")),
    *sorted(ROOT.glob("*.py")),
]


def module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room(name: str) -> str:
    """`inbox.tickets.reply` stands in `inbox.tickets`; the empty string for what is in no room."""
    parts = name.split(".")
    prefixes = [".".join(parts[:size]) for size in range(len(parts), 0, -1)]
    return next((prefix for prefix in prefixes if prefix in HEIGHT), "")


def imports(path: Path) -> set[str]:
    """Every module it names, also inside functions: a late import is an import."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.name} imports relatively: write the whole name"
            assert node.module
            # `from inbox import db` names a module, `from inbox.db import session` something in one
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def ours(path: Path) -> set[str]:
    """The other rooms it reaches into."""
    inside = {name for name in imports(path) if name.split(".")[0] in ("inbox", "portal", "app", "worker")}
    return {room(name) or name for name in inside} - {room(module(path))}


@pytest.mark.parametrize("path", FILES, ids=module)
def test_a_module_imports_only_what_stands_below_it(path):
    here = room(module(path))
    if module(path) == "inbox":
        assert not ours(path)
        return
    assert here, f"{module(path)} is in no line of the diagram"
    wrong = [name for name in sorted(ours(path)) if HEIGHT.get(name, 0) >= HEIGHT[here]]
    assert not wrong, f"{module(path)} may not import {', '.join(wrong)}"


@pytest.mark.parametrize("path", [path for path in FILES if room(module(path)) in ISLANDS], ids=module)
def test_an_island_touches_no_database_no_web_and_no_queue(path):
    assert not {name.split(".")[0] for name in imports(path)} & WORLD
    assert "inbox.config" not in ours(path), "an island is handed its settings"


def loaded_by(name: str) -> set[str]:
    """What is in memory once this is imported in a fresh process."""
    script = f"import sys, {name}; print(*sys.modules)"
    return set(
        subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.split()
    )


def test_the_supervisor_stays_small():
    heavy = {"flask", "sqlalchemy", "pydantic", "gevent", "redis", "structlog", "click", "ssl", "asyncio"}
    assert not loaded_by("inbox.up") & heavy


def test_the_process_that_reads_hostile_mail_knows_nothing_else_of_us():
    known = {name for name in loaded_by("inbox.mail.child") if name.startswith("inbox.")}
    assert {name for name in known if not name.startswith("inbox.mail")} == set()


def test_a_start_leaves_out_what_only_readers_of_mail_and_new_mailboxes_need():
    assert not loaded_by("app, worker") & {"dns", "inbox.mail.parse", "inbox.channels.email.servers"}
