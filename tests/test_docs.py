"""The docs say what the code does."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from inbox.config import Settings
from tests.test_layers import DIAGRAM

ROOT = Path(__file__).resolve().parent.parent
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def sections() -> dict[str, dict[str, str]]:
    """What docs/configuration.md says: section, key, default."""
    found: dict[str, dict[str, str]] = {}
    for part in re.split(r"^## ", CONFIGURATION, flags=re.MULTILINE)[1:]:
        if name := re.match(r"`\[(\w+)\]`", part):
            found[name[1]] = dict(re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", part, flags=re.MULTILINE))
    return found


def test_configuration_lists_every_setting_with_its_default():
    documented = {
        section: {key: tomllib.loads(f"value = {default}")["value"] for key, default in keys.items()}
        for section, keys in sections().items()
    }
    assert documented == {
        name: field.get_default().model_dump() for name, field in Settings.model_fields.items()
    }


def test_make_help_lists_every_target():
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: ((?:.*\\\n)*.*)$", makefile, flags=re.MULTILINE)[1]
    peers = {"chromium", "dovecot", "nginx", "caddy", "faketime", "strace"}
    targets = set(phony.replace("\\\n", " ").split()) - peers
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"^ +make ([a-z-]+) ", shown, flags=re.MULTILINE)) == targets


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_docs_name_only_make_targets_and_commands_that_exist(path):
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"(?:`|^)(?:\w+=\S+ )?make ([a-z-]+)", path.read_text(), flags=re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), f"make {target}"
    from inbox.cli import cli

    for command in re.findall(r"-m inbox ([a-z-]+)", path.read_text()):
        assert command in cli.commands, f"python -m inbox {command}"


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_links_between_docs_lead_somewhere(path):
    for link in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", path.read_text()):
        assert (path.parent / link).exists(), f"{path.name} links to {link}"


def test_architecture_shows_the_layers_that_the_tests_hold():
    shown = (ROOT / "docs" / "architecture.md").read_text()
    assert [line for line in DIAGRAM.split("\n") if line not in shown] == []


def test_the_command_line_says_what_every_command_does():
    shown = subprocess.run(
        [sys.executable, "-m", "inbox", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    commands = shown.partition("Commands:\n")[2].splitlines()
    assert all(len(line.split(maxsplit=1)) == 2 for line in commands)


def test_the_table_of_roles_says_what_the_code_does():
    from inbox.models import Agent, Team
    from inbox.models.agent import ROLES
    from inbox.models.team import RIGHTS

    lines = (ROOT / "docs" / "people.md").read_text().splitlines()
    table = [line.strip("|").split("|") for line in lines if line.startswith("|")]
    rows = [[cell.strip(" `") for cell in cells] for cells in table]
    assert tuple(rows[0][1:]) == tuple(reversed(ROLES))
    told = {row[0]: dict(zip(rows[0][1:], row[1:], strict=True)) for row in rows[2:]}

    def may(role):
        alone = Agent(role=role, teams=[])
        allowed = Agent(role=role, teams=[Team(name="", rights=list(RIGHTS))])
        right = {(alone.may(one), allowed.may(one)) for one in RIGHTS}
        yes = {True: "yes", False: "no"}
        return [
            "yes",
            "yes",
            yes[alone.may_write],
            yes[Agent(role=role, active=True, password_hash="x").can_answer],
            yes[alone.sees_everything],
            {(True, True): "yes", (False, True): "by team", (False, False): "no"}[right.pop()],
            yes[alone.is_supervisor],
            yes[alone.is_admin],
        ]

    assert {role: [row[role] for row in told.values()] for role in ROLES} == {r: may(r) for r in ROLES}
