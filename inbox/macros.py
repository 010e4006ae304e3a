"""Canned replies and what they do to a ticket: whose they are, what may be in them, and their use."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, or_, select, update
from sqlalchemy.orm import joinedload, selectinload

from inbox import audit, files, pictures
from inbox.db import now, session
from inbox.mail.clean import clean_written, to_text
from inbox.models import Agent, Macro, MacroFile, MacroText
from inbox.models.macro import LANGUAGES
from inbox.models.team import membership
from inbox.models.ticket import PRIORITIES

STATUSES = ("open", "pending", "on_hold", "resolved", "spam")
ONCE = ("status", "priority", "assign", "team")
"""A ticket has one of each, so the last one counts."""
VERBS = (*ONCE, "tag", "untag")

LONGEST_NAME = 80
LONGEST_TEXT = 100_000
LONGEST_TAG = 40
MOST_ACTIONS = 20
MOST_FILES = 10
MOST = 1000

_NOTHING_AFTER = re.compile(r"(?:<p>(?:<br>|&nbsp;|\s)*</p>\s*)+\Z")
"""Empty lines that an editor leaves below what was written."""


class Invalid(Exception):
    """``reason`` is one of ``actions``, ``empty``, ``name``, ``too_long``, ``too_many_files``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


# --------------------------------------------------------------------------------------- actions


class Action(NamedTuple):
    """One thing that is done to a ticket: ``tag`` to ``refund``; ``assign`` to ``me``, to 7 or nobody, 0."""

    do: str
    to: str | int


@dataclass(frozen=True, slots=True)
class Pending:
    """What is done once a reply is sent, and the macros it comes from."""

    used: tuple[int, ...]
    actions: tuple[Action, ...]

    def __str__(self) -> str:
        """As a draft keeps it."""
        return json.dumps({"used": self.used, "actions": as_json(self.actions)})


def read(data: object) -> list[Action]:
    """Actions out of JSON that anybody may have written. Raises Invalid."""
    if not isinstance(data, list) or len(data) > MOST_ACTIONS:
        raise Invalid("actions")
    return [_action(one) for one in data]


def _action(one: object) -> Action:
    if not isinstance(one, dict) or set(one) != {"do", "to"}:
        raise Invalid("actions")
    do, to = one["do"], one["to"]
    if not isinstance(do, str) or do not in VERBS or not _fits(do, to):
        raise Invalid("actions")
    return Action(do, to)


def _fits(do: str, to: object) -> bool:
    if do == "status":
        return isinstance(to, str) and to in STATUSES
    if do == "priority":
        return isinstance(to, str) and to in PRIORITIES
    if do in ("tag", "untag"):
        return isinstance(to, str) and 0 < len(to) <= LONGEST_TAG and to.isprintable() and to == tag(to)
    return (do == "assign" and to == "me") or (type(to) is int and 0 <= to < 2**31)


def tag(name: str) -> str:
    """As tags are written."""
    return " ".join(name.split()).lower()


def as_json(actions: Iterable[Action]) -> list[dict[str, Any]]:
    return [{"do": do, "to": to} for do, to in actions]


def pending(text: str) -> Pending | None:
    """What a composer or a draft says is to be done; None for nothing. Raises Invalid."""
    if not text.strip():
        return None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as wrong:
        raise Invalid("actions") from wrong
    if not isinstance(data, dict) or set(data) != {"used", "actions"}:
        raise Invalid("actions")
    used = data["used"]
    if not isinstance(used, list) or len(used) > MOST_ACTIONS or not all(_is_id(one) for one in used):
        raise Invalid("actions")
    found = Pending(tuple(dict.fromkeys(used)), tuple(read(data["actions"])))
    return found if found.used or found.actions else None


def _is_id(one: object) -> bool:
    return type(one) is int and 0 < one < 2**31


# --------------------------------------------------------------------------------------- finding


def visible_to(agent: Agent) -> ColumnElement[bool]:
    """One's own, and those that are shared with everybody or with a team of theirs. Who sees everything
    sees all that are shared."""
    if agent.sees_everything:
        return or_(Macro.owner_id.is_(None), Macro.owner_id == agent.id)
    teams = select(membership.c.team_id).where(membership.c.agent_id == agent.id)
    shared = and_(Macro.owner_id.is_(None), or_(Macro.team_id.is_(None), Macro.team_id.in_(teams)))
    return or_(Macro.owner_id == agent.id, shared)


def may_change(macro: Macro, agent: Agent) -> bool:
    """A personal one its owner, a shared one an admin."""
    return macro.owner_id == agent.id if macro.owner_id else agent.is_admin


def every(agent: Agent) -> Sequence[Macro]:
    """What this agent can use, the most used first."""
    query = select(Macro).where(visible_to(agent)).options(selectinload(Macro.texts), joinedload(Macro.team))
    return session.scalars(query.order_by(Macro.use_count.desc(), Macro.name, Macro.id).limit(MOST)).all()


def one(agent: Agent, macro_id: int) -> Macro | None:
    """If this agent may see it. A missing and a forbidden one look the same."""
    query = select(Macro).where(Macro.id == macro_id, visible_to(agent))
    return session.scalar(query.options(selectinload(Macro.texts), selectinload(Macro.files)))


def text_of(macro: Macro, *languages: str | None) -> MacroText | None:
    """Its text in the first of these languages that it has (``pt`` for ``pt-BR``), else in any."""
    by_language = {text.language: text for text in macro.texts}
    wanted = ((language or "")[:2].lower() for language in languages)
    return next((by_language[code] for code in (*wanted, *LANGUAGES) if code in by_language), None)


# -------------------------------------------------------------------------------------- changing


def add(by: Agent, **facts: Any) -> Macro:
    """Raises Invalid."""
    macro = Macro(actions=[], use_count=0)
    _set(macro, **facts)
    session.add(macro)
    session.flush()
    if macro.owner_id is None:
        audit.record("macro_added", by, macro=macro.id)
    return macro


def change(macro: Macro, by: Agent | None = None, **facts: Any) -> None:
    """Raises Invalid."""
    before = _facts(macro)
    _set(macro, **facts)
    after = _facts(macro)
    changed = audit.changes(before, after)
    if changed and not before["owner"] == after["owner"] != 0:  # one's own is nobody else's business
        fields = [name for name in ("texts", "actions") if changed.pop(name, None)]
        audit.record("macro_changed", by, macro=macro.id, **changed, fields=fields)


def _facts(macro: Macro) -> dict[str, Any]:
    """What the audit trail compares; of texts and actions it says only that they changed."""
    texts = {text.language: text.html for text in macro.texts}
    return {
        "name": macro.name,
        "owner": macro.owner_id or 0,
        "team": macro.team_id,
        "texts": texts,
        "actions": macro.actions,
    }


def _set(
    macro: Macro,
    *,
    name: str,
    owner_id: int | None,
    team_id: int | None,
    texts: Mapping[str, str],
    actions: Sequence[Action],
) -> None:
    """``texts`` is the HTML by language; a language without words is left out. Raises Invalid."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise Invalid("name")
    if any(len(html) > LONGEST_TEXT for html in texts.values()):
        raise Invalid("too_long")
    written = {code: clean for code in LANGUAGES if (clean := _clean(texts.get(code, "")))}
    if not written and not actions:
        raise Invalid("empty")
    macro.name, macro.owner_id, macro.team_id = name, owner_id, None if owner_id else team_id
    macro.actions = as_json(read(as_json(actions)))
    there = {text.language: text for text in macro.texts}
    for code, html in written.items():
        if code in there:
            there[code].html = html
        else:
            macro.texts.append(MacroText(language=code, html=html))
    for code in there.keys() - written.keys():
        macro.texts.remove(there[code])
    session.flush()


def _clean(html: str) -> str:
    """Words without pictures: those belong to one message. '' for none."""
    kept, _shown = pictures.keep(clean_written(html).strip(), ())
    return _NOTHING_AFTER.sub("", kept) if to_text(kept).strip() else ""


def remove(macro: Macro, by: Agent | None = None) -> None:
    """What was written with it stays as it is."""
    if macro.owner_id is None:
        audit.record("macro_removed", by, macro=macro.id, name=[macro.name, ""])
    session.delete(macro)
    session.flush()


def attach(macro: Macro, filename: str, content_type: str, content: bytes) -> MacroFile:
    """Raises Invalid."""
    if len(macro.files) >= MOST_FILES:
        raise Invalid("too_many_files")
    file = MacroFile(
        filename=filename[:255], content_type=content_type[:255], size=len(content), sha256=files.put(content)
    )
    macro.files.append(file)
    session.flush()
    return file


def used(agent: Agent, ids: Iterable[int], times: int = 1) -> None:
    """Count that these were used; with -1 that a reply which used them was taken back."""
    wanted = [number for number in ids if _is_id(number)]
    if not wanted:
        return
    count = Macro.use_count + times
    values: dict[str, Any] = {"use_count": case((count < 0, 0), else_=count)}
    if times > 0:
        values["last_used_at"] = now()
    seen = select(Macro.id).where(Macro.id.in_(wanted), visible_to(agent))
    session.execute(
        update(Macro).where(Macro.id.in_(seen)).values(**values).execution_options(synchronize_session=False)
    )
